import json

from alecia_pipeline.release.draft import Draft, Entry, Origin, Project, ReleaseFacts, assemble, kept_entry
from alecia_pipeline.release.model import AppRelease, MigrationState, ReleaseRecord
from alecia_pipeline.rollout.project import read_services

PROJECT = Project("demo", {"db": {"image": "db@sha256:1"}}, {"volumes": {"data": None}}, b"{}")
FACTS = ReleaseFacts(MigrationState(applied=("1.sql",), new=(), revertible=True), {"compose": "2"}, {"audit": "passed"})


def entry(service: str, *, exclusive: bool = False) -> Entry:
    image = f"r/{service}@sha256:1"
    app = AppRelease(
        commit="c" * 40,
        key="k",
        digest="sha256:1",
        image=image,
        service=service,
        rollout="exclusive" if exclusive else "overlap",
    )
    return Entry(app, {"image": image})


def draft(parent: ReleaseRecord | None, **services: Entry) -> Draft:
    return assemble(Origin("r2", "staging", "c" * 40, parent), services, PROJECT, FACTS, {"A": "f"})


def test_the_files_of_a_release() -> None:
    made = draft(None, web=entry("web-1"), jobs=entry("jobs-1", exclusive=True))
    files = made.files(None)
    assert (files["web"], files["jobs"], files["exclusive.txt"]) == (b"web-1", b"jobs-1", b"- jobs-1\n")
    assert set(read_services(files["compose.yaml"], "compose.yaml")) == {"web-1", "jobs-1", "db"}
    assert ReleaseRecord.model_validate(json.loads(files["record.json"])) == made.record
    assert (made.record.parent, made.record.moved, made.record.environment_keys) == (None, ("jobs", "web"), {"A": "f"})


def test_a_partial_release_copies_the_other_entries() -> None:
    first = draft(None, web=entry("web-1"), jobs=entry("jobs-1", exclusive=True))
    kept = kept_entry("web", first.record, read_services(first.compose, "compose.yaml"))
    second = draft(first.record, web=kept, jobs=entry("jobs-2", exclusive=True))
    assert (second.record.parent, second.record.moved) == ("r2", ("jobs",))
    assert second.hand_overs(first.record) == [("jobs-1", "jobs-2")]
    assert second.files(first.record)["exclusive.txt"] == b"jobs-1 jobs-2\n"


def test_the_same_parts_give_the_same_bytes() -> None:
    one, two = draft(None, web=entry("web-1"), a=entry("a-1")), draft(None, a=entry("a-1"), web=entry("web-1"))
    assert one.files(None) == two.files(None)
