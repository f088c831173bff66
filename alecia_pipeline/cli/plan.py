"""`alecia plan`: what a release would do, and why. It changes nothing."""

from pathlib import Path

import click

from alecia_pipeline.cli.output import format_option, print_json, stdout
from alecia_pipeline.cli.plan_text import print_plan
from alecia_pipeline.cli.runner import make_runner, repo_argument
from alecia_pipeline.errors import UsageError
from alecia_pipeline.operations.planning import make_plan
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.release.model import ReleaseRecord


@click.command()
@repo_argument
@click.option("--rev", default="HEAD", show_default=True, help="The commit to plan.")
@click.option("--since", metavar="REV", help="Compare with this commit instead of asking the registry.")
@click.option(
    "--env", "environment", metavar="E", help="Plan for this environment: its build arguments, what runs there."
)
@format_option()
@click.pass_context
def plan(ctx: click.Context, repo: Path, rev: str, since: str | None, environment: str | None, output: str) -> None:
    """Show what a release would build, reuse, migrate and restart, and every cause of it.

    \b
    Without --since the registry is asked which images exist. Nothing is built or changed.
    Examples:
      alecia plan --since HEAD~1
      alecia plan ../alepanel --rev v1.2 --format json
    """
    if since and environment:
        raise UsageError(
            "--since and --env exclude each other",
            where="alecia plan",
            why="--since compares two commits, --env compares with what runs there",
            fix="give one of them",
        )
    runner = make_runner(ctx, repo)
    live = _live(runner, environment)
    made = make_plan(runner, rev, since=since, environment=environment, live=live, to_look=True)
    if output == "json":
        print_json(made)
    else:
        print_plan(made, stdout())


def _live(runner: Runner, environment: str | None) -> ReleaseRecord | None:
    if environment is None:
        return None
    from alecia_pipeline.operations.inspecting import live_release  # noqa: PLC0415 - 0.7 s of SSH that only --env needs

    return live_release(runner, environment)
