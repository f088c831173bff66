"""`alecia repair`: bring an environment back to a finished state."""

from pathlib import Path

import click

from alecia_pipeline.cli.output import format_option, print_json, stdout
from alecia_pipeline.cli.runner import environment_option, make_runner, repo_option
from alecia_pipeline.operations import inspecting


@click.command()
@repo_option
@environment_option
@format_option()
@click.pass_context
def repair(ctx: click.Context, repo: Path, environment: str, output: str) -> None:
    """Revert a release that was switched to, but neither confirmed nor reverted: its run is gone.

    \b
    Examples:
      alecia repair --env staging
    """
    done = inspecting.repair(make_runner(ctx, repo), environment)
    if output == "json":
        print_json(done)
    else:
        stdout().print(f"{environment}: {done.release or ''} {done.action}: {done.detail}", markup=False)
