"""`alecia rollback`: make an earlier release live again."""

import importlib
from pathlib import Path

import click

from alecia_pipeline.cli.output import format_option, log_line, print_json, stdout
from alecia_pipeline.cli.runner import environment_option, make_runner, repo_option
from alecia_pipeline.operations.outcome import Outcome, Table
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.operations.stages.gates import AuditGates
from alecia_pipeline.operations.stages.images import BuiltImages
from alecia_pipeline.operations.stages.plans import Plans
from alecia_pipeline.operations.stages.releases import HostReleases


@click.command()
@repo_option
@environment_option
@click.option(
    "--to", "release", metavar="ID", help="Release to restore; default: the one before. See `alecia history`."
)
@format_option()
@click.pass_context
def rollback(ctx: click.Context, repo: Path, environment: str, release: str | None, output: str) -> None:
    """Restore an earlier release: images, services and routes, with today's secrets.

    It is judged by the public smoke like every release, and refused past a migration that does more than add.

    \b
    Examples:
      alecia rollback --env staging
      alecia rollback --env staging --to 20261122-173312-1a2b3c4d
    """
    runner = make_runner(ctx, repo)
    releases = HostReleases(runner, AuditGates(runner), BuiltImages(runner, Plans(runner)))
    done = releases.rollback(environment, release)
    _record(runner, environment, done)
    facts = {name: fact for name, fact in done.facts.items() if not isinstance(fact, Table)}
    if output == "json":
        print_json({"schema": 1, "environment": environment, **facts})
    else:
        stdout().print(f"release {done.version} is live on {environment}; moved: {facts['moved']}", markup=False)


def _record(runner: Runner, environment: str, done: Outcome) -> None:
    """Tell Dagster afterwards. Going back must work while Dagster is broken, so a failure here is only told."""
    try:
        importlib.import_module("alecia_pipeline.defs.afterwards").record_rollback(environment, done, runner.redactor)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with Dagster, the rollback stands
        log_line(f"the rollback stands, but Dagster does not know of it: {error}")
