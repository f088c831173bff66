"""`<env>/smoke`: every public host name of the environment asked as a visitor asks it."""

import time
from collections.abc import Sequence

from alecia_pipeline.adapters.http import fetch_all
from alecia_pipeline.errors import RefusedError
from alecia_pipeline.operations.hosts import connect
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.smoke.probes import Probe, plan_probes, served_hosts
from alecia_pipeline.smoke.verdict import SmokeReport, judge
from alecia_pipeline.source.documents import load_json

CADDY_FILE = "releases/live/caddy.json"
PATIENCE_SECONDS = 30.0
"""A first certificate takes some seconds; the confirm-or-revert timer of the host waits longer than this."""


def smoke(runner: Runner, environment: str, patience: float = PATIENCE_SECONDS) -> SmokeReport:
    """Ask every host name that the live release serves, and the configured probes; failures are in the report.

    Raises RefusedError when nothing has been released.
    """
    return run_probes(runner, environment, live_probes(runner, environment), patience)


def live_probes(runner: Runner, environment: str) -> tuple[Probe, ...]:
    """Return what asks every host name that the live release serves. RefusedError when nothing has been released."""
    config = runner.config.environment(environment)
    with connect(runner, environment) as host:
        path = f"{config.root}/{CADDY_FILE}"
        found = host.read(path)
    if found is None:
        raise RefusedError(
            "there is nothing to smoke-test: no release is live",
            where=f"{config.hosts[0].address}:{path}",
            why="the file with the served host names comes with the first release",
            fix=f"`alecia release --env {environment}`",
        )
    return plan_probes(served_hosts(load_json(found, path)), config)


def run_probes(runner: Runner, environment: str, probes: Sequence[Probe], patience: float) -> SmokeReport:
    """Make the requests and judge them; one log line for each that failed."""
    started = time.monotonic()
    answers = fetch_all(probes, runner.config.environment(environment).public, patience)
    results = tuple(judge(probe, found) for probe, found in zip(probes, answers, strict=True))
    report = SmokeReport(environment=environment, probes=results, seconds=round(time.monotonic() - started, 2))
    for failure in report.failures:
        runner.log(f"{environment}/smoke: https://{failure.host}{failure.path} failed: {failure.detail}")
    return report
