from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from alecia_pipeline.cli.main import run
from alecia_pipeline.config import parse_config
from alecia_pipeline_tests.conftest import git

Repository = Callable[[Mapping[str, str | bytes]], Path]

SUITE = {
    "package.json": "{}",
    "pnpm-workspace.yaml": "packages: ['apps/*']",
    "apps/web/package.json": '{"name": "@suite/web"}',
    "apps/web/Dockerfile": "FROM node:20-alpine\n",
    "apps/api/package.json": '{"name": "@suite/api"}',
    "apps/api/Dockerfile": "FROM node:20-alpine\n",
}


def test_a_starter_file_names_the_apps_that_are_found_and_is_valid(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repo = repository(SUITE)
    git(repo, "remote", "add", "origin", "git@github.com:Suite/monorepo.git")
    assert run(["init", str(repo)]) == 0
    config = parse_config((repo / "alecia.yaml").read_bytes())
    assert config.registry == "ghcr.io/suite"
    assert {name: app.package for name, app in config.apps.items()} == {"api": "@suite/api", "web": "@suite/web"}
    assert "2 apps: api, web" in capsys.readouterr().err


def test_an_existing_file_is_never_overwritten(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    repo = repository({**SUITE, "alecia.yaml": "registry: a/b\n"})
    assert run(["init", str(repo)]) == 3
    assert (repo / "alecia.yaml").read_text() == "registry: a/b\n"
    assert "already" in capsys.readouterr().err


def test_a_repository_without_apps_is_told_so(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    repo = repository({"package.json": "{}", "pnpm-workspace.yaml": "packages: ['apps/*']"})
    assert run(["init", str(repo)]) == 2
    assert not (repo / "alecia.yaml").exists()
    assert "no app was found" in capsys.readouterr().err
