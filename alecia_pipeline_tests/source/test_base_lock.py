import pytest

from alecia_pipeline.errors import UsageError
from alecia_pipeline.source.base_lock import BaseLock, parse_base_lock, read_base_lock, render_base_lock
from alecia_pipeline_tests.trees import DictTree

DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize("builder", [None, "docker 26.1.5"])
def test_what_is_written_is_read(builder: str | None) -> None:
    lock = BaseLock({"node:20": DIGEST, "alpine": DIGEST}, builder)
    assert parse_base_lock(render_base_lock(lock)) == lock


def test_names_are_written_in_order_with_how_to_renew_them() -> None:
    text = render_base_lock(BaseLock({"node:20": DIGEST, "alpine": DIGEST})).decode()
    assert text.index("alpine") < text.index("node:20")
    assert "alecia lock --update" in text.splitlines()[0]


def test_without_the_file_nothing_is_locked() -> None:
    assert read_base_lock(DictTree({})) == BaseLock()
    assert read_base_lock(DictTree({"alecia.lock": render_base_lock(BaseLock({"a": DIGEST}))})).images == {"a": DIGEST}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("version: 2\nimages: {}\n", "its version is 2"),
        ("images: {}\n", "its version is None"),
        ("version: 1\nimage: {}\n", "unknown key 'image'"),
        ("version: 1\nimages: {node: latest}\n", "node has no digest"),
        ("version: 1\nimages: [node]\n", "it is ['node']"),
        ("[", "alecia.lock"),
    ],
)
def test_a_lock_that_is_half_understood_is_refused(text: str, why: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_base_lock(text.encode())
    assert why in f"{caught.value.why} {caught.value.where}"
    assert caught.value.fix
