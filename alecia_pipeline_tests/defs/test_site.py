from pathlib import Path

import pytest

from alecia_pipeline.definitions import defs
from alecia_pipeline.defs import site
from alecia_pipeline.defs.site import Location, open_site
from alecia_pipeline.errors import UsageError
from alecia_pipeline_tests.conftest import Repository, git, write

CONFIG = """
apps: {web: {package: "@a/web"}}
environments:
  staging:
    branch: main
    domain: d.test
    caddyfile: Caddyfile
    hosts: [{address: h, user: u, identity_file: k, host_key: "SHA256:%s"}]
""" % ("A" * 43)

FILES = {
    "package.json": '{"name": "root", "private": true}',
    "pnpm-workspace.yaml": "packages: ['apps/*']",
    "alecia.yaml": CONFIG,
    "apps/web/package.json": '{"name": "@a/web"}',
    "apps/web/Dockerfile": "FROM node:20\n",
}


def _commit(repo: Path, files: dict[str, str]) -> None:
    write(repo, files)
    git(repo, "add", "--all")
    git(repo, "commit", "--quiet", "--message=more")


def test_a_location_survives_the_environment() -> None:
    location = Location("/repo", "/runner.yaml", "a" * 40, "http://127.0.0.1:3000")
    assert Location.from_environment(location.environment()) == location
    assert Location.from_environment({}) == Location(".")


def test_definitions_of_a_repository(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALECIA_REPO", str(repository(FILES)))
    for name in ("ALECIA_CONFIG", "ALECIA_REV", "ALECIA_UI"):
        monkeypatch.delenv(name, raising=False)
    found = defs().get_repository_def()
    assert found.has_job("staging_release")
    assert "staging/web" in {key.to_user_string() for key in found.asset_graph.get_all_asset_keys()}


def test_a_pushed_app_is_seen_by_a_fresh_look(repository: Repository) -> None:
    repo = repository(FILES)
    opened = open_site(Location(str(repo)))
    assert opened.fresh() == opened.graph
    _commit(repo, {"apps/cms/package.json": '{"name": "@a/cms"}', "apps/cms/Dockerfile": "FROM node:20\n"})
    _commit(repo, {"alecia.yaml": CONFIG.replace("apps: {", 'apps: {cms: {package: "@a/cms"}, ')})
    assert set(opened.fresh().apps) - set(opened.graph.apps) == {"cms"}


def test_a_missing_branch_falls_back_to_head_and_its_head_is_an_error(repository: Repository) -> None:
    repo = repository({**FILES, "alecia.yaml": CONFIG.replace("branch: main", "branch: live")})
    opened = open_site(Location(str(repo)))
    assert list(opened.graph.apps) == ["web"]
    with opened.open_stages() as stages, pytest.raises(UsageError, match="live"):
        stages.commits.head("staging")


def test_heads_are_of_the_branch_or_of_the_named_commit(repository: Repository) -> None:
    repo = repository(FILES)
    first = git(repo, "rev-parse", "HEAD")
    _commit(repo, {"README.md": "more"})
    with open_site(Location(str(repo))).open_stages() as stages:
        assert stages.commits.head("staging") == stages.commits.head(None) == git(repo, "rev-parse", "HEAD")
    with open_site(Location(str(repo), rev=first)).open_stages() as stages:
        assert stages.commits.head("staging") == first


def test_a_remote_repository_is_copied(repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    repo = repository(FILES)
    location = Location(f"file://{repo}", str(repo / "alecia.yaml"))
    with open_site(location).open_stages() as stages:
        _commit(repo, {"README.md": "more"})
        assert stages.commits.head("staging") == git(repo, "rev-parse", "HEAD")
    assert location.folder.is_relative_to(tmp_path / "state" / "alecia" / "mirrors")


def test_the_reload_names_what_to_do_without_a_ui(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = str(repository(FILES))
    assert "reload alecia_pipeline.definitions in the UI" in open_site(Location(repo)).reload()
    reloaded: list[tuple[str, str]] = []
    monkeypatch.setattr(site, "reload_location", lambda url, name: reloaded.append((url, name)))
    assert "loaded again" in open_site(Location(repo, ui="http://ui")).reload()
    assert reloaded == [("http://ui", "alecia_pipeline.definitions")]


def test_no_repository_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not a git repository"):
        open_site(Location(str(tmp_path)))
