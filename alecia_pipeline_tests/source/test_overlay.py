import pytest

from alecia_pipeline.source.overlay import Overlay
from alecia_pipeline.source.tree import EXECUTABLE, REGULAR
from alecia_pipeline_tests.trees import DictTree


def test_new_files_lie_over_the_old_ones() -> None:
    tree = DictTree({"b": "old", "c": "kept"}, executable=frozenset({"b"}))
    over = Overlay(tree, {"b": b"new", "a": b"added"})
    assert over.commit is None
    assert {path: over.read(path) for path in over.entries} == {"a": b"added", "b": b"new", "c": b"kept"}
    assert {path: over.size(path) for path in over.entries} == {"a": 5, "b": 3, "c": 4}
    assert list(over.entries) == ["a", "b", "c"]
    assert [entry.mode for entry in over.entries.values()] == [REGULAR, EXECUTABLE, REGULAR]


def test_ids_are_those_of_git() -> None:
    same = DictTree({"a": "text"}).entries["a"]
    assert Overlay(DictTree({}), {"a": b"text"}).entries["a"] == same


def test_a_path_that_is_not_there() -> None:
    with pytest.raises(KeyError):
        Overlay(DictTree({}), {"a": b""}).read("b")
