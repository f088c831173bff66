import pytest

from alecia_pipeline.images import parts
from alecia_pipeline.images.parts import Memory
from alecia_pipeline.source.ignore import DockerIgnore
from alecia_pipeline.source.tree import Entry, Tree
from alecia_pipeline_tests.monorepo import LOCKFILE
from alecia_pipeline_tests.trees import DictTree

NOTHING = DockerIgnore(None, ())


def entries(tree: Tree) -> tuple[Entry, ...]:
    return tuple(tree.entries.values())


def test_a_part_is_made_once_for_the_same_files() -> None:
    memory, tree = Memory(), DictTree({"a/x.ts": 'import "../b";'})
    first = memory.parts(tree, NOTHING, {"a": entries(tree)})["a"]
    assert memory.parts(DictTree({"a/x.ts": 'import "../b";'}), NOTHING, {"a": entries(tree)})["a"] is first
    assert memory.parts(tree, DockerIgnore.parse(b"**/*.ts"), {"a": entries(tree)})["a"].files == ()


def test_the_hash_tells_content_mode_and_path() -> None:
    trees = [
        DictTree({"a/x": "1"}),
        DictTree({"a/x": "2"}),
        DictTree({"a/y": "1"}),
        DictTree({"a/x": "1"}, executable=frozenset({"a/x"})),
    ]
    assert len({Memory().parts(tree, NOTHING, {"a": entries(tree)})["a"].sha256 for tree in trees}) == 4


def test_a_lockfile_is_read_once_and_none_is_none() -> None:
    memory, tree = Memory(), DictTree({"pnpm-lock.yaml": LOCKFILE})
    assert memory.lockfile(tree) is memory.lockfile(tree)
    assert memory.lockfile(DictTree({})) is None


def test_a_full_memory_forgets_and_answers_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "PARTS_KEPT", 1)
    monkeypatch.setattr(parts, "LOCKFILES_KEPT", 1)
    memory = Memory()
    for number in "121":
        tree = DictTree({"a/x": number, "pnpm-lock.yaml": LOCKFILE.replace("sha512-pg", number)})
        assert memory.parts(tree, NOTHING, {"a": entries(tree)[:1]})["a"].files == entries(tree)[:1]
        lockfile = memory.lockfile(tree)
        assert lockfile is not None
        assert lockfile.packages["pg@8.0.0"]["resolution"]["integrity"] in {number, int(number)}
        assert memory.lock(lockfile).slice(("packages/db",)).facts()
