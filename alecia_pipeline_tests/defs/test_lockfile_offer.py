"""The regenerated lockfile: offered where it is stale, never a reason to fail."""

import json
from pathlib import Path

import docker
import pytest

from alecia_pipeline.audit.manifests.regeneration import Regeneration
from alecia_pipeline.config import BuilderConfig, Config
from alecia_pipeline.defs.lockfile_offer import LABEL
from alecia_pipeline.errors import UsageError
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.operations.stages.gates import AuditGates
from alecia_pipeline_tests.box import open_box
from alecia_pipeline_tests.conftest import Repository, git
from alecia_pipeline_tests.defs.suite import Suite

FILES = {
    "package.json": json.dumps({"name": "root", "private": True, "packageManager": "pnpm@9.8.0"}),
    "pnpm-workspace.yaml": "packages: [packages/*]\n",
    "packages/a/package.json": json.dumps({"name": "a", "dependencies": {"is-odd": "3.0.1"}}),
    "pnpm-lock.yaml": "lockfileVersion: '9.0'\n\nimporters:\n\n  .: {}\n\n  packages/a: {}\n",
}


def _facts(suite: Suite) -> dict[str, object]:
    result = suite.run("audit", "lockfile")
    assert result.success
    made = result.asset_materializations_for_node("lockfile")
    return {name: value.value for name, value in made[0].metadata.items()}


def test_a_good_lockfile_costs_nothing(suite: Suite) -> None:
    assert "regenerated" not in _facts(suite)


def test_no_engine_is_told_and_stops_nothing(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "nowhere://engine")
    suite.stages.stale = Regeneration("node:20-alpine", "9.8.0", {})
    facts = _facts(suite)
    assert facts["regenerated"] is False
    assert str(facts["difference"]).startswith("not regenerated: the Docker engine refuses: ")


def test_an_unpinned_pnpm_is_told_and_stops_nothing(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    def unpinned(_: str) -> None:
        raise UsageError("no pnpm version is pinned", why="it is not set")

    monkeypatch.setattr(suite.stages, "regeneration", unpinned)
    assert _facts(suite)["difference"] == "not regenerated: no pnpm version is pinned: it is not set"


def test_a_failure_of_the_container_is_told_and_stops_nothing(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ValueError("unexpected")

    monkeypatch.setattr("alecia_pipeline.defs.lockfile_offer.ensure_image", broken)
    suite.stages.stale = Regeneration("node:20-alpine", "9.8.0", {})
    assert _facts(suite)["difference"] == "not regenerated: pnpm did not run: unexpected"


@pytest.fixture
def gates(repository: Repository) -> AuditGates:
    box = open_box()
    builder = BuilderConfig(contexts=box.build_contexts(), docker_config=str(box.status().docker_config))
    return AuditGates(Runner(repository(FILES), Config(builder=builder), print))


def _materialized(suite: Suite, gates: AuditGates, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """Materialize the asset with the real gate in the place of the recorded one."""
    commit = git(Path(gates.runner.repo), "rev-parse", "HEAD")
    monkeypatch.setattr(suite.stages, "head_commit", commit)
    monkeypatch.setattr(suite.stages, "lockfile", gates.lockfile)
    monkeypatch.setattr(suite.stages, "regeneration", gates.regeneration)
    monkeypatch.setattr(type(suite.stages), "docker_config", gates.docker_config)
    return _facts(suite)


def _containers() -> list[object]:
    client = docker.from_env()
    try:
        return list(client.containers.list(all=True, filters={"label": LABEL}))
    finally:
        client.close()


@pytest.mark.engine
def test_the_diff_holds_the_new_dependency_and_no_container_is_left(
    suite: Suite, gates: AuditGates, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = _materialized(suite, gates, monkeypatch)
    assert facts["regenerated"] is True, facts
    assert "+  packages/a:\n+    dependencies:\n+      is-odd:\n+        specifier: 3.0.1" in str(facts["difference"])
    assert "+  is-number@6.0.0:" in str(facts["difference"])
    assert not _containers()
    assert not capsys.readouterr().out


@pytest.mark.engine
def test_a_version_that_does_not_exist_is_told(
    suite: Suite, repository: Repository, gates: AuditGates, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = json.dumps({"name": "a", "dependencies": {"is-odd": "999.0.0"}})
    repo = repository({**FILES, "packages/a/package.json": manifest})
    other = AuditGates(Runner(repo, gates.runner.config, print))
    facts = _materialized(suite, other, monkeypatch)
    assert facts["regenerated"] is False
    assert "not regenerated: pnpm failed: " in str(facts["difference"])
    assert "999.0.0" in str(facts["difference"])
    assert not _containers()
