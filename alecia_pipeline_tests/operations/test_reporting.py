"""Reports, remembered: the same answer as a fresh one, and a fresh one whenever anything could differ."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from alecia_pipeline.adapters import program
from alecia_pipeline.adapters.git import open_worktree
from alecia_pipeline.audit.finding import Report
from alecia_pipeline.config import Config
from alecia_pipeline.operations import auditing, reporting
from alecia_pipeline.operations.reporting import report
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.source.overlay import Overlay
from alecia_pipeline_tests.conftest import Repository, git
from alecia_pipeline_tests.incidents.suite import SUITE, without

COLAB = "apps/colab/package.json"


class Audits:
    """Counts how often a tree is really audited."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.done = 0
        self._audit_tree = auditing.audit_tree
        monkeypatch.setattr(auditing, "audit_tree", self._counted)

    def _counted(self, *arguments: object) -> object:
        self.done += 1
        return self._audit_tree(*arguments)  # type: ignore[arg-type] # passed on as they came


@pytest.fixture
def audits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Audits]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    yield Audits(monkeypatch)
    program.code_version.cache_clear()


def _report(folder: Path, rev: str | None = "HEAD", *apps: str) -> Report:
    return report(Runner(repo=folder, config=Config(), sink=lambda _: None), rev, apps)


def test_files_that_the_clone_lacks_are_named_and_passed_over(repository: Repository, audits: Audits) -> None:
    lost = [f"apps/website/lib/f{number}.ts" for number in range(7)]
    folder = repository({**SUITE, **{path: f'import "gone"; // {path}' for path in lost}})
    for path in lost:
        oid = git(folder, "rev-parse", f"HEAD:{path}")
        (folder / ".git/objects" / oid[:2] / oid[2:]).unlink()
    said: list[str] = []
    found = report(Runner(repo=folder, config=Config(), sink=said.append), "HEAD")
    assert not found.errors
    assert [line.rpartition(": ")[2] for line in said[:-1]] == lost[:5]
    assert said[-1] == "2 more; `git fetch --refetch --no-filter` brings what is missing"


def test_the_same_files_are_audited_once(repository: Repository, audits: Audits) -> None:
    folder = repository({**SUITE, COLAB: without("@aws-sdk/client-s3")})
    first, second = _report(folder), _report(folder)
    assert audits.done == 1
    assert first.errors
    assert first.model_copy(update={"stats": second.stats}) == second
    assert (first.stats.files, first.stats.packages) == (second.stats.files, second.stats.packages)
    assert _report(folder, None).findings == first.findings
    assert audits.done == 1


def test_an_edit_a_mode_and_an_app_are_audited_anew(repository: Repository, audits: Audits) -> None:
    folder = repository(SUITE)
    assert _report(folder, None).findings == ()
    (folder / "apps/colab/lib/s3.ts").write_text('import "pg"')
    assert _report(folder, None).errors == 1
    assert _report(folder, None, "website").errors == 0
    (folder / "apps/colab/lib/s3.ts").chmod(0o755)
    assert _report(folder, None).errors == 1
    assert audits.done == 4
    assert _report(folder).findings == ()
    assert audits.done == 4


def test_another_program_audits_anew(repository: Repository, audits: Audits, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = repository(SUITE)
    _report(folder)
    monkeypatch.setattr(program, "_AUDIT", ("audit",))
    _report(folder)
    assert audits.done == 2


def test_a_file_written_meanwhile_is_not_remembered(
    repository: Repository, audits: Audits, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = repository(SUITE)
    later: list[dict[str, bytes]] = [{}, {"new": b""}, {}, {}]
    monkeypatch.setattr(reporting, "open_worktree", lambda repo: Overlay(open_worktree(repo), later.pop(0)))
    _report(folder, None)
    _report(folder, None)
    assert audits.done == 2
    assert not later


def test_a_commit_and_an_equal_working_tree_share(repository: Repository, audits: Audits) -> None:
    folder = repository(SUITE)
    (folder / "apps/colab/lib/s3.ts").write_text("export {};\n")
    _report(folder, None)
    git(folder, "commit", "--quiet", "--all", "--message=second")
    assert _report(folder).commit == git(folder, "rev-parse", "HEAD")
    assert audits.done == 1
