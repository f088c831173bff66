"""A plan against an environment: a host in a folder of this machine, a registry in this process."""

import functools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest

from alecia_pipeline.adapters.registry_http import RegistryClient
from alecia_pipeline.cli.main import run
from alecia_pipeline.config import Config, EnvironmentConfig
from alecia_pipeline.images.reference import key_tag
from alecia_pipeline.operations.comparing import plan_for
from alecia_pipeline.operations.host_files import PINS_FILE, STACK_FILE
from alecia_pipeline.operations.hosts import connect
from alecia_pipeline.operations.planning import make_plan
from alecia_pipeline.operations.releasing import AppImage, _draft, publish
from alecia_pipeline.operations.rendering import render
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.operations.stacks import stack_file
from alecia_pipeline.release.draft import ReleaseFacts
from alecia_pipeline.release.model import MigrationState, Plan, ReleaseRecord
from alecia_pipeline_tests.conftest import git, write
from alecia_pipeline_tests.local_link import LocalLink, login
from alecia_pipeline_tests.monorepo import mini
from alecia_pipeline_tests.registry_server import HOST, RegistryServer, digest_of

BASE, FIRST, SECOND, OWN = (digest_of(name.encode()) for name in ("base", "first", "second", "own"))
PIN = f"postgres@{digest_of(b'postgres')}"

COMPOSE = """
services:
  website:
    image: unused
    expose: ["3000"]
    environment: {GREETING: "${GREETING}"}
  cms: {image: unused, expose: ["3000"]}
  db: {image: "postgres:15", environment: {REGION: "${REGION}"}}
  tool: {image: "postgres:15", profiles: [by-hand], environment: {REGION: "${REGION}"}}
  caddy: {image: "caddy:2", volumes: ["./infra:/etc/infra:ro"]}
"""
CADDYFILE = """
http://website.test {
	reverse_proxy website:3000
}
http://cms.test {
	reverse_proxy cms:3000
}
"""
ENV_FILE = "GREETING=hello\nREGION=eu\n"
FILES = mini(
    {
        "compose.yaml": COMPOSE,
        "infra/Caddyfile": CADDYFILE,
        "infra/motd": "welcome\n",
        ".env.staging": ENV_FILE,
        "alecia.yaml": "apps: {cms: {}, website: {}}\nmigrations: {dir: packages/db/migrations}\n",
    }
)


def manifest(*layers: tuple[str, int]) -> bytes:
    return json.dumps({"config": {}, "layers": [{"digest": digest, "size": size} for digest, size in layers]}).encode()


OLD_CMS, OLD_WEBSITE = manifest((BASE, 50_000_000), (FIRST, 2_000_000)), manifest((BASE, 50_000_000), (OWN, 9_000_000))
NEW_WEBSITE = manifest((BASE, 50_000_000), (SECOND, 3_400_000))


@dataclass
class Place:
    """A repository, its registry, and the host that its environment `staging` is."""

    runner: Runner
    server: RegistryServer
    link: LocalLink
    lines: list[str]

    @property
    def config(self) -> EnvironmentConfig:
        return self.runner.config.environments["staging"]

    def push(self, app: str, data: bytes, *, tagged: bool = True) -> str:
        """Put an image into the registry, under the key that HEAD has, and return its reference."""
        name, digest = f"mini/{app}", digest_of(data)
        self.server.manifests[name, digest] = data
        if tagged:
            key = make_plan(self.runner, since="HEAD").app(app).key
            self.server.manifests[name, key_tag(key)] = data
        return f"{HOST}/{name}@{digest}"

    def commit(self, files: Mapping[str, str]) -> None:
        write(self.runner.repo, files)
        git(self.runner.repo, "add", "--all")
        git(self.runner.repo, "commit", "--quiet", "--message=next")

    def release(self, images: Mapping[str, str], applied: tuple[str, ...] = ("0001_users.sql",)) -> ReleaseRecord:
        """Leave on the host what a release of HEAD does."""
        commit = git(self.runner.repo, "rev-parse", "HEAD")
        keys = {app.name: app.key for app in make_plan(self.runner, since="HEAD").apps}
        moved = {name: AppImage(commit, keys[name], image) for name, image in images.items()}
        facts = ReleaseFacts(MigrationState(applied=applied, new=(), revertible=True), {}, {})
        root = self.config.root
        with connect(self.runner, "staging") as host:
            pins = {"postgres:15": PIN, "caddy:2": f"caddy@{digest_of(b'caddy')}"}
            host.write(f"{root}/{PINS_FILE}", json.dumps(pins).encode(), mode=0o644)
            host.write(f"{root}/{STACK_FILE}", b"before", mode=0o644)
            rendering = render(self.runner, "staging", commit, host)
            stack = stack_file(root, rendering.document(rendering.stack(pins)))
            host.write(f"{root}/{STACK_FILE}", stack.encode(), mode=0o644)
            rendering = render(self.runner, "staging", commit, host)
            draft = _draft(rendering, "staging", moved, facts, ())
            publish(host, draft, None)
        live = Path(root, "releases", "live")
        live.unlink(missing_ok=True)
        live.symlink_to(draft.record.id)
        return draft.record

    def plan(self) -> Plan:
        self.server.requests.clear()
        return plan_for(self.runner, "staging", "HEAD")


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """An environment after a release of both apps. Looking at it changes nothing, so all tests share it."""
    folder = tmp_path_factory.mktemp("site")
    server, link, lines = RegistryServer(), LocalLink(), list[str]()
    repo = folder / "repository"
    repo.mkdir()
    git(repo, "init", "--quiet", "--initial-branch=main")
    write(repo, FILES)
    git(repo, "add", "--all", "--force")
    git(repo, "commit", "--quiet", "--message=first")
    git(repo, "tag", "first")
    environment = EnvironmentConfig(
        domain="mini.test",
        hosts=(login(),),
        root=str(folder / "host"),
        compose="compose.yaml",
        caddyfile="infra/Caddyfile",
        env_file=".env.staging",
    )
    config = Config(registry=f"{HOST}/mini", environments={"staging": environment})
    place = Place(Runner(repo, config, lines.append), server, link, lines)
    client = functools.partial(RegistryClient, transport=httpx.WSGITransport(server), pause=lambda _: None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCKER_CONFIG", str(folder))
        patch.setattr("alecia_pipeline.operations.registries.RegistryClient", client)
        patch.setattr("alecia_pipeline.operations.hosts.open_link", lambda _: link)
        with connect(place.runner, "staging") as host:
            host.write(f"{place.config.root}/.env", ENV_FILE.encode(), mode=0o600)
        place.release({"cms": place.push("cms", OLD_CMS), "website": place.push("website", OLD_WEBSITE)})
        own(place)
        yield place


@pytest.fixture
def live(released: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """The environment, its repository and its registry, as they were after the release; nothing is remembered."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    git(released.runner.repo, "reset", "--quiet", "--hard", "first")
    released.lines.clear()
    released.server.manifests.clear()
    released.push("cms", OLD_CMS)
    released.push("website", OLD_WEBSITE)
    return released


@pytest.fixture
def fresh(live: Place, tmp_path: Path) -> Place:
    """An environment where nothing was released yet."""
    environment = live.config.model_copy(update={"root": str(tmp_path / "host")})
    config = live.runner.config.model_copy(update={"environments": {"staging": environment}})
    return replace(live, runner=Runner(live.runner.repo, config, live.lines.append))


def own(place: Place) -> None:
    """Let the values on the host be ones that the pipeline wrote."""
    from alecia_pipeline.operations.environment import read_environment, write_environment  # noqa: PLC0415

    with connect(place.runner, "staging") as host:
        before = read_environment(host, place.config, place.runner.redactor)
        write_environment(host, place.config, before, before.values, tuple(before.values))


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_where_all_images_run_nothing_restarts_is_pulled_or_asked(live: Place) -> None:
    plan = live.plan()
    assert [(app.action, app.deployed == app.image, app.pull_bytes, app.restarts) for app in plan.apps] == [
        ("reuse", True, 0, False)
    ] * 2
    assert (plan.pull_bytes, plan.services, plan.migrations) == (0, (), ())
    assert plan.release
    assert [request.split()[0] for request in live.server.requests] == ["HEAD", "HEAD"]


def test_looking_changes_nothing_on_the_host(live: Place) -> None:
    live.commit({"infra/motd": "another\n", ".env.staging": "GREETING=hi\nREGION=us\n"})
    root = Path(live.config.root)
    before = tree(root)
    assert set(live.plan().services) > {"caddy", "db"}
    assert tree(root) == before


def test_layers_of_any_running_image_are_there_already(live: Place) -> None:
    live.commit({"apps/website/src/page.tsx": "// other\n"})
    live.push("website", NEW_WEBSITE)
    plan = live.plan()
    website = plan.app("website")
    assert (website.action, website.pull_bytes, website.restarts) == ("reuse", 3_400_000, True)
    assert (plan.app("cms").pull_bytes, plan.pull_bytes, plan.services) == (0, 3_400_000, ("website",))
    assert sum(request.startswith("GET") for request in live.server.requests) == 3
    again = live.plan()
    assert again.model_copy(update={"seconds": plan.seconds}) == plan
    assert not any(request.startswith("GET") for request in live.server.requests)  # manifests never change


def test_what_two_apps_share_is_pulled_once(fresh: Place) -> None:
    plan = fresh.plan()
    assert {app.name: app.pull_bytes for app in plan.apps} == {"cms": 52_000_000, "website": 59_000_000}
    assert plan.pull_bytes == 61_000_000


def test_before_the_first_release_everything_starts(fresh: Place) -> None:
    fresh.server.manifests.clear()
    plan = fresh.plan()
    assert (plan.release, plan.pull_bytes) == (None, None)
    assert [(app.deployed, app.pull_bytes, app.restarts) for app in plan.apps] == [(None, None, True)] * 2
    assert plan.services == ("caddy", "cms", "db", "tool", "website")
    assert plan.migrations == ("packages/db/migrations/0001_users.sql",)


def test_a_build_has_to_show_its_digest(live: Place) -> None:
    live.commit({"apps/website/src/page.tsx": "// other\n"})
    plan = live.plan()
    website = plan.app("website")
    assert (website.action, website.image, website.pull_bytes, website.restarts) == ("build", None, None, None)
    assert [cause.what for cause in website.causes] == ["apps/website/src/page.tsx"]
    assert (plan.app("cms").restarts, plan.services) == (False, ("website",))


def test_a_new_key_with_the_image_that_runs_restarts_nothing(live: Place) -> None:
    live.commit({"apps/website/src/page.tsx": "// a comment\n"})
    live.push("website", OLD_WEBSITE)
    plan = live.plan()
    website = plan.app("website")
    assert website.previous_key not in {None, website.key}
    assert (website.action, website.pull_bytes, website.restarts, plan.services) == ("reuse", 0, False, ())
    assert not any(request.startswith("GET") for request in live.server.requests)


def test_another_definition_restarts_also_the_same_image(live: Place) -> None:
    live.commit({"compose.yaml": COMPOSE.replace("${GREETING}", "${GREETING}!")})
    plan = live.plan()
    assert {app.name: (app.restarts, app.pull_bytes) for app in plan.apps} == {"cms": (False, 0), "website": (True, 0)}
    assert plan.services == ("website",)


def test_a_committed_value_restarts_what_refers_to_it(live: Place) -> None:
    live.commit({".env.staging": ENV_FILE.replace("hello", "hi")})
    assert live.plan().services == ("website",)


def test_a_build_whose_definition_changes_restarts_for_certain(live: Place) -> None:
    live.commit({".env.staging": ENV_FILE.replace("hello", "hi"), "apps/website/src/page.tsx": "// other\n"})
    website = live.plan().app("website")
    assert (website.action, website.restarts) == ("build", True)


def test_third_party_services_restart_with_their_definition(live: Place) -> None:
    us = ENV_FILE.replace("eu", "us")
    found = {}
    for name, files in {
        "definition": {"compose.yaml": COMPOSE.replace("REGION: ", "AREA: ")},
        "image": {"compose.yaml": COMPOSE.replace("postgres:15", "postgres:16")},
        "mounted file": {"infra/motd": "another\n"},
        "mounted file and value": {"infra/motd": "another\n", ".env.staging": us},
        "routes": {"infra/Caddyfile": CADDYFILE.replace("website.test", "www.test")},
        "nothing": {"README.md": "Other.\n"},
    }.items():
        git(live.runner.repo, "reset", "--quiet", "--hard", "first")
        live.commit(files)
        found[name] = live.plan().services
    assert found == {
        "definition": ("db",),
        "image": ("db",),
        "mounted file": ("caddy",),
        "mounted file and value": ("caddy", "db"),
        "routes": (),
        "nothing": (),
    }


def test_migrations_are_those_that_the_environment_has_not_applied(fresh: Place) -> None:
    with connect(fresh.runner, "staging") as host:
        host.write(f"{fresh.config.root}/.env", ENV_FILE.encode(), mode=0o600)
    fresh.commit({f"packages/db/migrations/000{number}_x.sql": "SELECT 1;\n" for number in (2, 3)})
    fresh.release({}, applied=("0001_users.sql", "0002_x.sql"))
    assert fresh.plan().migrations == ()
    git(fresh.runner.repo, "commit", "--quiet", "--amend", "--message=another history")
    git(fresh.runner.repo, "reflog", "expire", "--expire=now", "--all")
    git(fresh.runner.repo, "gc", "--quiet", "--prune=now")
    assert fresh.plan().migrations == ("packages/db/migrations/0003_x.sql",)


@pytest.mark.parametrize(
    ("damage", "pulled", "said"),
    [
        (None, None, ()),
        (b"other bytes", None, ("the registry gives other bytes than it was asked for",)),
    ],
)
def test_what_no_registry_tells_is_not_known(
    live: Place, damage: bytes | None, pulled: int | None, said: tuple[str, ...]
) -> None:
    live.commit({"apps/website/src/page.tsx": "// other\n"})
    reference = live.push("website", NEW_WEBSITE)
    name = "mini/website", reference.partition("@")[2]
    del live.server.manifests[name]
    if damage:
        live.server.manifests[name] = damage
    plan = live.plan()
    assert (plan.app("website").pull_bytes, plan.app("website").restarts) == (pulled, True)
    assert all(any(words in line for line in live.lines) for words in said)
    assert len([line for line in live.lines if line.startswith("warning")]) == len(said)


def test_the_command_shows_it(live: Place, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    live.commit({"apps/website/src/page.tsx": "// other\n"})
    live.push("website", NEW_WEBSITE)
    config = tmp_path / "runner.json"
    config.write_text(live.runner.config.model_dump_json(exclude_none=True))
    assert run(["--config", str(config), "plan", str(live.runner.repo), "--env", "staging"]) == 0
    shown = capsys.readouterr().out
    assert "  restarts  website\n" in shown
    assert "  pulls     3.4 MB\n" in shown
