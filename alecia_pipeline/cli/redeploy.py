"""`alecia redeploy`: some apps only; the others keep their containers."""

from pathlib import Path

import click

from alecia_pipeline.cli.output import format_option
from alecia_pipeline.cli.recording import Wanted, recorded
from alecia_pipeline.cli.runner import environment_option, make_runner, repo_option


@click.command()
@click.argument("apps", nargs=-1, required=True, metavar="APP...")
@repo_option
@environment_option
@format_option()
@click.pass_context
def redeploy(ctx: click.Context, apps: tuple[str, ...], repo: Path, environment: str, output: str) -> None:
    """Release some apps of HEAD alone; an app that is broken elsewhere does not stop them.

    \b
    Examples:
      alecia redeploy website --env staging
      alecia redeploy cms flows --env staging
    """
    recorded(ctx, make_runner(ctx, repo), Wanted(environment, "HEAD", apps), output)
