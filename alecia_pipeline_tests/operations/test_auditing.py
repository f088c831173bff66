"""What the pipeline's gates ask: one app, and the lockfile alone."""

from pathlib import Path

import pytest

from alecia_pipeline.adapters.cache import Cache
from alecia_pipeline.adapters.git import open_commit, open_worktree
from alecia_pipeline.config import Config
from alecia_pipeline.errors import UsageError
from alecia_pipeline.operations.auditing import audit_app, audit_lockfile, audit_tree
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.source.tree import Tree
from alecia_pipeline_tests.conftest import Repository, git, write
from alecia_pipeline_tests.incidents.suite import SUITE, without


def runner(folder: Path) -> Runner:
    return Runner(repo=folder, config=Config(), sink=lambda line: None)


@pytest.fixture
def broken(repository: Repository) -> tuple[Runner, str]:
    folder = repository({**SUITE, "apps/colab/package.json": without("@aws-sdk/client-s3")})
    return runner(folder), git(folder, "rev-parse", "HEAD")


def test_a_broken_app_does_not_touch_another(broken: tuple[Runner, str]) -> None:
    assert audit_app(*broken, "website") == ()
    assert [finding.rule for finding in audit_app(*broken, "colab")] == ["undeclared-import", "lockfile-stale"]


TERMS = """\
import { readFileSync } from "node:fs";
import path from "node:path";

export const terms = readFileSync(path.join(process.cwd(), "..", "..", "legal", "terms.md"));
"""


def test_what_is_sent_is_what_planning_sends_and_what_stands_on_disk(repository: Repository, tmp_path: Path) -> None:
    """What the working tree holds is not what its ids say, so nothing of it is remembered for a commit."""
    where = "apps/website/app/terms.ts"
    folder = repository({**SUITE, "legal/terms.md": "Terms.\n", where: TERMS})
    cache = Cache(tmp_path / "cache.sqlite")

    def lost(tree: Tree) -> list[str | None]:
        return [finding.file for finding in audit_tree(tree, (), cache).findings if finding.rule == "silent-input"]

    write(folder, {"apps/website/app/link.ts": 'import "../../../legal/terms.md";\n'})
    git(folder, "add", "--intent-to-add", "apps/website/app/link.ts")
    assert lost(open_worktree(folder)) == []
    assert lost(open_commit(folder, "HEAD")) == [where]
    (folder / "apps/website/app/link.ts").unlink()
    assert lost(open_worktree(folder)) == [where]


def test_an_unknown_app(broken: tuple[Runner, str]) -> None:
    with pytest.raises(UsageError, match="unknown app 'ghost'"):
        audit_app(*broken, "ghost")


def test_a_stale_importer_leaves_the_lockfile_itself_good(broken: tuple[Runner, str]) -> None:
    verdict = audit_lockfile(*broken)
    assert verdict.ok
    assert {folder for folder, problems in verdict.importers.items() if problems} == {"apps/colab"}


def test_no_lockfile_concerns_every_app(repository: Repository) -> None:
    folder = repository({path: text for path, text in SUITE.items() if path != "pnpm-lock.yaml"})
    commit = git(folder, "rev-parse", "HEAD")
    assert not audit_lockfile(runner(folder), commit).ok
    for app in ("website", "colab"):
        assert "lockfile-missing" in {finding.rule for finding in audit_app(runner(folder), commit, app)}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("apps/colab/package.json", '{"name": "@alecia/colab", "dependencies": {'),
        ("apps/colab/package.json", '{"name": "@alecia/colab", "dependencies": ["pg"]}'),
        ("apps/colab/Dockerfile", "FROM node:20\nFETCH it\n"),
    ],
)
def test_what_does_not_parse_stops_the_app_that_needs_it_alone(repository: Repository, path: str, text: str) -> None:
    folder = repository({**SUITE, path: text})
    commit = git(folder, "rev-parse", "HEAD")
    assert audit_app(runner(folder), commit, "website") == ()
    with pytest.raises(UsageError, match=path):
        audit_app(runner(folder), commit, "colab")
    with pytest.raises(UsageError):
        audit_app(runner(folder), commit, "ghost")
    verdict = audit_lockfile(runner(folder), commit)
    assert verdict.ok
    named = {folder: problems for folder, problems in verdict.importers.items() if problems}
    assert set(named) == ({"apps/colab"} if path.endswith(".json") else set())
    assert all(path in problem for problems in named.values() for problem in problems)


def test_what_every_app_needs_stops_every_app(repository: Repository) -> None:
    folder = repository({**SUITE, "package.json": "{"})
    with pytest.raises(UsageError, match=r"package\.json"):
        audit_app(runner(folder), git(folder, "rev-parse", "HEAD"), "website")


def test_an_app_that_was_audited_alone_leaves_no_trace(repository: Repository) -> None:
    """Mended, the commit is audited as if nobody had looked before."""
    text = SUITE["apps/colab/Dockerfile"]
    folder = repository(
        {**SUITE, "apps/colab/Dockerfile": "FROM node:20\nFETCH it\n", "apps/colab/lib/x.ts": "import 'x'"}
    )
    assert audit_app(runner(folder), git(folder, "rev-parse", "HEAD"), "website") == ()
    write(folder, {"apps/colab/Dockerfile": text})
    git(folder, "commit", "--quiet", "--all", "--message=mended")
    found = audit_app(runner(folder), git(folder, "rev-parse", "HEAD"), "colab")
    assert "undeclared-import" in {finding.rule for finding in found}
