"""`alecia migrate`: apply the pending SQL files of a commit."""

from pathlib import Path

import click

from alecia_pipeline.adapters.git import resolve
from alecia_pipeline.cli.output import format_option, print_json, stdout
from alecia_pipeline.cli.runner import environment_option, make_runner, repo_option
from alecia_pipeline.operations.migrating import MigrationReport, apply_migrations


@click.command()
@repo_option
@environment_option
@click.option("--rev", default="HEAD", show_default=True, help="The commit whose files are applied.")
@format_option()
@click.pass_context
def migrate(ctx: click.Context, repo: Path, environment: str, rev: str, output: str) -> None:
    """Apply the SQL files of a commit that the environment's database does not have yet.

    \b
    Examples:
      alecia migrate --env staging
      alecia migrate --env staging --rev v1.4.0 --format json
    """
    report = apply_migrations(make_runner(ctx, repo), environment, resolve(repo, rev))
    if output == "json":
        print_json(report)
    else:
        _print(report)


def _print(report: MigrationReport) -> None:
    for name in report.applied_now:
        stdout().print(f"applied  {name}", markup=False)
    stdout().print(
        f"{len(report.applied_now)} applied, {len(report.applied_before)} were there, in {report.seconds} s"
        + ("" if report.revertible else "; not revertible: they do more than add"),
        markup=False,
    )
