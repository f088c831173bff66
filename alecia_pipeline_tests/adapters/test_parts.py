from pathlib import Path

import pytest

from alecia_pipeline.adapters.cache import Cache
from alecia_pipeline.adapters.parts import RememberedParts
from alecia_pipeline.errors import UsageError
from alecia_pipeline.images.parts import Memory
from alecia_pipeline.images.references import Reference
from alecia_pipeline.source.ignore import DockerIgnore
from alecia_pipeline_tests.trees import DictTree

NOTHING = DockerIgnore(None, ())


class Unread(DictTree):
    def read(self, path: str) -> bytes:
        raise AssertionError(f"{path} is read")


def test_another_run_reads_no_file(tmp_path: Path) -> None:
    files = {"a/x.ts": 'import "../b";', "a/y.ts": 'import "../c/**/*.ts";'}
    tree = DictTree(files)
    entries = tuple(tree.entries.values())
    first = Memory(RememberedParts(Cache(tmp_path / "c"))).part(tree, NOTHING, "a", entries)
    assert set(first.leaving) == {Reference("b", open=False), Reference("c", open=True)}
    again = Memory(RememberedParts(Cache(tmp_path / "c"))).part(Unread(files), NOTHING, "a", entries)
    assert again == first


def test_other_files_and_another_package_are_looked_at(tmp_path: Path) -> None:
    kept = RememberedParts(Cache(tmp_path / "c"))
    kept.keep("a", "1", [])
    assert kept.leaving("a", "1") == ()
    assert kept.leaving("a", "2") is None
    assert kept.leaving("b", "1") is None


def test_what_is_refused_is_refused_again(tmp_path: Path) -> None:
    tree = DictTree({"a/.npmrc": "//r.example/:_authToken=npm_abc"})
    for _ in range(2):
        with pytest.raises(UsageError, match="token"):
            Memory(RememberedParts(Cache(tmp_path / "c"))).part(tree, NOTHING, "a", tuple(tree.entries.values()))
