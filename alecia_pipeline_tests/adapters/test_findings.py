"""Remembered findings: the same as fresh ones, and fresh ones whenever anything that they follow from could differ."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from alecia_pipeline.adapters.cache import Cache
from alecia_pipeline.adapters.findings import remembered
from alecia_pipeline.audit.finding import Finding
from alecia_pipeline.audit.rules import audit_snapshot, findings_of_files, findings_of_imports, in_order
from alecia_pipeline.audit.snapshot import take_snapshot
from alecia_pipeline.audit.sources.imports import Imports
from alecia_pipeline.source.traced import Traced
from alecia_pipeline.source.tree import Tree
from alecia_pipeline_tests.incidents.suite import SUITE
from alecia_pipeline_tests.trees import DictTree

FILES: Mapping[str, str | bytes] = {
    **SUITE,
    "compose.yaml": "services: {a: {image: redis}}\n",
    ".DS_Store": "x",
    "deploy.sh": "docker build apps/colab\n",
    "a.ts": "",
}


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache.sqlite")


def judged(cache: Cache, files: Mapping[str, str | bytes], commit: str | None = "c" * 40) -> bool:
    """Check that what is remembered is what is true, and return whether the rules ran."""
    tree = Traced(DictTree(files, commit=commit))
    snapshot, runs = take_snapshot(tree), list[int]()

    def find() -> tuple[Finding, ...]:
        runs.append(1)
        return tuple(findings_of_files(snapshot))

    assert remembered(cache, tree, find) == tuple(findings_of_files(take_snapshot(DictTree(files))))
    return bool(runs)


def test_they_hold_while_only_files_change_that_were_not_read(cache: Cache) -> None:
    assert judged(cache, FILES)
    assert not judged(cache, FILES)
    assert not judged(cache, {**FILES, "a.ts": 'import "pg";\n', "apps/colab/lib/s3.ts": "", ".DS_Store": "y"})


@pytest.mark.parametrize(
    "change",
    [
        {"compose.yaml": "services: {a: {image: redis:latest}}\n"},
        {"deploy.sh": "docker build .\n"},
        {"package.json": str(SUITE["package.json"]).replace("\n", "\n\n", 1)},
        {"pnpm-lock.yaml": str(SUITE["pnpm-lock.yaml"]).replace("3.850.0", "3.850.1")},
        {"apps/colab/Dockerfile": "FROM node\n"},
        {"new.ts": ""},
        {"Thumbs.db": ""},
    ],
)
def test_they_do_not_when_a_path_or_a_file_that_was_read_changes(
    cache: Cache, change: Mapping[str, str | bytes]
) -> None:
    judged(cache, FILES)
    assert judged(cache, {**FILES, **change})
    assert not judged(cache, {**FILES, **change})


def test_of_a_working_tree_nothing_is_kept(cache: Cache) -> None:
    assert judged(cache, FILES, commit=None)
    assert judged(cache, FILES)
    assert not judged(cache, FILES, commit=None)


def test_no_rule_of_files_asks_a_source_for_its_imports() -> None:
    def forbidden(tree: Tree, kinds: Mapping[str, str]) -> Mapping[str, Imports]:
        raise AssertionError("a source was read")

    snapshot = take_snapshot(DictTree(FILES), forbidden)
    of_files = list(findings_of_files(snapshot))
    assert {finding.rule for finding in of_files} >= {"junk-file", "compose-image-unpinned", "docker-context"}
    with pytest.raises(AssertionError, match="a source was read"):
        list(findings_of_imports(snapshot))
    whole = take_snapshot(DictTree(FILES))
    assert in_order([*of_files, *findings_of_imports(whole)]) == audit_snapshot(whole)
