"""Connect to an environment's host, and prepare it: preflight, folders, agent script."""

import contextlib
import getpass
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextvars import ContextVar
from functools import partial

from alecia_pipeline.adapters.host import AGENT_SCRIPT, RemoteHost, agent_of
from alecia_pipeline.adapters.ssh import open_link
from alecia_pipeline.config import EnvironmentConfig, HostConfig
from alecia_pipeline.errors import AleciaError, OutsideError, UsageError
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.rollout.lease import lease
from alecia_pipeline.rollout.ports import Command
from alecia_pipeline.rollout.preflight import PREFLIGHT_SCRIPT, HostReport, judge_preflight

RENEW_SECONDS = 20.0
"""A third of the time after which the host takes a silent holder for dead."""

_KEPT: ContextVar[dict[str, RemoteHost] | None] = ContextVar("kept_connections", default=None)

# A folder that root must make is made through sudo where the user may; else the message says what to run.
_PREPARE = (
    'mkdir -p "$1" 2>/dev/null || sudo -n install -d -o "$(id -u)" -g "$(id -g)" "$1"; '
    'cd "$1" && mkdir -p bin caddy files journal releases staged static && chmod 700 journal'
)


@contextlib.contextmanager
def connect(runner: Runner, environment: str) -> Iterator[RemoteHost]:
    """Connect to the environment's host, with folders and agent script in place. Raises as `open_link` does."""
    kept = _KEPT.get()
    host = None
    try:
        host = (kept or {}).get(environment) or _open(runner, environment)
        if kept is not None:
            kept[environment] = host
        yield host
    except AleciaError as error:
        # What a host answers (the end of a container's log, for one) may show a secret.
        error.what, error.why = runner.redactor(error.what), error.why and runner.redactor(error.why)
        raise
    finally:
        if kept is None and host is not None:
            host.close()


@contextlib.contextmanager
def kept_connections() -> Iterator[None]:
    """Connect to each environment once within the block, not at each step: a release has a dozen of them.

    Only the block's own thread shares them. A lost connection is made anew, as always.
    """
    kept: dict[str, RemoteHost] = {}
    _KEPT.set(kept)
    try:
        yield
    finally:
        _KEPT.set(None)
        for host in kept.values():
            host.close()


@contextlib.contextmanager
def leased(host: RemoteHost) -> Iterator[int]:
    """Hold the environment's lease on the host; yield the fence number. RefusedError when somebody holds it.

    It is renewed as long as this process lives, so that long work without steps (migrations) does not lose it.
    """
    owner = f"{getpass.getuser()}@{socket.gethostname()}:{os.getpid()}"
    with lease(host, host.agent, owner) as fence, _renewed(host, fence):
        yield fence


@contextlib.contextmanager
def _renewed(host: RemoteHost, fence: int) -> Iterator[None]:
    ended = threading.Event()

    def renew() -> None:
        while not ended.wait(RENEW_SECONDS):
            with contextlib.suppress(OutsideError):
                host.run(host.agent.command("lease-renew", str(fence)))

    thread = threading.Thread(target=renew, daemon=True, name="lease")
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def prepare_host(runner: Runner, environment: str) -> HostReport:
    """Check what the host must have, install what the rollout needs. Raises OutsideError naming all that is missing."""
    with connect(runner, environment) as host:
        before = time.time()
        done = host.run(Command.of("sh", "-c", PREFLIGHT_SCRIPT, "sh", host.agent.root))
        report = judge_preflight(done.text, runner_time=(before + time.time()) / 2, where=host.where)
        for line in report.warnings:
            runner.log(f"{environment}/host: {line}")
        return report


def _open(runner: Runner, environment: str) -> RemoteHost:
    config = runner.config.environment(environment)
    host = RemoteHost(partial(open_link, _only_host(environment, config)), agent_of(config.root))
    try:
        _install_agent(host)
    except BaseException:
        host.close()
        raise
    return host


def _only_host(environment: str, config: EnvironmentConfig) -> HostConfig:
    if len(config.hosts) > 1:
        raise UsageError(
            "this version releases to one host per environment",
            where=f"environments.{environment}.hosts",
            why=f"{len(config.hosts)} hosts are listed",
            fix="leave one of them in the list",
        )
    return config.hosts[0]


def _install_agent(host: RemoteHost) -> None:
    if host.run(Command.of("test", "-x", host.agent.path)).status == 0:
        return
    prepared = host.run(Command.of("sh", "-c", _PREPARE, "sh", host.agent.root))
    if prepared.status:
        raise OutsideError(
            "the folder of the releases cannot be made on the host",
            where=f"{host.where} {host.agent.root}",
            why=prepared.stderr.decode(errors="replace").strip(),
            fix=f"on the host: sudo install -d -o $USER {host.agent.root}",
        )
    host.write(host.agent.path, AGENT_SCRIPT, mode=0o755)
