"""`alecia history`: the releases that an environment keeps."""

from pathlib import Path

import click
from rich.table import Table

from alecia_pipeline.cli.output import format_option, print_json, stdout
from alecia_pipeline.cli.runner import environment_option, make_runner, repo_option
from alecia_pipeline.operations import inspecting
from alecia_pipeline.operations.inspecting import History


@click.command()
@repo_option
@environment_option
@format_option()
@click.pass_context
def history(ctx: click.Context, repo: Path, environment: str, output: str) -> None:
    """List the kept releases, newest first; each can be rolled back to.

    \b
    Examples:
      alecia history --env staging
      alecia rollback --env staging --to 20261122-173312-1a2b3c4d
    """
    found = inspecting.history(make_runner(ctx, repo), environment)
    if output == "json":
        print_json(found)
    else:
        _print(found)


def _print(found: History) -> None:
    table = Table(box=None, pad_edge=False)
    for column in ("", "release", "state", "commit", "moved", "why"):
        table.add_column(column)
    for release in found.releases:
        mark = "live" if release.live else ""
        moved = ", ".join(release.moved) or "nothing"
        table.add_row(mark, release.id, release.state or "", release.commit[:12], moved, release.why)
    stdout().print(table)
