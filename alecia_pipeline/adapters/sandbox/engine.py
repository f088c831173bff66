"""The container engine: whichever one answers, else the distribution's own, installed and started by us."""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from alecia_pipeline.adapters.sandbox import commands, packages, sources, state
from alecia_pipeline.adapters.sandbox.packages import Report
from alecia_pipeline.adapters.state import locked
from alecia_pipeline.errors import OutsideError, UsageError

DAEMON_SETTINGS = Path("/etc/docker/daemon.json")

FEATURES = {"containerd-snapshotter": True}
"""The containerd image store keeps the digests of pushed and loaded images equal (docs/facts.md)."""

LOCK = Path("/run/lock/alecia-engine")

START_SECONDS = 60.0
STOP_SECONDS = 60.0
POLL_SECONDS = 0.2


def answers() -> bool:
    """Return whether a container engine answers the `docker` command."""
    return commands.succeeds(["docker", "info", "--format", "{{.ServerVersion}}"])


def merged_settings(existing: str) -> str:
    """Return the engine's settings with our features added; every other key stays.

    Raises UsageError if `existing` is not a JSON object.
    """
    try:
        settings = json.loads(existing or "{}")
    except json.JSONDecodeError as error:
        raise _unreadable_settings(str(error)) from error
    if not isinstance(settings, dict):
        raise _unreadable_settings("they are not a JSON object")
    features = {**FEATURES, **settings.get("features", {})}
    return json.dumps({**settings, "features": features}, indent=2) + "\n"


def _unreadable_settings(why: str) -> UsageError:
    return UsageError(
        "The engine's settings cannot be read",
        where=str(DAEMON_SETTINGS),
        why=why,
        fix="mend the file, or move it away: the sandbox writes its own",
    )


def start_time(pid: int) -> str | None:
    """Return the kernel's start time of a process in clock ticks since boot; None if there is no such process."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    return stat.rpartition(")")[2].split()[19]


class Engine:
    """Finds, installs, starts and stops the engine. Only an engine that was started here is ever stopped here."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._log = directory / "dockerd.log"
        self._record = directory / "dockerd.json"

    def ensure(self, report: Report) -> None:
        """Leave an engine running. Raises OutsideError where none answers and none can be installed or started."""
        if not answers():
            self._provide(report)
        if not commands.succeeds(["docker", "buildx", "version"]):
            raise OutsideError(
                "The engine's client has no buildx",
                where="docker buildx version",
                why="images are built by BuildKit through it",
                fix="install Docker's buildx plugin",
            )

    def stop(self, report: Report) -> bool:
        """Stop the engine if it was started here and serves nobody else; return whether it was stopped."""
        pid = self._our_process()
        if pid is None:
            return False
        others = commands.run(["docker", "container", "ls", "--quiet"]).split()
        if others:
            report(f"the engine stays: other containers run in it ({len(others)})")
            return False
        report("stopping the engine that the sandbox started")
        os.kill(pid, signal.SIGTERM)
        if not _wait(lambda: start_time(pid) is None, STOP_SECONDS):
            raise OutsideError(
                f"The engine (process {pid}) did not stop",
                where=str(self._log),
                why=f"it was asked to, and still ran {STOP_SECONDS} s later",
                fix=f"read its log, then: kill {pid}",
            )
        self._record.unlink()
        return True

    def _provide(self, report: Report) -> None:
        names = packages.engine_packages(*sources.operating_system())
        if os.geteuid() != 0 or not names:
            raise OutsideError(
                "No container engine answers here",
                where=os.environ.get("DOCKER_HOST", "the local socket"),
                why="the sandbox can install and start one only on Debian and Ubuntu, and only as root",
                fix="install Docker (Engine, Compose, Buildx) or start it, and check with: docker info",
            )
        report("no container engine answers on this machine")
        with locked(LOCK, report):  # two sandboxes would start two engines
            if shutil.which("dockerd") is None:
                _write_settings()
                packages.install(names, self._directory / "apt", report)
            # On a machine with an init system, installing it has started it; or another sandbox has.
            if not answers():
                self._start(report)

    def _start(self, report: Report) -> None:
        report("starting the container engine (dockerd)")
        _write_settings()
        pid_file = self._directory / "dockerd.pid"
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._log.open("ab") as log:
            # Detached, in its own session: it survives this command, and Ctrl-C does not reach it.
            subprocess.run(
                ["setsid", "--fork", "dockerd", "--pidfile", str(pid_file)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                check=True,
            )
        if not _wait(answers, START_SECONDS):
            raise OutsideError(
                "The engine did not start",
                where=str(self._log),
                why=self._log.read_text()[-1000:],
                fix="mend what its log says, and check with: docker info",
            )
        pid = int(pid_file.read_text())
        state.write(self._record, json.dumps({"pid": pid, "start_time": start_time(pid)}))

    def _our_process(self) -> int | None:
        if not self._record.is_file():
            return None
        record = json.loads(self._record.read_text())
        # A process id alone may belong to another program by now.
        return record["pid"] if start_time(record["pid"]) == record["start_time"] else None


def _write_settings() -> None:
    existing = DAEMON_SETTINGS.read_text() if DAEMON_SETTINGS.is_file() else ""
    state.write_changed(DAEMON_SETTINGS, merged_settings(existing))


def _wait(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True
