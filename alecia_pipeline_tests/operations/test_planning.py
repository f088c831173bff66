import functools
import json
from pathlib import Path

import httpx
import pytest

from alecia_pipeline.adapters.registry import Registry
from alecia_pipeline.adapters.registry_http import RegistryClient
from alecia_pipeline.config import Config, parse_config
from alecia_pipeline.errors import OutsideError, UsageError
from alecia_pipeline.images.reference import key_tag
from alecia_pipeline.operations.planning import make_plan, read_commit
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.release.model import AppRelease, MigrationState, Plan, ReleaseRecord
from alecia_pipeline_tests.conftest import Repository, git, write
from alecia_pipeline_tests.monorepo import mini
from alecia_pipeline_tests.registry_server import HOST, RegistryServer, digest_of

COMPOSE = "services:\n  website: {image: r/website}\n  db: {image: 'postgres:15'}\n"
CONFIG = f"""
registry: {HOST}/mini
apps:
  cms: {{}}
  website: {{build_args: {{KIND: all}}}}
migrations: {{dir: packages/db/migrations}}
environments:
  staging:
    domain: example.test
    caddyfile: Caddyfile
    hosts: [{{address: h, user: u, identity_file: i, host_key: "SHA256:{"A" * 43}"}}]
    build_args: {{website: {{KIND: staging}}}}
"""
FILES = mini({"docker-compose.production.yml": COMPOSE, "alecia.yaml": CONFIG})


@pytest.fixture
def repo(repository: Repository) -> Path:
    return repository(FILES)


def runner(repo: Path, config: Config | None = None) -> Runner:
    return Runner(repo, config or parse_config(CONFIG.encode()), lambda _: None)


def commit(repo: Path, **files: str) -> str:
    """Commit changed files, `__` standing for a slash; return the new commit."""
    write(repo, {path.replace("__", "/").replace("_dot_", "."): text for path, text in files.items()})
    git(repo, "add", "--all", "--force")
    git(repo, "commit", "--quiet", "--message=next")
    return git(repo, "rev-parse", "HEAD")


def connect(server: RegistryServer) -> Registry:
    return Registry(RegistryClient(HOST, None, transport=httpx.WSGITransport(server), pause=lambda _: None))


def actions(plan: Plan) -> dict[str, str]:
    return {app.name: app.action for app in plan.apps}


def test_a_line_in_ui_rebuilds_exactly_the_apps_that_need_it(repo: Path) -> None:
    commit(repo, packages__ui__src__index_dot_tsx="export const a = 1;\n")
    plan = make_plan(runner(repo), since="HEAD~1")
    assert actions(plan) == {"cms": "reuse", "website": "build"}
    assert [cause.what for cause in plan.app("website").causes] == ["packages/ui/src/index.tsx"]
    assert plan.packages_affected == ("@mini/ui", "@mini/website")
    assert (plan.migrations, plan.services) == ((), ("website",))


def test_a_change_in_cms_rebuilds_cms_alone(repo: Path) -> None:
    commit(repo, apps__cms__src__server_dot_ts="// other\n")
    assert actions(make_plan(runner(repo), since="HEAD~1")) == {"cms": "build", "website": "reuse"}


def test_a_readme_changes_nothing_at_all(repo: Path) -> None:
    commit(repo, README_dot_md="Other.\n")
    plan = make_plan(runner(repo), since="HEAD~1")
    assert actions(plan) == {"cms": "reuse", "website": "reuse"}
    assert (plan.packages_affected, plan.migrations, plan.services) == ((), (), ())


def test_migrations_and_services_are_those_since_then(repo: Path) -> None:
    new = commit(
        repo,
        packages__db__migrations__0002_posts_dot_sql="CREATE TABLE posts ();\n",
        **{"docker-compose.production.yml": COMPOSE.replace("postgres:15", "postgres:16")},
    )
    plan = make_plan(runner(repo), since="HEAD~1")
    assert plan.commit == new
    assert plan.since == git(repo, "rev-parse", "HEAD~1")
    assert plan.migrations == ("packages/db/migrations/0002_posts.sql",)
    assert set(plan.services) == {"cms", "db", "website"}


def test_the_working_directory_is_never_read(repo: Path) -> None:
    before = make_plan(runner(repo), since="HEAD")
    write(repo, {"packages/ui/src/index.tsx": "dirty", "packages/ui/._index.tsx": "junk"})
    after = make_plan(runner(repo), since="HEAD")
    assert [app.key for app in after.apps] == [app.key for app in before.apps]


def test_the_registry_is_the_memory(repo: Path) -> None:
    server = RegistryServer()
    first = make_plan(runner(repo), registry=connect(server))
    assert actions(first) == {"cms": "build", "website": "build"}
    assert first.app("cms").causes[0].detail == "the registry has no image for this key"
    server.manifests["mini/cms", key_tag(first.app("cms").key)] = b"manifest"
    server.requests.clear()
    second = make_plan(runner(repo), registry=connect(server))
    assert actions(second) == {"cms": "reuse", "website": "build"}
    assert second.app("cms").image == f"{HOST}/mini/cms@{digest_of(b'manifest')}"
    assert [request.split()[0] for request in server.requests] == ["HEAD", "HEAD"]


def test_the_registry_of_the_commit_serves_a_runner_without_one(repo: Path) -> None:
    server = RegistryServer()
    make_plan(runner(repo, Config()), registry=connect(server))
    assert server.requests[0].startswith("HEAD /v2/mini/cms/manifests/key-")


def test_a_registry_that_fails_is_never_taken_for_an_answer(repo: Path) -> None:
    server = RegistryServer(failures=[("500 Ill", {}, b"")] * 40)  # more than two apps, asked side by side, try
    with pytest.raises(OutsideError):
        make_plan(runner(repo), registry=connect(server))


def test_without_a_registry_nothing_is_reused(repository: Repository) -> None:
    plan = make_plan(runner(repository(mini()), Config()))
    assert actions(plan) == {"cms": "build", "website": "build"}
    assert {cause.kind for app in plan.apps for cause in app.causes} == {"unknown"}


def test_an_environment_has_its_own_build_args_and_all_its_services(repo: Path) -> None:
    server = RegistryServer()
    plain = make_plan(runner(repo), registry=connect(server))
    staging = make_plan(runner(repo), environment="staging", registry=connect(server))
    assert staging.environment == "staging"
    assert staging.app("website").key != plain.app("website").key
    assert staging.app("cms").key == plain.app("cms").key
    assert staging.services == ("cms", "db", "website")
    assert staging.migrations == ("packages/db/migrations/0001_users.sql",)


def live(cms: str, website: str, newest: str) -> ReleaseRecord:
    """Return the record of a release whose apps run two commits."""
    apps = {
        name: AppRelease(commit=at, key="k", digest="d", image="i", service="s", rollout="overlap")
        for name, at in (("cms", cms), ("website", website), ("gone", newest))
    }
    return ReleaseRecord(
        id="r",
        environment="staging",
        commit=newest,
        parent=None,
        moved=(),
        apps=apps,
        compose_sha256="",
        caddy_sha256="",
        migrations=MigrationState(applied=(), new=(), revertible=True),
        environment_keys={},
        tools={},
        gates={},
    )


def test_an_environment_explains_each_app_from_the_commit_that_it_runs(repo: Path) -> None:
    first = git(repo, "rev-parse", "HEAD")
    second = commit(repo, apps__cms__src__server_dot_ts="// two\n", packages__db__src__index_dot_ts="2")
    commit(repo, apps__website__src__page_dot_tsx="// three\n")
    record = live(cms=first, website=second, newest=second)
    plan = make_plan(runner(repo), environment="staging", live=record, registry=connect(RegistryServer()))
    assert plan.since is None
    assert [cause.what for cause in plan.app("cms").causes] == ["apps/cms/src/server.ts", "packages/db/src/index.ts"]
    assert [cause.what for cause in plan.app("website").causes] == ["apps/website/src/page.tsx"]
    assert plan.packages_affected == ("@mini/website",)


def test_a_live_commit_that_is_lost_costs_words_only(repo: Path) -> None:
    lost = "0" * 40
    plan = make_plan(
        runner(repo), environment="staging", live=live(lost, lost, lost), registry=connect(RegistryServer())
    )
    assert actions(plan) == {"cms": "build", "website": "build"}
    assert plan.app("cms").causes[0].detail == "the registry has no image for this key"


def test_the_configured_registry_is_asked_with_the_stored_login(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"auths": {HOST: {"auth": "Ym90Omh1bnRlcjIy"}}}))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    server = RegistryServer(scheme="basic")
    client = functools.partial(RegistryClient, transport=httpx.WSGITransport(server))
    monkeypatch.setattr("alecia_pipeline.operations.registries.RegistryClient", client)
    one = runner(repo)
    assert actions(make_plan(one)) == {"cms": "build", "website": "build"}
    assert one.redactor("hunter22 Ym90Omh1bnRlcjIy") == "[redacted] [redacted]"
    monkeypatch.setenv("DOCKER_CONFIG", str(repo))
    with pytest.raises(OutsideError, match="refuses"):
        make_plan(one)


@pytest.mark.parametrize(
    ("rev", "since", "environment"), [("nope", None, None), ("HEAD", "nope", None), ("HEAD", None, "no")]
)
def test_unknown_names_are_usage_errors(repo: Path, rev: str, since: str | None, environment: str | None) -> None:
    with pytest.raises(UsageError):
        make_plan(runner(repo), rev, since=since, environment=environment)


def test_an_unknown_app_names_the_known_ones(repo: Path) -> None:
    with pytest.raises(UsageError) as caught:
        read_commit(runner(repo), "HEAD").app("nope")
    assert caught.value.why == "apps here: cms, website"


@pytest.mark.parametrize("path", ["package.json", "pnpm-lock.yaml", "apps/cms/Dockerfile", "alecia.yaml", "turbo.json"])
def test_bad_input_is_one_clear_error(repository: Repository, path: str) -> None:
    repo = repository({**FILES, path: "{ ["})
    with pytest.raises(UsageError) as caught:
        make_plan(runner(repo), since="HEAD")
    assert path in (caught.value.where or "")
    assert caught.value.fix
