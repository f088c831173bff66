"""pnpm, to write a lockfile anew: of the pinned version, on a copy of what it reads, in a folder of its own.

No code of the repository is in that folder, and pnpm is told to run none. Where Node is installed it runs here, with
the user's own logins of registries; else in a container that gets the folder and nothing more of this machine.
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from alecia_pipeline.audit.manifests.regeneration import SECONDS, Regeneration
from alecia_pipeline.errors import OutsideError
from alecia_pipeline.source.lockfile import LOCKFILE

BRIEF = {"CI": "true", "npm_config_fetch_retries": "1", "npm_config_update_notifier": "false"}
"""So that npm gives up soon, and asks nothing."""

IN_CONTAINER: Mapping[str, str] = {"HOME": "/tmp", **BRIEF}  # noqa: S108 - the container's
"""The environment in a container; HOME is also where to stand."""

_PASSED_ON = ("PATH", "HOME", "LANG", "TMPDIR", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "NODE_EXTRA_CA_CERTS")
"""Of the user's environment: a setting such as `registry=https://host/${TOKEN}` gets no secret to send away."""

_TAIL = 2000
"""Characters of pnpm's output that an error shows."""

_FIX = "run `pnpm install --lockfile-only`"


def regenerate(wanted: Regeneration, docker_config: Path | None) -> bytes:
    """Return the lockfile that pnpm writes.

    `docker_config` is the folder with the login for a container's image. Raises OutsideError when pnpm fails, or when
    neither Node nor an engine is there.
    """
    with laid_out(wanted) as folder, TemporaryDirectory(prefix="alecia-npx-") as elsewhere:
        argv = list(wanted.install(str(folder)))
        if shutil.which(argv[0]) is None:
            argv = _in_container(wanted, folder, docker_config)
        _run(argv, Path(elsewhere))
        return (folder / LOCKFILE).read_bytes()


@contextmanager
def laid_out(wanted: Regeneration) -> Iterator[Path]:
    """Write what pnpm reads into a new folder, which is gone afterwards."""
    with TemporaryDirectory(prefix="alecia-lockfile-") as name:
        folder = Path(name)
        for path, data in wanted.files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(data)
        yield folder


def _in_container(wanted: Regeneration, folder: Path, docker_config: Path | None) -> list[str]:
    """Return the docker client's command."""
    if shutil.which("docker") is None:
        fix = f"install Node 20 or Docker, or {_FIX}"
        raise OutsideError("there is no way to run pnpm", where="PATH", why="it has neither npx nor docker", fix=fix)
    login = ["--config", str(docker_config)] if docker_config else []
    limits = ["--cap-drop=ALL", "--security-opt=no-new-privileges", f"--user={os.getuid()}:{os.getgid()}"]
    where = [f"--volume={folder}:/repo", f"--workdir={IN_CONTAINER['HOME']}"]
    variables = [f"--env={name}={value}" for name, value in IN_CONTAINER.items()]
    run = ["docker", *login, "run", "--rm", "--init", *limits, *where, *variables, wanted.image]
    # The client can be ended from here, its container cannot: that one ends itself.
    return [*run, "timeout", f"{SECONDS}", *wanted.install("/repo")]


def _run(argv: list[str], folder: Path) -> None:
    """Run to the end, or for as long as pnpm may take; a process that is ended leaves none of its own behind."""
    env = {name: value for name, value in os.environ.items() if name.upper() in _PASSED_ON or name == "DOCKER_HOST"}
    with subprocess.Popen(
        argv,
        cwd=folder,
        env={**env, **BRIEF},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        try:
            output, _ = process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired as error:
            raise OutsideError("pnpm takes too long", where=argv[0], why=f"over {SECONDS} s", fix=_FIX) from error
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    if process.returncode:
        why = output.decode(errors="replace").strip()[-_TAIL:]
        raise OutsideError("pnpm failed", where=argv[0], why=why, fix=_FIX)
