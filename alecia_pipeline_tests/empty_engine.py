"""An engine that has built nothing yet, beside the machine's own: what a fresh runner starts with."""

import contextlib
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from alecia_pipeline.adapters.sandbox.sandbox import Sandbox
from alecia_pipeline_tests.shop import wait_until

SOCKET = "docker.sock"


@contextlib.contextmanager
def empty_engine(box: Sandbox) -> Iterator[str]:
    """Start one in a container of the VPS's image, in the network of the box's registry; yield its DOCKER_HOST."""
    outside = dict(os.environ)  # a test points its own at the new engine, which knows nothing of this container
    vps = box.status().vps_container
    image = _docker("inspect", "--format={{.Config.Image}}", vps)
    network = _docker("inspect", "--format={{range $name, $_ := .NetworkSettings.Networks}}{{$name}}{{end}}", vps)
    with TemporaryDirectory(prefix="engine-") as folder:  # not pytest's own, whose names are too long for a socket
        host = f"unix://{folder}/{SOCKET}"
        container = _docker(
            "run", "--detach", "--rm", "--privileged", f"--network={network}", f"--volume={folder}:/run/engine",
            "--volume=/etc/docker/certs.d:/etc/docker/certs.d:ro", "--entrypoint=dockerd",
            image, f"--host=unix:///run/engine/{SOCKET}",
        )  # fmt: skip
        try:
            wait_until(lambda: Path(folder, SOCKET).exists() and _answers(host), 60, "an empty engine")
            yield host
        finally:
            _docker("rm", "--force", "--volumes", container, environment=outside)
            assert container not in _docker("ps", "--all", "--quiet", "--no-trunc", environment=outside)


def _docker(*words: str, environment: Mapping[str, str] | None = None) -> str:
    command = ["docker", *words]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout.strip()


def _answers(host: str) -> bool:
    return subprocess.run(["docker", "--host", host, "info"], capture_output=True, check=False).returncode == 0
