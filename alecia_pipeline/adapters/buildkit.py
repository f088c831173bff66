"""BuildKit through docker buildx: the context goes in over standard input, every line of progress comes out."""

import os
import re
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from alecia_pipeline.adapters.oci_layout import OciLayout
from alecia_pipeline.errors import OutsideError, ReleaseFailedError
from alecia_pipeline.images.command import BuildCommand
from alecia_pipeline.images.steps import StepCounter, Steps
from alecia_pipeline.redaction import Redactor, Secret

TAIL_LINES = 30
"""How much of a failed build's output its error carries; the whole went to the log."""

PATIENCE_SECONDS = 10.0
"""A cancelled build may tell the engine to stop; after this it is killed."""

_NO_ENGINE = ("Cannot connect to the Docker daemon", "is the docker daemon running", "unknown command: docker buildx")

_QUESTION_SECONDS = 30
_DRIVER = re.compile(r"^Driver:\s*(\S+)", re.MULTILINE)
_VERSION = re.compile(r"^Build[kK]it(?: version)?:\s*(\S+)", re.MULTILINE)
_DOCKER_DRIVER = "docker"
_IMAGE_STORE = "io.containerd.snapshotter"


def builder_version(name: str | None) -> str | None:
    """Return what builds: `docker 26.1.5` for an engine's own BuildKit, else `buildkit v0.17.2`; None for silence."""
    inspected = _answer("docker", "buildx", "inspect", *([name] if name else []))
    driver, version = _DRIVER.search(inspected), _VERSION.search(inspected)
    if driver and driver[1] == _DOCKER_DRIVER:  # its BuildKit has no version of its own: distributions leave it out
        engine = _answer("docker", "version", "--format={{.Server.Version}}").strip()
        return f"docker {engine}" if engine else None
    return f"buildkit {version[1]}" if version else None


def _why_no_cache_is_written(name: str | None, docker_config: str | None) -> str | None:
    """Ask the builder what drives it, and an engine whose own BuildKit it is for its image store."""
    inspected = _answer("docker", "buildx", "inspect", *([name] if name else []), docker_config=docker_config)
    driver = _DRIVER.search(inspected)
    if driver is None:
        return f"docker buildx inspect does not say what {name or 'the default builder'} is"
    if driver[1] != _DOCKER_DRIVER:
        return None
    store = _answer("docker", "info", "--format={{json .DriverStatus}}", docker_config=docker_config)
    return None if _IMAGE_STORE in store else "the engine's own builder needs the containerd image store for it"


def _answer(*argv: str, docker_config: str | None = None) -> str:
    environment = {**os.environ, **({"DOCKER_CONFIG": docker_config} if docker_config else {})}
    try:
        done = subprocess.run(
            argv,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_QUESTION_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return "" if done.returncode else done.stdout


class BuildKit:
    """Runs builds; several at a time from several threads."""

    def __init__(self, log: Callable[[str], None]) -> None:
        self._log = log
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._cancelled = False
        self._asked: dict[tuple[str | None, str | None], str | None] = {}

    def refuses_cache(self, name: str | None, docker_config: str | None) -> str | None:
        """Return why the builder writes no layer cache to a registry; None: it does. It is asked once."""
        asked = (name, docker_config)
        if asked not in self._asked:  # two threads may both ask; their answers are the same
            self._asked[asked] = _why_no_cache_is_written(name, docker_config)
        return self._asked[asked]

    def build(self, label: str, command: BuildCommand, context: bytes) -> Steps:
        """Run one build; return its steps. Raises ReleaseFailedError when it fails, OutsideError without an engine."""
        counter = StepCounter()
        with TemporaryFile() as stdin:
            stdin.write(context)
            stdin.seek(0)
            with self._start(command, stdin) as process:
                try:
                    tail = self._follow(label, process, counter, Redactor(command.secrets.values()))
                    process.wait()
                finally:
                    _end(process)
                    self._forget(process)
        if process.returncode:
            raise _failure(label, process.returncode, tail)
        return counter.steps

    def open(self, path: Path) -> OciLayout:
        """Open what a build left in a folder. Raises OutsideError when that is no image."""
        return OciLayout(path)

    def cancel(self) -> None:
        """End every build that runs, and start no other."""
        with self._lock:
            self._cancelled = True
            running = tuple(self._running)
        for process in running:
            _signal_group(process, signal.SIGTERM)
        for process in running:
            _end(process)

    def _start(self, command: BuildCommand, stdin: IO[bytes]) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._cancelled:
                raise _cancelled()
            process = _spawn(command, stdin)
            self._running.add(process)
        return process

    def _forget(self, process: subprocess.Popen[bytes]) -> None:
        with self._lock:
            self._running.discard(process)

    def _follow(
        self, label: str, process: subprocess.Popen[bytes], counter: StepCounter, masked: Redactor
    ) -> deque[str]:
        tail: deque[str] = deque(maxlen=TAIL_LINES)
        for raw in process.stdout or ():
            line = masked(raw.decode(errors="replace").rstrip())
            if line:
                tail.append(line)
                counter.take(line)
                self._log(f"{label} | {line}")
        return tail


def _end(process: subprocess.Popen[bytes]) -> None:
    """Leave no process behind: nothing to do after a normal end; the whole group is ended after an interrupt."""
    if process.poll() is None:
        _signal_group(process, signal.SIGTERM)
        try:
            process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            _signal_group(process, signal.SIGKILL)
            process.wait()


def _cancelled() -> ReleaseFailedError:
    return ReleaseFailedError(
        "the build was cancelled",
        where="docker buildx",
        why="the run was interrupted, or another build of it failed",
        fix="start again: what is built already is reused",
    )


def _spawn(command: BuildCommand, stdin: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start the program in a group of its own, so that its plugins end with it."""
    try:
        return subprocess.Popen(
            command.argv,
            env={**os.environ, **command.environment, **_revealed(command.secrets)},
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        raise OutsideError(
            "docker is not installed here",
            where=command.argv[0],
            why=str(error),
            fix="alecia sandbox up, or see README",
        ) from error


def _revealed(secrets: Mapping[str, Secret]) -> dict[str, str]:
    """Return the values as the environment, which only this user can read: the command line is everybody's."""
    return {name: secret.reveal() for name, secret in secrets.items()}


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _failure(label: str, status: int, tail: deque[str]) -> OutsideError | ReleaseFailedError:
    text = "\n".join(tail)
    if any(sign in text for sign in _NO_ENGINE):
        return OutsideError(
            "there is no Docker engine to build with",
            where=label,
            why=tail[-1],
            fix="start the engine, or `alecia sandbox up`",
        )
    return ReleaseFailedError(
        f"the build of {label} failed",
        where=label,
        why=f"docker buildx ended with {status}:\n{text}",
        fix="mend the instruction that failed; `alecia audit` finds what can be seen in the files",
    )
