"""The docker client of this machine: whether it can build."""

import os
from pathlib import Path

from alecia_pipeline.adapters.sandbox.commands import run

ANSWER_SECONDS = 20

_FIX = "install Docker with the buildx plugin and start it; `alecia sandbox up` does so on Debian and Ubuntu"


def describe_builder(builder: str | None, docker_config: Path | None) -> str:
    """Return the versions of engine and buildx. Raises OutsideError when one does not answer, or `builder` is unknown.

    `docker_config` is the client's configuration; default: the client's own.
    """
    env = {**os.environ, **({"DOCKER_CONFIG": str(docker_config)} if docker_config else {})}

    def ask(*words: str) -> str:
        return run(["docker", *words], env=env, timeout=ANSWER_SECONDS, fix=_FIX).strip()

    engine = ask("version", "--format", "{{.Server.Version}}")
    buildx = ask("buildx", "version").split()
    if builder:
        ask("buildx", "inspect", builder)
    return f"engine {engine}, buildx {buildx[1] if len(buildx) > 1 else buildx}"
