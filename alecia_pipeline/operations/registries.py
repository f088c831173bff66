"""How the runner reaches registries: by which name, with which login."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alecia_pipeline.adapters.registry import Registry, stored_login
from alecia_pipeline.adapters.registry_http import ATTEMPTS, RegistryClient
from alecia_pipeline.images.ports import ImageRegistry
from alecia_pipeline.images.reference import image_repository
from alecia_pipeline.operations.runner import Runner


def docker_config(runner: Runner) -> Path | None:
    """Return the configured folder of the docker client's logins, or None for the client's own."""
    folder = runner.config.builder.docker_config
    return Path(folder).expanduser() if folder else None


@contextmanager
def open_registry(runner: Runner, registry: str, attempts: int = ATTEMPTS) -> Iterator[ImageRegistry]:
    """Connect to the registry with the runner's login, whose password the log will never show."""
    with registry_at(runner, image_repository(registry, "any").host, attempts=attempts) as connected:
        yield connected


@contextmanager
def registry_at(
    runner: Runner, host: str, login_host: str | None = None, *, attempts: int = ATTEMPTS
) -> Iterator[ImageRegistry]:
    """Connect to a registry's host. `login_host`: the name its login is stored under, where that is another."""
    with Registry(registry_client(runner, host, login_host, attempts=attempts)) as connected:
        yield connected


def registry_client(
    runner: Runner, host: str, login_host: str | None = None, *, attempts: int = ATTEMPTS
) -> RegistryClient:
    """Return a client with the runner's login, whose password the log will never show. The caller closes it."""
    login = stored_login(login_host or host, docker_config(runner))
    if login:
        runner.redactor.learn([login.password, login.encoded()])
    return RegistryClient(host, login, attempts=attempts)
