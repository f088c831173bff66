"""What `release`, `redeploy` and `ui` refuse before Dagster is even imported."""

from pathlib import Path

import pytest

from alecia_pipeline.cli.main import run
from alecia_pipeline_tests.conftest import Repository

HOST = 'hosts: [{address: h, user: u, identity_file: k, host_key: "SHA256:' + "A" * 43 + '"}]'
FILES = {
    "package.json": '{"name": "root", "private": true}',
    "pnpm-workspace.yaml": "packages: ['apps/*']",
    "alecia.yaml": f"environments: {{staging: {{domain: d.test, caddyfile: Caddyfile, {HOST}}}}}",
    "apps/web/package.json": '{"name": "@a/web"}',
    "apps/web/Dockerfile": "FROM node:20\n",
}


@pytest.fixture
def repo(repository: Repository) -> Path:
    return repository(FILES)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["release", "--env", "nowhere"], "unknown environment 'nowhere'"),
        (["release", "--env", "staging", "--rev", "v9"], "unknown revision 'v9'"),
        (["redeploy", "wab", "--env", "staging"], "unknown app 'wab'"),
    ],
)
def test_bad_arguments_are_refused_by_name(
    repo: Path, words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*words, "--repo", str(repo)]) == 2
    assert told in capsys.readouterr().err


def test_a_ui_without_a_repository_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ui", "--repo", str(tmp_path)]) == 2
    assert "not a git repository" in capsys.readouterr().err


def test_redeploy_wants_an_app(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["redeploy", "--env", "staging"]) == 2
    assert "APP" in capsys.readouterr().err
