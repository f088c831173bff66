"""`alecia audit`: every finding of every app at once, before anything is built."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from alecia_pipeline.audit.finding import Report
from alecia_pipeline.cli.output import format_option, print_json
from alecia_pipeline.cli.runner import make_runner, repo_argument
from alecia_pipeline.errors import ExitCode
from alecia_pipeline.operations.reporting import report


@click.command()
@repo_argument
@click.option("--rev", metavar="REV", help="Revision to audit.  [default: HEAD]")
@click.option("--worktree", is_flag=True, help="Audit the files as they are now, not a commit.")
@click.option("--app", "apps", multiple=True, metavar="A", help="Report only what concerns this app; may be repeated.")
@click.option("--fix", is_flag=True, help="Mend what edits mend in the working tree: a diff first, then a question.")
@click.option("--yes", is_flag=True, help="With --fix: write without asking.")
@format_option("github", "sarif")
@click.pass_context
def audit(
    ctx: click.Context,
    /,
    repo: Path,
    rev: str | None,
    apps: tuple[str, ...],
    output: str,
    **flags: bool,
) -> int:
    """Find what would break a build: undeclared imports, a stale lockfile, Dockerfile traps, junk.

    Reads git objects only: no install, no network, and no line of the repository's code is run. `--fix` declares what
    is imported and lets the pinned pnpm write the lockfile anew, without scripts.

    \b
    Examples:
      alecia audit
      alecia audit ../alepanel --app website --format json
      alecia audit --worktree          as a pre-commit hook
      alecia audit --format github     as annotations of a workflow
      alecia audit --fix               declare what is missing
    """
    _check(rev, output, flags)
    runner = make_runner(ctx, repo)
    if flags["fix"]:
        from alecia_pipeline.cli.fixing import fix  # noqa: PLC0415 - an audit alone starts faster without it

        return fix(runner, apps, yes=flags["yes"])
    with _uncollected():
        found = report(runner, None if flags["worktree"] else rev or "HEAD", apps)
    _print(found, output)
    return int(ExitCode.FAILED if found.errors else ExitCode.OK)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Leave cycles of values alone: a short run makes few, and looking for them takes an eighth of it."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _check(rev: str | None, output: str, flags: dict[str, bool]) -> None:
    if rev and flags["worktree"]:
        raise click.UsageError("--rev and --worktree exclude each other")
    if rev and flags["fix"]:
        raise click.UsageError("--fix edits the working tree; --rev names a commit")
    if flags["fix"] and output != "text":
        raise click.UsageError("--fix prints a diff, so it has no other --format than text")
    if flags["yes"] and not flags["fix"]:
        raise click.UsageError("--yes goes with --fix")


def _print(report: Report, output: str) -> None:
    """Print in one of the formats; each brings its own libraries, so only the wanted one is loaded."""
    if output == "json":
        print_json(report)
    elif output == "sarif":
        from alecia_pipeline.cli.sarif import sarif  # noqa: PLC0415

        print_json(sarif(report))
    elif output == "github":
        from alecia_pipeline.cli.annotations import annotations  # noqa: PLC0415

        for line in annotations(report):
            click.echo(line)
    else:
        from alecia_pipeline.cli.findings import print_text  # noqa: PLC0415

        print_text(report)
