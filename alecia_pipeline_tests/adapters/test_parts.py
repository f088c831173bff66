from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from alecia_pipeline.adapters.cache import Cache
from alecia_pipeline.adapters.parts import RememberedParts
from alecia_pipeline.errors import UsageError
from alecia_pipeline.images.parts import Memory, file_key
from alecia_pipeline.images.references import Reference
from alecia_pipeline.source.ignore import DockerIgnore
from alecia_pipeline.source.lockfile import parse_lockfile
from alecia_pipeline.source.tree import EXECUTABLE, REGULAR, Entry
from alecia_pipeline.source.yaml_document import load_yaml
from alecia_pipeline_tests.monorepo import LOCKFILE
from alecia_pipeline_tests.trees import DictTree

NOTHING = DockerIgnore(None, ())


class Unread(DictTree):
    def read(self, path: str) -> bytes:
        raise AssertionError(f"{path} is read")


def test_another_run_reads_no_file(tmp_path: Path) -> None:
    files = {"a/x.ts": 'import "../b";', "a/y.ts": 'import "../c/**/*.ts";'}
    tree = DictTree(files)
    entries = tuple(tree.entries.values())
    first = Memory(RememberedParts(Cache(tmp_path / "c"))).parts(tree, NOTHING, {"a": entries})["a"]
    assert set(first.leaving) == {Reference("b", open=False), Reference("c", open=True)}
    again = Memory(RememberedParts(Cache(tmp_path / "c"))).parts(Unread(files), NOTHING, {"a": entries})["a"]
    assert again == first


def test_other_files_and_another_package_are_looked_at(tmp_path: Path) -> None:
    kept = RememberedParts(Cache(tmp_path / "c"))
    kept.keep({"a": "1", "c": "3"}, {"a": [], "c": [Reference("d", open=True)]}, {})
    assert kept.leaving({"a": "1", "c": "3"}) == {"a": (), "c": (Reference("d", open=True),)}
    assert kept.leaving({"a": "2", "b": "1"}) == {}


def test_of_a_changed_package_the_changed_file_alone_is_read(tmp_path: Path) -> None:
    files = {"a/x.ts": 'import "../b";', "a/y.ts": 'import "../c";', "a/z.ts": 'import "../b";'}
    tree = DictTree(files)
    Memory(RememberedParts(Cache(tmp_path / "c"))).parts(tree, NOTHING, {"a": tuple(tree.entries.values())})["a"]
    changed = {**files, "a/y.ts": 'import "../d";', "a/new.ts": 'import "../e";'}
    read: list[str] = []

    class Watched(DictTree):
        def read(self, path: str) -> bytes:
            read.append(path)
            return super().read(path)

    watched = Watched(changed)
    part = Memory(RememberedParts(Cache(tmp_path / "c"))).parts(
        watched, NOTHING, {"a": tuple(watched.entries.values())}
    )["a"]
    assert {reference.path for reference in part.leaving} == {"b", "d", "e"}
    assert set(read) == {"a/y.ts", "a/new.ts"}
    plain = DictTree(changed)
    assert Memory().parts(plain, NOTHING, {"a": tuple(plain.entries.values())})["a"] == part


def test_a_file_that_becomes_executable_is_another(tmp_path: Path) -> None:
    plain = Entry("a/x.ts", REGULAR, "1" * 40)
    assert file_key(plain) != file_key(plain._replace(mode=EXECUTABLE))
    assert file_key(plain) != file_key(plain._replace(path="a/y.ts"))
    assert len(file_key(plain)) == 32


def test_a_lockfile_is_learned_from_the_notes_of_another_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = DictTree({"pnpm-lock.yaml": LOCKFILE})
    first = Memory(RememberedParts(Cache(tmp_path / "c"))).lockfile(tree)
    parsed: list[int] = []

    def watched(data: bytes, path: str) -> object:
        parsed.append(len(data))
        return load_yaml(data, path)

    monkeypatch.setattr("alecia_pipeline.source.lock_blocks.load_yaml", watched)
    again = Memory(RememberedParts(Cache(tmp_path / "c"))).lockfile(tree)
    assert again == first
    assert sum(parsed) < len(LOCKFILE) / 2
    changed = DictTree({"pnpm-lock.yaml": LOCKFILE.replace("sha512-pg", "sha512-other")})
    third = Memory(RememberedParts(Cache(tmp_path / "c"))).lockfile(changed)
    assert third != first
    assert third == parse_lockfile(changed.read("pnpm-lock.yaml"), "pnpm-lock.yaml")


def test_of_all_files_another_run_reads_none_and_none_counts_as_fit_to_be_sent(tmp_path: Path) -> None:
    files = {"a/x.ts": 'import "../b";', "a/.npmrc": "//r.example/:_authToken=npm_abc"}
    tree = DictTree(files)
    packages = {"a": tuple(tree.entries.values())}
    first = Memory(RememberedParts(Cache(tmp_path / "c"))).all_leaving(tree, packages)
    assert first == {"a": (Reference("b", open=False),)}
    memory = Memory(RememberedParts(Cache(tmp_path / "c")))
    assert memory.all_leaving(Unread(files), packages) == first
    assert memory.all_leaving(Unread(files), packages) == first
    with pytest.raises(UsageError, match="token"):
        memory.parts(tree, NOTHING, packages)


def test_a_package_that_changes_again_is_asked_for_once(tmp_path: Path) -> None:
    asked: list[object] = []

    class Watched(Cache):
        def get(self, keys: Sequence[bytes]) -> Mapping[bytes, bytes]:
            asked.append(keys)
            return super().get(keys)

    memory = Memory(RememberedParts(Watched(tmp_path / "c")))
    for name in "bcd":
        tree = DictTree({"a/x.ts": f'import "../{name}";'})
        part = memory.parts(tree, NOTHING, {"a": tuple(tree.entries.values())})["a"]
        assert part.leaving == (Reference(name, open=False),)
    assert len(asked) == 2


def test_what_is_refused_is_refused_again(tmp_path: Path) -> None:
    tree = DictTree({"a/.npmrc": "//r.example/:_authToken=npm_abc"})
    for _ in range(2):
        with pytest.raises(UsageError, match="token"):
            Memory(RememberedParts(Cache(tmp_path / "c"))).parts(tree, NOTHING, {"a": tuple(tree.entries.values())})[
                "a"
            ]
