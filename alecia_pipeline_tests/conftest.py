"""Fixtures for every test: the network is off unless a test is marked `engine`, and repositories are real."""

import functools
import itertools
import os
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import httpx
import pytest
import pytest_socket
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

from alecia_pipeline.adapters.registry_http import RegistryClient
from alecia_pipeline_tests.registry_server import RegistryServer

# A busy machine is no failure: no test is judged by a clock.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

TESTS = Path(__file__).resolve().parent

Repository = Callable[[Mapping[str, str | bytes]], Path]

GIT_ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Test",
    "GIT_AUTHOR_EMAIL": "test@example.invalid",
    "GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z",
    "GIT_COMMITTER_NAME": "Test",
    "GIT_COMMITTER_EMAIL": "test@example.invalid",
    "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z",
}


class Environments(LoadScopeScheduling):  # type: ignore[misc] # xdist has no types
    """Keeps in one process what shares an environment: a folder with fixtures of its own, else a file."""

    def _split_scope(self, nodeid: str) -> str:
        path = self.config.rootpath / nodeid.partition("::")[0]
        shares = path.parent != TESTS and (path.parent / "conftest.py").is_file()
        return str(path.parent if shares else path)


LONGEST = ("e2e/shop", "e2e/test_ways_in.py", "operations/rollout", "e2e/test_bad_input.py")
"""Chains of tests that take minutes. They begin first, or the others wait for the last of them."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Bring the longest chains to the front; else the order stays."""

    def rank(item: pytest.Item) -> int:
        path = item.path.relative_to(TESTS).as_posix()
        return next((place for place, start in enumerate(LONGEST) if path.startswith(start)), len(LONGEST))

    items.sort(key=rank)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadScopeScheduling | None:
    """Share out the tests that need the engine (`--dist loadscope`) so that no two processes release to one host."""
    return Environments(config, log) if config.getvalue("dist") == "loadscope" else None


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Refuse network sockets; unix sockets stay, because asyncio and the engine's client need them."""
    if item.get_closest_marker("engine") is None:
        pytest_socket.disable_socket(allow_unix_socket=True)


def pytest_runtest_teardown() -> None:
    pytest_socket.enable_socket()


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what tests remember out of the user's cache, and what the user remembers out of tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


def git(folder: Path, *arguments: str) -> str:
    """Run git without the user's configuration, and return what it printed."""
    done = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env={**os.environ, **GIT_ENVIRONMENT},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def free_port() -> int:
    """Return a port of 127.0.0.1 on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def write(folder: Path, files: Mapping[str, str | bytes]) -> None:
    """Write files below a folder."""
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """Make real repositories with one commit: `repository({"package.json": "{}"})` returns the folder."""
    numbers = itertools.count(1)

    def make(files: Mapping[str, str | bytes]) -> Path:
        folder = tmp_path / f"repository{next(numbers)}"
        folder.mkdir()
        git(folder, "init", "--quiet", "--initial-branch=main")
        write(folder, files)
        git(folder, "add", "--all", "--force")
        git(folder, "commit", "--quiet", "--allow-empty", "--message=first")
        return folder

    return make


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> RegistryServer:
    """Return the registry that every command asks, whatever its host; without logins, and nobody waits for it."""
    one = RegistryServer()
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    client = functools.partial(RegistryClient, transport=httpx.WSGITransport(one), pause=lambda _: None)
    monkeypatch.setattr("alecia_pipeline.operations.registries.RegistryClient", client)
    return one
