"""`alecia secrets`: the environment file on the host, by key names only."""

from pathlib import Path

import click

from alecia_pipeline.adapters.git import resolve
from alecia_pipeline.cli.output import format_option, print_json, stdout
from alecia_pipeline.cli.runner import environment_option, make_runner, repo_option
from alecia_pipeline.errors import ExitCode
from alecia_pipeline.operations.secrets import SecretsReport, check_secrets, ensure_secrets, rotate_secret


@click.group()
def secrets() -> None:
    """Generate what is missing in the host's environment file; never touch what exists, never show a value.

    \b
    Examples:
      alecia secrets init --env staging
      alecia secrets check --env staging
      alecia secrets rotate BETTER_AUTH_SECRET --env staging
    """


@secrets.command()
@repo_option
@environment_option
@format_option()
@click.pass_context
def init(ctx: click.Context, repo: Path, environment: str, output: str) -> None:
    """Write the values of commit and runner, and generate the absent secrets."""
    _show(ensure_secrets(make_runner(ctx, repo), environment, resolve(repo, "HEAD")), output)


@secrets.command()
@repo_option
@environment_option
@format_option()
@click.pass_context
def check(ctx: click.Context, repo: Path, environment: str, output: str) -> int:
    """Say which keys have no value; exit 1 when there are any. Changes nothing."""
    report = check_secrets(make_runner(ctx, repo), environment, resolve(repo, "HEAD"))
    _show(report, output)
    return int(ExitCode.FAILED if report.missing else ExitCode.OK)


@secrets.command()
@click.argument("key")
@repo_option
@environment_option
@format_option()
@click.pass_context
def rotate(ctx: click.Context, key: str, repo: Path, environment: str, output: str) -> None:
    """Give the generated secret KEY a new value; the services that use it restart with the next release."""
    report = rotate_secret(make_runner(ctx, repo), environment, resolve(repo, "HEAD"), key)
    if output == "json":
        print_json(report)
        return
    users = ", ".join(report.services) or "no service"
    stdout().print(f"{key} has a new value; used by {users}; release to put it to use", markup=False)


def _show(report: SecretsReport, output: str) -> None:
    if output == "json":
        print_json(report)
        return
    stdout().print(f"{report.path}: {len(report.keys)} keys", markup=False)
    for label in ("generated", "changed", "kept", "missing"):
        names = getattr(report, label)
        if names:
            stdout().print(f"  {label}: {', '.join(names)}", markup=False)
