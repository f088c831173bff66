"""`alecia doctor`: what stands in the way of a release to an environment."""

from pathlib import Path

import click
from rich.text import Text

from alecia_pipeline.cli.output import format_option, print_json, stdout
from alecia_pipeline.cli.runner import environment_option, make_runner, repo_option
from alecia_pipeline.errors import ExitCode
from alecia_pipeline.operations.check import Check
from alecia_pipeline.operations.diagnosing import diagnose

_MARKS = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "failed": ("✗", "bold red")}


@click.command()
@repo_option
@environment_option
@format_option()
@click.pass_context
def doctor(ctx: click.Context, repo: Path, environment: str, output: str) -> int:
    """Look at repository, builder, registry, host, secrets, release, DNS and certificates, all at once.

    \b
    Exit 4 when something would make a release fail. Releases, values and containers stay as they are.
    Examples:
      alecia doctor --env staging
      alecia doctor --env staging --format json
    """
    found = diagnose(make_runner(ctx, repo), environment)
    if output == "json":
        print_json(found)
    else:
        for check in found.checks:
            stdout().print(_line(check))
    return int(ExitCode.OUTSIDE if found.failed else ExitCode.OK)


def _line(check: Check) -> Text:
    mark, style = _MARKS[check.verdict]
    line = Text.assemble((f"{mark} {check.name:10}", style), f" {check.detail}")
    return line.append(f"\n{'':13}fix: {check.fix}", "dim") if check.fix else line
