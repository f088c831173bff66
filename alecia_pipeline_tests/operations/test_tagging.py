"""Tags of a confirmed release: what they name, what they cost, and that they stop nothing."""

import functools
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from alecia_pipeline.adapters.registry_http import RegistryClient
from alecia_pipeline.config import Config
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.operations.tagging import tag_release
from alecia_pipeline.release.model import AppRelease, MigrationState, ReleaseRecord
from alecia_pipeline_tests.local_link import login
from alecia_pipeline_tests.registry_server import HOST, RegistryServer, digest_of

CMS, WEBSITE, OLDER = b"the image of cms", b"the image of website", b"an older image of website"
ENVIRONMENT = {"domain": "d", "caddyfile": "C", "hosts": [login().model_dump()], "build_args": {"website": {"A": "b"}}}
FIRST, SECOND = "1" * 40, "2" * 40

Serve = Callable[[httpx.BaseTransport], None]


@pytest.fixture
def server() -> RegistryServer:
    held = {("mini/cms", digest_of(CMS)): CMS, ("mini/website", digest_of(WEBSITE)): WEBSITE}
    return RegistryServer(manifests={**held, ("mini/website", "env-staging"): OLDER})


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Serve:
    """Return what lets a transport answer for the registry."""

    def answer(transport: httpx.BaseTransport) -> None:
        client = functools.partial(RegistryClient, transport=transport, pause=lambda _: None)
        monkeypatch.setattr("alecia_pipeline.operations.registries.RegistryClient", client)

    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    return answer


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def runner(tmp_path: Path, lines: list[str]) -> Runner:
    return Runner(tmp_path, Config.model_validate({"environments": {"staging": ENVIRONMENT}}), lines.append)


def app(name: str, data: bytes, commit: str) -> AppRelease:
    digest = digest_of(data)
    image = f"{HOST}/mini/{name}@{digest}"
    return AppRelease(commit=commit, key="k" * 64, digest=digest, image=image, service=name, rollout="overlap")


def record(*moved: str) -> ReleaseRecord:
    return ReleaseRecord(
        id="r",
        environment="staging",
        commit=SECOND,
        parent=None,
        moved=moved,
        apps={"cms": app("cms", CMS, FIRST), "website": app("website", WEBSITE, SECOND)},
        compose_sha256="",
        caddy_sha256="",
        migrations=MigrationState(applied=(), new=(), revertible=True),
        environment_keys={},
        tools={},
        gates={},
    )


def tags(server: RegistryServer) -> dict[tuple[str, str], bytes]:
    return {key: data for key, data in server.manifests.items() if ":" not in key[1]}


def test_what_runs_has_the_environments_tag_and_what_moved_that_of_its_commit(
    runner: Runner, server: RegistryServer, serve: Serve, lines: list[str]
) -> None:
    serve(httpx.WSGITransport(server))
    tag_release(runner, record("website"))
    assert tags(server) == {
        ("mini/cms", "env-staging"): CMS,
        ("mini/website", "env-staging"): WEBSITE,
        ("mini/website", f"commit-{SECOND}-staging"): WEBSITE,  # its build arguments are the environment's
    }
    assert not any("/blobs/" in request for request in server.requests)
    assert lines == []


def test_an_image_that_has_its_tags_costs_one_question_each(
    runner: Runner, server: RegistryServer, serve: Serve
) -> None:
    serve(httpx.WSGITransport(server))
    tag_release(runner, record("cms"))
    assert ("mini/cms", f"commit-{FIRST}") in tags(server)
    server.requests.clear()
    tag_release(runner, record("cms"))
    assert [request.split()[0] for request in server.requests] == ["HEAD"] * 3


def test_a_registry_that_is_silent_is_asked_once_and_stops_nothing(
    runner: Runner, serve: Serve, lines: list[str]
) -> None:
    asked: list[str] = []

    def silent(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        raise httpx.ConnectError("nobody listens")

    serve(httpx.MockTransport(silent))
    tag_release(runner, record("cms", "website"))
    assert len(asked) == 1
    assert len(lines) == 1
    assert "not every image has its tag (commit-" in lines[0]
    assert "env-staging)" in lines[0]


def test_an_image_that_was_cleaned_up_stops_nothing(
    runner: Runner, server: RegistryServer, serve: Serve, lines: list[str]
) -> None:
    del server.manifests["mini/cms", digest_of(CMS)]
    serve(httpx.WSGITransport(server))
    tag_release(runner, record())
    assert "is not in the registry" in lines[0]


def test_a_login_that_cannot_be_read_stops_nothing(
    runner: Runner, server: RegistryServer, serve: Serve, lines: list[str], tmp_path: Path
) -> None:
    serve(httpx.WSGITransport(server))
    (tmp_path / "config.json").write_text("{")
    tag_release(runner, record())
    assert "the docker configuration is not readable" in lines[0]
