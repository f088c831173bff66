"""`alecia unlock`: take an environment's lease from a run that is gone."""

from pathlib import Path

import click

from alecia_pipeline.cli.output import log_line
from alecia_pipeline.cli.runner import environment_option, make_runner, repo_option
from alecia_pipeline.operations import inspecting


@click.command()
@repo_option
@environment_option
@click.pass_context
def unlock(ctx: click.Context, repo: Path, environment: str) -> None:
    """Take over from a run whose machine is gone; its steps are refused from now on.

    \b
    Examples:
      alecia unlock --env staging
    """
    holder = inspecting.unlock(make_runner(ctx, repo), environment)
    log_line(f"{environment} is free: {holder} held it" if holder else f"{environment} was free already")
