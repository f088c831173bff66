"""`alecia logs`: what a service of an environment prints."""

from pathlib import Path

import click

from alecia_pipeline.cli.runner import environment_option, make_runner, repo_option
from alecia_pipeline.operations import inspecting


@click.command()
@click.argument("service")
@repo_option
@environment_option
@click.option("-f", "--follow", is_flag=True, help="Go on until Ctrl-C.")
@click.option("--lines", default=200, show_default=True, type=click.IntRange(min=0), help="How many old lines first.")
@click.pass_context
def logs(ctx: click.Context, service: str, repo: Path, environment: str, *, follow: bool, lines: int) -> None:
    """Print the log of an app's live container, or of another service, over SSH; secrets are masked.

    \b
    Examples:
      alecia logs website --env staging
      alecia logs caddy --env staging -f --lines 20
    """
    for line in inspecting.logs(make_runner(ctx, repo), environment, service, follow=follow, lines=lines):
        click.echo(line)
