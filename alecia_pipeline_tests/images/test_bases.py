import pytest

from alecia_pipeline.images.bases import Base, bases_of

PIN = "sha256:" + "a" * 64
LOCKED = "sha256:" + "b" * 64
STAND_IN = "docker-image://registry.test/node:20"


@pytest.mark.parametrize(
    ("name", "locked", "stand_in", "field", "source"),
    [
        ("node:20", None, None, "", None),
        ("node:20", LOCKED, None, LOCKED, f"docker-image://node:20@{LOCKED}"),
        (f"node:20@{PIN}", LOCKED, None, PIN, None),
        ("node:20", None, STAND_IN, STAND_IN, STAND_IN),
        ("node:20", LOCKED, STAND_IN, LOCKED, f"{STAND_IN}@{LOCKED}"),
        ("node:20", LOCKED, f"{STAND_IN}@{PIN}", PIN, f"{STAND_IN}@{PIN}"),
        (f"node:20@{PIN}", LOCKED, STAND_IN, STAND_IN, STAND_IN),
    ],
)
def test_a_pin_wins_over_the_lock_and_a_stand_in_says_where(
    name: str, locked: str | None, stand_in: str | None, field: str, source: str | None
) -> None:
    (base,) = bases_of([name], {name: locked} if locked else {}, {name: stand_in} if stand_in else {})
    assert (base.field, base.source) == (field, source)


@pytest.mark.parametrize(
    ("base", "reference"),
    [
        (Base("a/b:1", None, None), "a/b:1"),
        (Base("a/b:1", None, PIN), f"a/b:1@{PIN}"),
        (Base(f"a/b:1@{PIN}", None, PIN), f"a/b:1@{PIN}"),
        (Base("a/b:1", STAND_IN, LOCKED), f"registry.test/node:20@{LOCKED}"),
    ],
)
def test_an_image_is_named_by_its_digest_where_it_has_one(base: Base, reference: str) -> None:
    assert base.reference == reference


def test_each_image_is_there_once_in_order() -> None:
    assert bases_of(["b", "a", "b"], {}, {}) == (Base("a", None, None), Base("b", None, None))
