from collections.abc import Mapping
from pathlib import Path

import pytest

from alecia_pipeline.adapters import extracts
from alecia_pipeline.adapters.cache import Cache
from alecia_pipeline.adapters.extracts import RememberedExtractor
from alecia_pipeline.adapters.program import code_version
from alecia_pipeline.audit.sources.extract import extract_all
from alecia_pipeline.source.tree import REGULAR, Entry
from alecia_pipeline_tests.trees import DictTree

FILES = {
    "a.ts": 'import type { A } from "a";\nconst b = require("b");\n',
    "copy.ts": 'import type { A } from "a";\nconst b = require("b");\n',
    "copy.d.ts": 'declare module "x";\n',
    "s.css": '@import "tailwindcss";\n',
}
KINDS = {"a.ts": ".ts", "copy.ts": ".ts", "copy.d.ts": ".ts", "s.css": ".css"}


class Counted(DictTree):
    """A tree that remembers what was read of it."""

    def __init__(self, files: Mapping[str, str | bytes]) -> None:
        super().__init__(files)
        self.seen: list[str] = []

    def read(self, path: str) -> bytes:
        self.seen.append(path)
        return super().read(path)


@pytest.fixture
def extractor(tmp_path: Path) -> RememberedExtractor:
    return RememberedExtractor(Cache(tmp_path / "cache.sqlite"))


def test_it_says_the_same_as_without_a_cache(extractor: RememberedExtractor) -> None:
    plain = extract_all(DictTree(FILES), KINDS)
    assert plain["a.ts"].found
    assert plain["copy.d.ts"].ambient == ("x",)
    assert extractor(DictTree(FILES), KINDS) == plain
    assert extractor(DictTree(FILES), KINDS) == plain


def test_a_blob_is_read_once(extractor: RememberedExtractor) -> None:
    first, second = Counted(FILES), Counted({**FILES, "a.ts": 'import "c"'})
    extractor(first, KINDS)
    assert len(first.seen) == 3
    assert extractor(second, KINDS)["a.ts"].found[0].specifier == "c"
    assert second.seen == ["a.ts"]


def test_the_kind_counts(extractor: RememberedExtractor) -> None:
    tree = DictTree({"a": '@import "x";'})
    assert extractor(tree, {"a": ".css"}) != extractor(tree, {"a": ".ts"})


def test_other_code_reads_anew(extractor: RememberedExtractor, monkeypatch: pytest.MonkeyPatch) -> None:
    extractor(DictTree(FILES), KINDS)
    monkeypatch.setattr(extracts, "code_version", lambda *_: b"other")
    tree = Counted(FILES)
    extractor(tree, KINDS)
    assert len(tree.seen) == 3


def test_bytes_that_are_not_the_blobs_are_not_kept(extractor: RememberedExtractor) -> None:
    """A file of the working tree that is written between the look at it and the reading of it."""
    tree = DictTree({"a.ts": 'import "new"'})
    tree.entries = {"a.ts": Entry("a.ts", REGULAR, DictTree({"a.ts": 'import "old"'}).entries["a.ts"].oid)}
    assert extractor(tree, {"a.ts": ".ts"})["a.ts"].found[0].specifier == "new"
    assert extractor(DictTree({"a.ts": 'import "old"'}), {"a.ts": ".ts"})["a.ts"].found[0].specifier == "old"


def test_the_code_is_hashed_with_its_libraries() -> None:
    versions = {
        code_version(("errors",), ()),
        code_version(("errors",), ("pyyaml",)),
        code_version(("audit.sources",), ()),
        code_version(("audit",), ()),
    }
    assert len(versions) == 4
