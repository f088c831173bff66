"""The Docker engine through its SDK: images to run a program in, and containers to take away."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import docker
from docker.errors import DockerException, ImageNotFound

from alecia_pipeline.errors import OutsideError


def ensure_image(reference: str, docker_config: Path | None) -> None:
    """Pull an image that the engine has not. Raises OutsideError when no engine or no registry answers.

    `docker_config` is the folder with the registry's login; default: the client's own.
    """
    with _engine(reference) as client:
        if docker_config:
            client.api.reload_config(str(docker_config / "config.json"))
        try:
            client.images.get(reference)
        except ImageNotFound:
            client.images.pull(reference)


def remove_labelled(label: str) -> int:
    """Remove every container with `label` (`name=value`), running or not; return how many. Raises OutsideError."""
    with _engine(label) as client:
        containers = client.containers.list(all=True, filters={"label": label})
        for container in containers:
            container.remove(force=True, v=True)
    return len(containers)


@contextmanager
def _engine(where: str) -> Iterator[docker.DockerClient]:
    try:
        client = docker.from_env()
        try:
            yield client
        finally:
            client.close()
    except (DockerException, OSError) as error:  # a lost connection is an OSError of the SDK's HTTP library
        fix = "start Docker, or `alecia sandbox up`; `alecia doctor` says what is missing"
        raise OutsideError("the Docker engine refuses", where=where, why=str(error), fix=fix) from error
