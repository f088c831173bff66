"""`alecia audit`: every finding of every app at once, before anything is built."""

from pathlib import Path
from typing import Any

import click

from alecia_pipeline.audit.finding import Report
from alecia_pipeline.cli.findings import annotations, print_text, sarif
from alecia_pipeline.cli.output import format_option, print_json
from alecia_pipeline.cli.runner import make_runner, repo_argument
from alecia_pipeline.errors import ExitCode
from alecia_pipeline.operations.auditing import audit as run_audit


@click.command()
@repo_argument
@click.option("--rev", metavar="REV", help="Revision to audit.  [default: HEAD]")
@click.option("--worktree", is_flag=True, help="Audit the files as they are now, not a commit.")
@click.option("--app", "apps", multiple=True, metavar="A", help="Report only what concerns this app; may be repeated.")
@format_option("github", "sarif")
@click.pass_context
def audit(ctx: click.Context, repo: Path, rev: str | None, worktree: bool, apps: tuple[str, ...], output: str) -> int:  # noqa: FBT001 - click passes each option
    """Find what would break a build: undeclared imports, a stale lockfile, Dockerfile traps, junk.

    Reads git objects only: no install, no network, and no line of the repository's code is run.

    \b
    Examples:
      alecia audit
      alecia audit ../alepanel --app website --format json
      alecia audit --worktree          as a pre-commit hook
      alecia audit --format github     as annotations of a workflow
    """
    if worktree and rev:
        raise click.UsageError("--rev and --worktree exclude each other")
    report = run_audit(make_runner(ctx, repo), None if worktree else rev or "HEAD", apps)
    _PRINTERS[output](report)
    return int(ExitCode.FAILED if report.errors else ExitCode.OK)


def _github(report: Report) -> None:
    for line in annotations(report):
        click.echo(line)


_PRINTERS: dict[str, Any] = {
    "text": print_text,
    "json": print_json,
    "github": _github,
    "sarif": lambda report: print_json(sarif(report)),
}
