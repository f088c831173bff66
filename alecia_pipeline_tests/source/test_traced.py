from alecia_pipeline.source.traced import Traced
from alecia_pipeline_tests.trees import DictTree


def test_what_is_read_is_seen_and_so_is_what_is_measured() -> None:
    tree = Traced(DictTree({"a": "1", "b": "22", "c": "3"}))
    assert (tree.read("a"), tree.size("b")) == (b"1", 2)
    assert tree.seen == {path: tree.entries[path].oid for path in ("a", "b")}
