from collections.abc import Sequence
from pathlib import Path

import pytest

from alecia_pipeline.config import Config
from alecia_pipeline.errors import RefusedError, UsageError
from alecia_pipeline.operations.outcome import Table
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.operations.stages.commits import RepositoryCommits
from alecia_pipeline.operations.stages.gates import AuditGates
from alecia_pipeline.operations.stages.plans import Plans
from alecia_pipeline.release.model import AppPlan
from alecia_pipeline_tests.conftest import Repository, git, write

HOST = {"address": "h", "user": "u", "identity_file": "k", "host_key": "SHA256:" + "A" * 43}
CONFIG = Config.model_validate({"environments": {"staging": {"domain": "d", "hosts": [HOST], "caddyfile": "C"}}})

FILES = {
    "package.json": '{"name": "root", "private": true}',
    "pnpm-workspace.yaml": "packages: ['apps/*', 'apps/web/nested']",
    "apps/web/package.json": '{"name": "@a/web", "version": "1.0.0"}',
    "apps/web/src/index.ts": "import 'left-pad';\n",
    "apps/web/Dockerfile": "FROM node:20\nCOPY . .\n",
    "apps/web/nested/package.json": '{"name": "@a/nested"}',
    "README.md": "x",
}


class PlansOf(Plans):
    """Plans where some commits have an image of `web`, and some do not parse."""

    def __init__(self, built: set[str], broken: set[str]) -> None:
        self._built = built
        self._broken = broken

    def apps(self, commit: str, environment: str, apps: Sequence[str]) -> list[AppPlan]:
        if commit in self._broken:
            raise UsageError("package.json does not parse")
        web = AppPlan(
            name="web",
            package="@a/web",
            dir="apps/web",
            dockerfile="apps/web/Dockerfile",
            target=None,
            key="0" * 64,
            previous_key=None,
            action="reuse" if commit in self._built else "build",
            causes=(),
            image="r/web@sha256:1" if commit in self._built else None,
        )
        return [web if app == "web" else web.model_copy(update={"name": app, "image": None}) for app in apps]


def _commit(repo: Path, files: dict[str, str]) -> str:
    write(repo, files)
    git(repo, "add", "--all")
    git(repo, "commit", "--quiet", "--message=more")
    return git(repo, "rev-parse", "HEAD")


def _commits(repo: Path, plans: Plans, said: list[str] | None = None) -> RepositoryCommits:
    sink = list[str]() if said is None else said
    return RepositoryCommits(Runner(repo, CONFIG, sink.append), plans)


def test_the_newest_commit_with_the_images_is_found_and_told(repository: Repository) -> None:
    repo = repository(FILES)
    good = git(repo, "rev-parse", "HEAD")
    broken = _commit(repo, {"README.md": "1"})
    head = _commit(repo, {"README.md": "2"})
    said: list[str] = []
    assert _commits(repo, PlansOf({good}, {broken}), said).newest_good("staging", ("web",)) == good
    assert said == [
        f"{broken[:12]} is left out: package.json does not parse",
        f"staging: commit {good[:12]}; {head[:12]} lacks images of web",
    ]
    assert _commits(repo, PlansOf({good, head}, set())).newest_good("staging", ("web",)) == head


def test_no_commit_with_the_images_is_refused(repository: Repository) -> None:
    repo = repository(FILES)
    with pytest.raises(RefusedError, match="no commit has the images of web, cms"):
        _commits(repo, PlansOf({git(repo, "rev-parse", "HEAD")}, set())).newest_good("staging", ("web", "cms"))


def test_versions_follow_the_files_of_each_folder(repository: Repository) -> None:
    repo = repository(FILES)
    commits = _commits(repo, PlansOf(set(), set()))
    first = commits.versions("HEAD")
    assert set(first) == {".", "apps/web", "apps/web/nested"}
    assert {f: v for f, v in first.items() if f != "."} == {
        folder: git(repo, "rev-parse", f"HEAD:{folder}") for folder in ("apps/web", "apps/web/nested")
    }

    def changed(files: dict[str, str]) -> set[str]:
        before = commits.versions("HEAD")
        _commit(repo, files)
        after = commits.versions("HEAD")
        return {folder for folder in after if after[folder] != before[folder]}

    assert changed({"README.md": "y"}) == {"."}
    assert changed({"apps/web/src/index.ts": "export {};\n"}) == {"apps/web"}
    assert changed({"apps/web/nested/a.ts": ""}) == {"apps/web", "apps/web/nested"}
    assert changed({"apps/web/package.json": '{"name": "@a/web"}'}) == {".", "apps/web"}


def test_gates_tell_errors_of_the_app_and_of_the_lockfile(repository: Repository) -> None:
    gates = AuditGates(Runner(repository(FILES), Config(), lambda _: None))
    outcome = gates.audit("HEAD", "web")
    assert [(verdict.gate, verdict.passed) for verdict in outcome.verdicts] == [
        ("dependencies", False),
        ("lockfile", False),
    ]
    assert "apps/web/src/index.ts:1: " in outcome.verdicts[0].text
    assert "pnpm-lock.yaml" in outcome.verdicts[1].text
    errors = outcome.facts["errors"]
    assert isinstance(errors, int)
    assert errors >= 2
    assert isinstance(outcome.facts["seconds"], float)
    assert {"warnings", "infos"} <= outcome.facts.keys()
    tables = [verdict.facts["findings"] for verdict in outcome.verdicts]
    assert all(isinstance(table, Table) and table.rows[0]["rule"] for table in tables)
    (refused,) = gates.lockfile("HEAD").refused
    assert refused.text == "there is no pnpm-lock.yaml"
