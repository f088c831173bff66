from datetime import UTC, datetime, timedelta, timezone

import pytest

from alecia_pipeline.errors import OutsideError, RefusedError, UsageError
from alecia_pipeline.release.history import (
    later_id,
    moved_apps,
    parse_records,
    release_id,
    rollback_target,
    same_effect,
)
from alecia_pipeline.release.model import AppRelease, MigrationState, ReleaseRecord


def app(service: str) -> AppRelease:
    digest = "sha256:" + "1" * 64
    return AppRelease(
        commit="c" * 40, key="k", digest=digest, image=f"r/{service}@{digest}", service=service, rollout="overlap"
    )


def record(
    identity: str,
    *,
    parent: str | None = None,
    applied: tuple[str, ...] = (),
    new: tuple[str, ...] = (),
    revertible: bool = True,
) -> ReleaseRecord:
    return ReleaseRecord(
        id=identity,
        environment="staging",
        commit="c" * 40,
        parent=parent,
        moved=(),
        apps={"web": app("web-1")},
        compose_sha256="x",
        caddy_sha256="y",
        migrations=MigrationState(applied=applied, new=new, revertible=revertible),
        environment_keys={},
        tools={},
        gates={},
    )


def test_an_id_is_the_utc_time_and_the_commit() -> None:
    moment = datetime(2026, 3, 1, 1, 2, 3, tzinfo=timezone(timedelta(hours=2)))
    assert release_id(moment, "abcdef0123456789") == "20260228-230203-abcdef01"
    assert release_id(moment.astimezone(UTC), "abcdef0123456789") == "20260228-230203-abcdef01"


@pytest.mark.parametrize(
    ("wanted", "known", "expected"),
    [
        ("20260101-000000-a", [], "20260101-000000-a"),
        ("20260101-000001-a", ["20260101-000000-b"], "20260101-000001-a"),
        ("20260101-000000-a", ["20260101-000000-a"], "20260101-000000-a+001"),
        ("20260101-000000-a", ["20260101-000000-a", "20260101-000000-a+001"], "20260101-000000-a+002"),
        ("20250101-000000-a", ["20260101-000000-b"], "20260101-000000-b+001"),
    ],
)
def test_ids_sort_as_the_releases_happened(wanted: str, known: list[str], expected: str) -> None:
    assert later_id(wanted, known) == expected
    assert all(expected > one for one in known)


def test_records_are_read_one_after_the_other() -> None:
    text = record("r2").model_dump_json(by_alias=True) + "\n" + record("r1").model_dump_json(by_alias=True, indent=1)
    assert [one.id for one in parse_records(text, "vps")] == ["r1", "r2"]
    assert parse_records("\n", "vps") == ()


@pytest.mark.parametrize("text", ["{", "{}", record("r1").model_dump_json(by_alias=True) + " x"])
def test_a_damaged_record(text: str) -> None:
    with pytest.raises(OutsideError, match="damaged"):
        parse_records(text, "vps")


def test_which_apps_moved() -> None:
    parent = record("r1")
    apps = {"web": app("web-1"), "shop": app("shop-1")}
    assert moved_apps(None, apps) == ("shop", "web")
    assert moved_apps(parent, apps) == ("shop",)
    assert moved_apps(parent, {"web": app("web-2")}) == ("web",)


def test_when_a_release_would_change_nothing() -> None:
    parent = record("r1", applied=("1.sql",), new=("1.sql",))
    assert same_effect(parent, record("r2", parent="r1", applied=("1.sql",)))
    assert not same_effect(parent, record("r2", applied=("1.sql", "2.sql")))
    assert not same_effect(parent, record("r2", applied=("1.sql",)).model_copy(update={"compose_sha256": "z"}))
    assert not same_effect(None, parent)


def test_rollback_goes_to_the_release_before_or_to_the_one_named() -> None:
    records = [record("r1"), record("r2", parent="r1"), record("r3", parent="r2")]
    assert rollback_target(records, "r3", None).id == "r2"
    assert rollback_target(records, "r3", "r1").id == "r1"


@pytest.mark.parametrize(("live", "to"), [("r1", None), ("r2", "r9"), ("r2", "r2"), ("r3", None)])
def test_there_must_be_such_a_release(live: str, to: str | None) -> None:
    records = [record("r1"), record("r2", parent="r1"), record("r3", parent="pruned")]
    with pytest.raises(UsageError, match="no such release"):
        rollback_target(records, live, to)


def test_without_a_live_release_there_is_nothing_to_go_back_from() -> None:
    with pytest.raises(RefusedError, match="nothing to roll back"):
        rollback_target([], None, None)


def test_never_past_a_migration_that_does_more_than_add() -> None:
    records = [
        record("r1", applied=("1.sql",)),
        record("r2", parent="r1", applied=("1.sql", "2.sql"), new=("2.sql",), revertible=False),
        record("r3", parent="r2", applied=("1.sql", "2.sql", "3.sql"), new=("3.sql",)),
    ]
    assert rollback_target(records, "r3", "r2").id == "r2"
    with pytest.raises(RefusedError, match="cannot be restored") as caught:
        rollback_target(records, "r3", "r1")
    assert "2.sql" in str(caught.value)
