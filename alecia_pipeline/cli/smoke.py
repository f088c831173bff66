"""`alecia smoke`: ask every public host name of an environment."""

from pathlib import Path

import click

from alecia_pipeline.cli.output import format_option, print_json, stdout
from alecia_pipeline.cli.runner import environment_option, make_runner, repo_option
from alecia_pipeline.errors import ExitCode
from alecia_pipeline.operations import smoking
from alecia_pipeline.smoke.verdict import ProbeResult, SmokeReport


@click.command()
@repo_option
@environment_option
@format_option()
@click.pass_context
def smoke(ctx: click.Context, repo: Path, environment: str, output: str) -> int:
    """Ask every host name that the environment serves, over verified TLS; exit 1 when one fails.

    \b
    Examples:
      alecia smoke --env staging
      alecia smoke --env staging --format json
    """
    report = smoking.smoke(make_runner(ctx, repo), environment)
    if output == "json":
        print_json(report)
    else:
        _print(report)
    return int(ExitCode.OK if report.passed else ExitCode.FAILED)


def _print(report: SmokeReport) -> None:
    for probe in report.probes:
        stdout().print(_line(probe), markup=False)
    stdout().print(f"{len(report.probes) - len(report.failures)} of {len(report.probes)} passed in {report.seconds} s")


def _line(probe: ProbeResult) -> str:
    status = "---" if probe.status is None else str(probe.status)
    detail = f"  {probe.detail}" if probe.detail else ""
    return f"{probe.verdict:6}  {status}  {probe.ms:5} ms  https://{probe.host}{probe.path}{detail}"
