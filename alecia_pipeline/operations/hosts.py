"""Connect to an environment's host, and prepare it: preflight, folders, agent script."""

import contextlib
import getpass
import os
import socket
import time
from collections.abc import Iterator
from functools import partial

from alecia_pipeline.adapters.host import AGENT_SCRIPT, RemoteHost, agent_of
from alecia_pipeline.adapters.ssh import open_link
from alecia_pipeline.config import EnvironmentConfig, HostConfig
from alecia_pipeline.errors import AleciaError, OutsideError, UsageError
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.rollout.lease import lease
from alecia_pipeline.rollout.ports import Command
from alecia_pipeline.rollout.preflight import PREFLIGHT_SCRIPT, HostReport, judge_preflight

# A folder that root must make is made through sudo where the user may; else the message says what to run.
_PREPARE = (
    'mkdir -p "$1" 2>/dev/null || sudo -n install -d -o "$(id -u)" -g "$(id -g)" "$1"; '
    'cd "$1" && mkdir -p bin caddy files journal releases staged && chmod 700 journal'
)


@contextlib.contextmanager
def connect(runner: Runner, environment: str) -> Iterator[RemoteHost]:
    """Connect to the environment's host, with folders and agent script in place. Raises as `open_link` does."""
    config = runner.config.environment(environment)
    host = RemoteHost(partial(open_link, _only_host(environment, config)), agent_of(config.root))
    try:
        _install_agent(host)
        yield host
    except AleciaError as error:
        # What a host answers (the end of a container's log, for one) may show a secret.
        error.what, error.why = runner.redactor(error.what), error.why and runner.redactor(error.why)
        raise
    finally:
        host.close()


@contextlib.contextmanager
def leased(host: RemoteHost) -> Iterator[int]:
    """Hold the environment's lease on the host; yield the fence number. RefusedError when somebody holds it."""
    with lease(host, host.agent, f"{getpass.getuser()}@{socket.gethostname()}:{os.getpid()}") as fence:
        yield fence


def prepare_host(runner: Runner, environment: str) -> HostReport:
    """Check what the host must have, install what the rollout needs. Raises OutsideError naming all that is missing."""
    with connect(runner, environment) as host:
        before = time.time()
        done = host.run(Command.of("sh", "-c", PREFLIGHT_SCRIPT, "sh", host.agent.root))
        report = judge_preflight(done.text, runner_time=(before + time.time()) / 2, where=host.where)
        for line in report.warnings:
            runner.log(f"{environment}/host: {line}")
        return report


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
