"""`alecia release`: everything a commit says, to one environment."""

from pathlib import Path

import click

from alecia_pipeline.cli.output import format_option
from alecia_pipeline.cli.recording import Wanted, recorded
from alecia_pipeline.cli.runner import environment_option, make_runner, repo_option


@click.command()
@repo_option
@environment_option
@click.option("--rev", default="HEAD", show_default=True, help="The commit to release.")
@format_option()
@click.pass_context
def release(ctx: click.Context, repo: Path, environment: str, rev: str, output: str) -> None:
    """Audit, build, migrate, stage, switch and smoke-test a commit; what failed is reverted, exit 1.

    \b
    Examples:
      alecia release --env staging
      alecia release --env staging --rev v1.4.0 --format json
    """
    recorded(ctx, make_runner(ctx, repo), Wanted(environment, rev), output)
