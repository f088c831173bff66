"""`alecia audit --fix`: the edits as a diff, then the edits themselves when somebody says yes."""

import sys
from collections.abc import Iterable

import click
from rich.text import Text

from alecia_pipeline.cli.findings import print_text
from alecia_pipeline.cli.output import log_line, stdout
from alecia_pipeline.errors import ExitCode
from alecia_pipeline.operations.fixing import apply, propose
from alecia_pipeline.operations.reporting import report
from alecia_pipeline.operations.runner import Runner

_STYLES = {"+": "green", "-": "red", "@": "cyan"}


def fix(runner: Runner, apps: tuple[str, ...], *, yes: bool) -> int:
    """Show what an edit mends in the working tree, write it if agreed, and return the exit code.

    Without a terminal and without `yes` nothing is written, and something to mend is a failure.
    """
    found = report(runner, None, apps)
    proposal = propose(runner, found.findings)
    for finding in proposal.by_hand:
        log_line(f"no version is known, run: {finding.fix}")
    if proposal.after:
        _print_diff(proposal.difference())
        if not (yes or _agreed()):
            log_line("nothing is written; `alecia audit --fix --yes` writes it")
            return int(ExitCode.FAILED)
        apply(proposal)
        found = report(runner, None, apps)
    print_text(found)
    return int(ExitCode.FAILED if found.errors else ExitCode.OK)


def _agreed() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty() and click.confirm("Write this?", default=False)


def _print_diff(lines: Iterable[str]) -> None:
    console = stdout()
    for line in lines:
        console.print(Text(line, style=_STYLES.get(line[:1], "")))
