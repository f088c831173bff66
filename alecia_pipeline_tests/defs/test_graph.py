from pathlib import Path

import pytest

from alecia_pipeline.config import Config
from alecia_pipeline.defs.graph import EnvironmentGraph, Graph, read_graph, without_cycles
from alecia_pipeline.errors import UsageError
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline_tests.conftest import Repository, git, write

FILES = {
    "package.json": '{"name": "root", "private": true}',
    "pnpm-workspace.yaml": "packages: ['apps/*', 'packages/*']",
    "alecia.yaml": "apps: {web: {package: '@a/web'}}\nmigrations: {dir: packages/db/sql}",
    "apps/web/package.json": '{"name": "@a/web", "dependencies": {"@a/ui": "workspace:*"}}',
    "apps/web/Dockerfile": "FROM node:20\n",
    "packages/ui/package.json": '{"name": "@a/ui"}',
    "packages/db/package.json": '{"name": "@a/db"}',
}

HOST = {"address": "h", "user": "u", "identity_file": "k", "host_key": "SHA256:" + "A" * 43}


def _runner(repo: Path, **environments: object) -> Runner:
    config = Config.model_validate({"environments": environments})
    return Runner(repo, config, lambda _: None)


def _environment(**more: object) -> dict[str, object]:
    return {"domain": "d.test", "hosts": [HOST], "caddyfile": "Caddyfile", **more}


def test_the_graph_of_a_commit(repository: Repository) -> None:
    repo = repository(FILES)
    graph = read_graph(_runner(repo, staging=_environment(build_args={"web": {"A": "1"}})), ["HEAD"])
    assert graph == Graph(
        packages={".": (), "apps/web": ("packages/ui",), "packages/db": (), "packages/ui": ()},
        apps={"web": "apps/web"},
        environments=(EnvironmentGraph("staging", {"web": "staging"}, "packages/db"),),
    )
    assert graph.images == (("web", "staging"),)
    assert graph.environment("staging").sql == "packages/db"


def test_without_environments_there_are_images_and_no_more(repository: Repository) -> None:
    graph = read_graph(_runner(repository(FILES)), ["HEAD"])
    assert graph.images == (("web", None),)
    assert graph.environments == ()


def test_branches_are_shown_together(repository: Repository) -> None:
    repo = repository(FILES)
    git(repo, "checkout", "--quiet", "-b", "next")
    write(repo, {"apps/cms/package.json": '{"name": "@a/cms"}', "apps/cms/Dockerfile": "FROM node:20\n"})
    write(repo, {"alecia.yaml": "apps: {web: {package: '@a/web'}, cms: {package: '@a/cms'}}"})
    git(repo, "add", "--all")
    git(repo, "commit", "--quiet", "--message=second")
    graph = read_graph(_runner(repo), ["main", "next", "next"])
    assert list(graph.apps) == ["cms", "web"]
    assert set(graph.packages) == {".", "apps/cms", "apps/web", "packages/db", "packages/ui"}


def test_circles_are_opened_and_the_root_is_nobodys_dependency() -> None:
    found = without_cycles({".": ["a"], "a": ["b", "."], "b": ["c"], "c": ["a", "c", "elsewhere"], "d": ["a"]})
    assert found == {".": ("a",), "a": ("b",), "b": ("c",), "c": (), "d": ("a",)}


def test_a_broken_commit_is_a_clear_error(repository: Repository) -> None:
    with pytest.raises(UsageError, match=r"package\.json"):
        read_graph(_runner(repository({"README.md": "x"})), ["HEAD"])
