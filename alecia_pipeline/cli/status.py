"""`alecia status`: what an environment runs now."""

from pathlib import Path

import click
from rich.table import Table

from alecia_pipeline.cli.output import format_option, print_json, stdout
from alecia_pipeline.cli.runner import environment_option, make_runner, repo_option
from alecia_pipeline.operations import inspecting
from alecia_pipeline.operations.inspecting import EnvironmentStatus


@click.command()
@repo_option
@environment_option
@format_option()
@click.pass_context
def status(ctx: click.Context, repo: Path, environment: str, output: str) -> None:
    """Show the live release, its apps, and every container of the environment.

    \b
    Examples:
      alecia status --env staging
      alecia status --env staging --format json
    """
    found = inspecting.status(make_runner(ctx, repo), environment)
    if output == "json":
        print_json(found)
    else:
        _print(found)


def _print(found: EnvironmentStatus) -> None:
    console = stdout()
    if found.release is None:
        console.print(f"{found.environment}: nothing is released yet; `alecia release --env {found.environment}`")
    else:
        console.print(
            f"{found.environment}: release {found.release} is {found.state or 'of unknown state'}", markup=False
        )
    if found.reverts_in is not None:
        console.print(f"  the host reverts it in {found.reverts_in} s unless it is confirmed")
    if found.holder:
        console.print(f"  {found.holder} is at work there", markup=False)
    table = Table(box=None, pad_edge=False)
    for column in ("service", "app", "state", "health", "image", "commit"):
        table.add_column(column)
    apps = {app.service: app for app in found.apps.values()}
    for service in found.services:
        app = apps.get(service.service)
        image, commit = (app.image.rpartition("@")[2][:19], app.commit[:12]) if app else ("", "")
        table.add_row(service.service, service.app or "", service.state, service.health, image, commit)
    console.print(table)
