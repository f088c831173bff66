from alecia_pipeline.images.ports import Blob
from alecia_pipeline.release.model import AppPlan, AppRelease, MigrationState, Plan, ReleaseRecord
from alecia_pipeline.release.outlook import Running, beside, images_to_compare

BASE, ONE, TWO = (Blob("sha256:" + digit * 64, size) for digit, size in (("0", 100), ("1", 10), ("2", 7)))


def app(name: str, image: str | None) -> AppPlan:
    return AppPlan(
        name=name,
        package=name,
        dir=name,
        dockerfile="Dockerfile",
        target=None,
        key="k",
        previous_key=None,
        action="reuse" if image else "build",
        causes=(),
        image=image,
    )


def plan(**images: str | None) -> Plan:
    return Plan(
        commit="c",
        since=None,
        environment="e",
        apps=tuple(app(name, image) for name, image in images.items()),
        packages_affected=(),
        migrations=(),
        services=("anything",),
        seconds=0,
    )


def live(**images: str) -> ReleaseRecord:
    apps = {
        name: AppRelease(commit="c", key="k", digest="d", image=image, service=name, rollout="overlap")
        for name, image in images.items()
    }
    return ReleaseRecord(
        id="r1",
        environment="e",
        commit="c",
        parent=None,
        moved=(),
        apps=apps,
        compose_sha256="",
        caddy_sha256="",
        migrations=MigrationState(applied=(), new=(), revertible=True),
        environment_keys={},
        tools={},
        gates={},
    )


def test_nothing_is_asked_where_every_known_image_runs() -> None:
    assert images_to_compare(plan(a="a1", b=None), live(a="a1", b="b1")) == ()
    assert images_to_compare(plan(a="a2", b="b1"), live(a="a1", b="b1")) == ("a1", "a2", "b1")
    assert images_to_compare(plan(a="a1"), None) == ("a1",)


def test_a_layer_is_pulled_once_and_not_if_any_app_runs_it() -> None:
    layers = {"a1": (BASE,), "b1": (ONE,), "a2": (BASE, TWO), "b2": (ONE, TWO, TWO), "c2": (ONE, BASE)}
    found = beside(plan(a="a2", b="b2", c="c2", d="a1"), Running(live(a="a1", b="b1"), layers))
    assert [one.pull_bytes for one in found.apps] == [7, 7, 0, 0]
    assert (found.pull_bytes, found.release) == (7, "r1")
    assert [one.deployed for one in found.apps] == ["a1", "b1", None, None]


def test_what_nobody_knows_is_null_and_the_sum_is_of_what_is_known() -> None:
    found = beside(plan(a="a2", b="b2", c=None), Running(live(a="a1"), {"a2": (BASE, TWO)}))
    assert [one.pull_bytes for one in found.apps] == [107, None, None]
    assert found.pull_bytes == 107
    assert beside(plan(c=None), Running(None)).pull_bytes is None


def test_services_are_those_that_move_or_may() -> None:
    running = Running(live(a="a1"), restarts={"a": False, "b": True, "c": None}, services=("db",))
    found = beside(plan(a="a1", b="b1", c=None), running)
    assert [one.restarts for one in found.apps] == [False, True, None]
    assert found.services == ("b", "c", "db")
