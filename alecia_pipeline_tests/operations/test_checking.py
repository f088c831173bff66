"""The checks of an image that is built, pushed and, if they let it, tagged. The engine is a fake, all else is real."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from alecia_pipeline.adapters.oci_layout import OciLayout
from alecia_pipeline.adapters.referrers import Referrers
from alecia_pipeline.adapters.registry import Registry
from alecia_pipeline.adapters.registry_http import RegistryClient
from alecia_pipeline.config import BuilderConfig, Config, SecretSource
from alecia_pipeline.errors import OutsideError, ReleaseFailedError
from alecia_pipeline.images.checks.boot import Outcome, Trial
from alecia_pipeline.images.checks.check import Check
from alecia_pipeline.images.command import BuildCommand
from alecia_pipeline.images.ports import Archive, Manifest
from alecia_pipeline.images.reference import Repository as ImageRepository
from alecia_pipeline.images.reference import key_tag
from alecia_pipeline.images.steps import Steps
from alecia_pipeline.operations.building import ImageBuilder
from alecia_pipeline.operations.planning import make_plan
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.redaction import Secret
from alecia_pipeline.release.model import ImageResult
from alecia_pipeline_tests.conftest import Repository, git, write
from alecia_pipeline_tests.monorepo import dockerfile, mini
from alecia_pipeline_tests.oci_images import layer, write_image
from alecia_pipeline_tests.registry_server import HOST, RegistryServer

VALUE = "5f2a9c7d1e3b8a604c1d"
OTHER = "77aa9c7d1e3b8a604c00"

COMPOSE = """\
services:
  cms:
    image: cms
    environment: {DATABASE_URL: "postgres://a:${DB_PASSWORD}@db/a", SITE: "https://${DOMAIN}", KIND: "${KIND:-plain}"}
    healthcheck: {test: [CMD, wget, "http://127.0.0.1:3002/health"]}
  db: {image: postgres}
"""
SECRET_DOCKERFILE = dockerfile("cms", "db").replace("RUN pnpm turbo", "RUN --mount=type=secret,id=t pnpm turbo")


@dataclass
class Built:
    """Leaves the same small image for each build: a base's layer that has a secret, and one of the app."""

    files: dict[str, bytes] = field(default_factory=lambda: {"app/server.js": b"serve()"})
    settings: dict[str, Any] = field(default_factory=dict)
    cancelled: bool = False

    def build(self, label: str, command: BuildCommand, context: bytes) -> Steps:
        folder = Path(next(word for word in command.argv if "dest=" in word).partition("dest=")[2].partition(",")[0])
        base = layer({"root/.env": f"API_KEY={VALUE}".encode()})
        if label == "node:20-alpine":
            write_image(folder, base, Env=[f"BASE_TOKEN={VALUE}"])
        else:
            env = [f"BASE_TOKEN={VALUE}", *self.settings.get("Env", ())]
            write_image(folder, base, layer(self.files), **{**self.settings, "Env": env})
        return Steps(cached=0, executed=1)

    def refuses_cache(self, name: str | None, docker_config: str | None) -> str | None:
        return "it is a fake"

    def open(self, path: Path) -> OciLayout:
        return OciLayout(path)

    def cancel(self) -> None:
        self.cancelled = True


@dataclass
class Tried:
    """An engine that gives one outcome, or fails."""

    outcome: Outcome | OutsideError = field(default_factory=lambda: Outcome("answered", 0.5))
    trials: list[Trial] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    cancelled: bool = False
    closed: bool = False

    def attempt(self, trial: Trial, archive: Archive) -> Outcome:
        self.trials.append(trial)
        self.sizes.append(len(archive.blobs))
        if isinstance(self.outcome, OutsideError):
            raise self.outcome
        return self.outcome

    def cancel(self) -> None:
        self.cancelled = True

    def close(self) -> None:
        self.closed = True


@dataclass
class Place:
    """A repository, a registry, and what is built and started."""

    runner: Runner
    server: RegistryServer
    lines: list[str]
    builder: Built = field(default_factory=Built)
    engine: Tried | None = field(default_factory=Tried)

    @contextmanager
    def opened(self) -> Iterator[ImageBuilder]:
        client = RegistryClient(HOST, None, transport=httpx.WSGITransport(self.server))
        with Registry(client) as registry, Referrers(client) as referrers:
            made = ImageBuilder(
                self.runner,
                make_plan(self.runner, registry=registry),
                builder=self.builder,
                registry=registry,
                referrers=referrers,
                engine=self.engine,
            )
            with made as images:
                yield images

    def build(self) -> ImageResult:
        with self.opened() as images:
            return images.result("cms")

    def checks(self) -> dict[str, Check]:
        return {check.what: check for check in self.build().checks}

    @property
    def tags(self) -> list[str]:
        return [reference for _, reference in self.server.manifests if reference.startswith("key-")]

    def commit(self, files: dict[str, str | bytes]) -> None:
        write(self.runner.repo, files)
        git(self.runner.repo, "add", "--all", "--force")
        git(self.runner.repo, "commit", "--quiet", "--message=more")


@pytest.fixture
def place(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> Place:
    for name in ("GITHUB_TOKEN", "T"):
        monkeypatch.delenv(name, raising=False)
    files = mini({"docker-compose.production.yml": COMPOSE, "apps/cms/Dockerfile": SECRET_DOCKERFILE})
    lines: list[str] = []
    config = Config(registry=f"{HOST}/mini", builder=BuilderConfig())
    return Place(Runner(repository(files), config, lines.append), RegistryServer(), lines)


def configured(place: Place, **update: object) -> None:
    config = place.runner.config.model_copy(update=update)
    place.runner = Runner(place.runner.repo, config, place.runner.sink, place.runner.redactor)


def test_a_sound_image_is_checked_and_tagged(place: Place) -> None:
    result = place.build()
    assert [(check.what, check.verdict) for check in result.checks] == [
        *(("secrets", "passed"), ("user", "passed"), ("boots", "passed")),
        *(("dependencies", "not judged"), ("size", "not judged")),
    ]
    assert result.accepted
    assert place.tags == [key_tag(result.key)]
    assert place.engine is not None
    assert place.engine.closed
    assert "cms | check boots, passed: answered on /health after 0.5 s" in place.lines


def test_a_reused_image_is_not_checked_again(place: Place) -> None:
    place.build()
    assert place.engine is not None
    place.server.requests.clear()
    result = place.build()
    assert (result.reused, result.checks, len(place.engine.trials)) == (True, (), 1)
    assert {request.split()[0] for request in place.server.requests} == {"HEAD"}


@pytest.mark.parametrize(
    ("files", "settings", "what", "found"),
    [
        ({"app/.env": f"API_KEY={VALUE}".encode()}, {}, "secrets", "app/.env:1 (layer 2): API_KEY stands here"),
        ({}, {"Env": [f"API_KEY={VALUE}"]}, "secrets", "ENV API_KEY"),
        ({}, {"User": ""}, "user", "it runs as root"),
    ],
)
def test_what_refuses_an_image_keeps_it_from_its_tag(
    place: Place, files: dict[str, bytes], settings: dict[str, Any], what: str, found: str
) -> None:
    place.builder = Built(files, settings)
    result = place.build()
    (failed,) = [check for check in result.checks if check.refuses]
    assert failed.what == what
    assert found in failed.found
    assert not result.accepted
    assert place.tags == []
    assert place.lines[-1].endswith(f"@{result.digest}, without a tag: a check refuses it")
    assert not any("referrers" in request or "sha256-" in request for request in place.server.requests)
    assert ("mini/cms", result.digest) in place.server.manifests


def test_what_the_configuration_allows_is_allowed(place: Place) -> None:
    allowed = "{root: true, not_secret: [app/.env], boot: false}"
    place.commit({"alecia.yaml": f"apps: {{cms: {{package: '@mini/cms', checks: {allowed}}}}}"})
    place.builder = Built({"app/.env": f"API_KEY={VALUE}".encode()}, {"User": "root"})
    checks = place.checks()
    assert [checks[what].ok for what in ("secrets", "user", "boots")] == [True, True, False]
    assert (checks["boots"].verdict, checks["boots"].severity) == ("not judged", "info")
    assert place.engine is not None
    assert place.engine.trials == []


def test_it_is_started_as_its_compose_service_says(place: Place) -> None:
    place.build()
    assert place.engine is not None
    (trial,) = place.engine.trials
    made_up = trial.service.environment["DATABASE_URL"]
    assert made_up.startswith("postgres://a:")
    assert made_up.endswith("@db/a")
    assert trial.service.environment["SITE"] == "https://made-up.invalid"
    assert trial.service.environment["KIND"] == "plain"
    assert trial.service.made_up == {"DATABASE_URL", "SITE"}
    assert trial.service.health == ("wget", "http://127.0.0.1:3002/health")
    assert (trial.app, trial.seconds, place.engine.sizes) == ("cms", 60, [3])
    assert trial.image.startswith("alecia-check/cms:")
    assert len(trial.base) == 1


HOSTS = [{"address": "h", "user": "u", "identity_file": "k", "host_key": "SHA256:" + "A" * 43}]
STAGING = {"domain": "d", "hosts": HOSTS, "caddyfile": "C", "compose": "compose.yml", "env": {"DOMAIN": "alecia.test"}}


def test_the_values_of_an_environment_are_put_in(place: Place) -> None:
    environments = Config.model_validate({"environments": {"staging": STAGING}}).environments
    configured(place, environments=environments)
    place.commit({"compose.yml": COMPOSE})
    place.build()
    assert place.engine is not None
    assert place.engine.trials[0].service.environment["SITE"] == "https://alecia.test"


@pytest.mark.parametrize(
    "text", ["services: [", "services: {cms: {environment: {A: '${B:?give it}', C: '${'}}}", "a: b"]
)
def test_a_compose_file_that_cannot_be_used_is_told_and_left_out(place: Place, text: str) -> None:
    place.commit({"docker-compose.production.yml": text})
    place.build()
    assert place.engine is not None
    service = place.engine.trials[0].service
    assert service.complete == ("${B" in text)
    assert any("is left out of the check" in line for line in place.lines) == ("${B" not in text)


def test_an_app_without_a_compose_service_is_started_alone(place: Place) -> None:
    place.commit({"docker-compose.production.yml": "services: {db: {image: x}}"})
    place.build()
    assert place.engine is not None
    assert not place.engine.trials[0].service.environment


def test_an_image_that_does_not_answer_has_no_tag(place: Place) -> None:
    place.runner.redactor.learn([Secret("hunter22")])
    place.engine = Tried(Outcome("ended", 0.2, 1, log=("Error: bad password hunter22",)))
    boots = place.checks()["boots"]
    assert boots.refuses
    assert "bad password [redacted]" in boots.found
    assert place.tags == []


def test_an_engine_that_does_not_start_it_is_told_and_stops_nothing(place: Place) -> None:
    place.engine = Tried(OutsideError("the engine does not start the image", why="it sleeps", fix="wake it"))
    boots = place.checks()["boots"]
    assert (boots.verdict, boots.found, boots.fix) == (
        "not judged",
        "the engine does not start the image: it sleeps",
        "wake it",
    )
    assert len(place.tags) == 1


def test_without_an_engine_nothing_is_started(place: Place) -> None:
    place.engine = None
    assert place.checks()["boots"].found == "there is no engine to start it on"


def test_values_that_the_runner_knows_are_looked_for(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", OTHER)
    monkeypatch.setenv("T", VALUE)
    configured(place, builder=BuilderConfig(secrets={"t": SecretSource(env="T")}))
    place.builder = Built({"a.js": OTHER.encode(), "b.js": VALUE.encode(), "c.js": b"masked-value-1"})
    place.runner.redactor.learn([Secret("masked-value-1")])
    found = place.checks()["secrets"].found
    assert "a.js (layer 2): the value of the environment variable GITHUB_TOKEN stands here" in found
    assert "b.js (layer 2): the value of the build secret t stands here" in found
    assert "c.js (layer 2): the value of a secret that this run masks in its log stands here" in found
    assert not any(OTHER in line or VALUE in line for line in place.lines)


def test_the_size_is_compared_with_the_image_before(place: Place) -> None:
    first = place.build()
    place.commit({"README.md": "nothing of cms"})
    place.commit({"apps/cms/src/server.ts": "import '@mini/db'; // more\n"})
    place.builder = Built({"app/server.js": b"serve(more)"})
    size = place.checks()["size"]
    before = git(place.runner.repo, "rev-parse", "HEAD~1")
    assert size.ok
    assert f"commit {before[:12]}" in size.found
    assert (first.size_bytes or 0) > 0


def test_the_size_is_compared_with_the_last_release_before_all_else(place: Place) -> None:
    configured(place, environments=Config.model_validate({"environments": {"staging": STAGING}}).environments)
    released = place.build()
    place.server.manifests["mini/cms", "env-staging"] = place.server.manifests["mini/cms", released.digest]
    for number in range(1, 3):
        place.commit({"compose.yml": COMPOSE, "apps/cms/src/server.ts": f"import '@mini/db'; // {number}\n"})
        place.builder = Built({"app/server.js": bytes(number)})
        assert "(the last release of staging)" in place.checks()["size"].found


def test_commits_without_the_app_have_no_earlier_image(place: Place) -> None:
    place.commit({"apps/cms/Dockerfile": dockerfile("cms", "db")})
    place.commit({"package.json": "{broken"})
    place.commit({"package.json": mini()["package.json"]})
    assert place.checks()["size"].verdict == "not judged"


def test_a_registry_that_fails_while_sizes_are_compared_is_told(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    earlier = place.build().digest
    place.builder.files = {"app/server.js": b"serve() // more"}
    place.commit({"apps/cms/src/server.ts": "import '@mini/db'; // more\n"})
    answer = Registry.manifest

    def fail(registry: Registry, repository: ImageRepository, reference: str) -> Manifest | None:
        if reference == earlier:
            raise OutsideError("the registry does not answer", why="HTTP 500")
        return answer(registry, repository, reference)

    monkeypatch.setattr(Registry, "manifest", fail)
    size = place.checks()["size"]
    assert (size.verdict, size.found) == ("not judged", "the registry does not answer: HTTP 500")
    assert len(place.tags) == 2


@dataclass
class Endless(Tried):
    """An engine whose trials end when they are cancelled."""

    begun: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)

    def attempt(self, trial: Trial, archive: Archive) -> Outcome:
        self.begun.set()
        assert self.ended.wait(20)
        raise OutsideError("the engine does not start the image", why="the run was interrupted")

    def cancel(self) -> None:
        self.ended.set()


def test_what_is_interrupted_is_not_tagged(place: Place) -> None:
    place.engine = engine = Endless()
    with place.opened() as images:
        images.start(["cms"])
        assert engine.begun.wait(20)
    assert place.tags == []
    with pytest.raises(ReleaseFailedError, match="the checks of cms were cancelled"):
        images.result("cms")


def test_packages_of_the_manifest_are_looked_for(place: Place) -> None:
    place.builder = Built({"app/package.json": b'{"name": "@mini/cms"}', "app/node_modules/x/package.json": b"{}"})
    found = place.checks()["dependencies"]
    assert (found.verdict, found.found) == ("warning", "@mini/db cannot be resolved from /app, of 1 dependencies")
    assert len(place.tags) == 1
