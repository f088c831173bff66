"""`alecia plan`: what a release would do, and why. It changes nothing."""

from pathlib import Path

import click

from alecia_pipeline.cli.output import format_option, print_json, stdout
from alecia_pipeline.cli.plan_text import print_plan
from alecia_pipeline.cli.runner import make_runner, repo_argument
from alecia_pipeline.errors import ExitCode, UsageError
from alecia_pipeline.operations.planning import make_plan
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.release.model import Plan


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
    An app that cannot be planned as the commit is counts as to be built, and the exit code is 2.
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
    made = _against(runner, environment, rev) if environment else make_plan(runner, rev, since=since, to_look=True)
    if output == "json":
        print_json(made)
    else:
        print_plan(made, stdout())
    if any(app.problem for app in made.apps):
        ctx.exit(ExitCode.USAGE)


def _against(runner: Runner, environment: str, rev: str) -> Plan:
    from alecia_pipeline.operations.comparing import plan_for  # noqa: PLC0415 - 0.7 s of SSH that only --env needs

    return plan_for(runner, environment, rev)
