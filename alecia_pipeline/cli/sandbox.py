"""`alecia sandbox`: an engine, a registry and a VPS on this machine."""

from pathlib import Path

import click

from alecia_pipeline.adapters.sandbox.runner_file import ENVIRONMENT, runner_file
from alecia_pipeline.adapters.sandbox.sandbox import Sandbox
from alecia_pipeline.adapters.sandbox.status import SandboxStatus
from alecia_pipeline.cli.output import format_option, log_line, print_json, stdout
from alecia_pipeline.cli.runner import repo_argument
from alecia_pipeline.operations.runner import load_config


@click.group()
def sandbox() -> None:
    """Run a VPS, a registry and an engine on this machine, to try releases on.

    \b
    Examples:
      alecia sandbox up
      alecia sandbox status --format json
      alecia sandbox reset
    """


@sandbox.command()
@format_option()
def up(output: str) -> None:
    """Make and start whatever is missing; a second call changes nothing."""
    _show(Sandbox().up(log_line), output)


@sandbox.command()
def down() -> None:
    """Stop the sandbox; its data stays."""
    Sandbox().down(log_line)


@sandbox.command()
def reset() -> None:
    """Stop the sandbox and remove its containers, volumes and keys."""
    Sandbox().reset(log_line)


@sandbox.command()
@format_option()
def status(output: str) -> None:
    """Print how to reach the sandbox; exit 0 whether it runs or not."""
    _show(Sandbox().status(), output)


@sandbox.command()
@repo_argument
def config(repo: Path) -> None:
    """Print a configuration file that leads REPO's environment `staging` to the sandbox.

    Builds and pushes the service images that REPO describes, where no image hub has them.

    \b
    Examples:
      alecia sandbox config > /tmp/sandbox.yaml
      alecia --config /tmp/sandbox.yaml release --env staging
    """
    described = load_config(None, repo)
    described.environment(ENVIRONMENT)
    box = Sandbox()
    images = box.build_service_images(repo, log_line)
    click.echo(runner_file(described, box.status(), box.build_contexts(), images), nl=False)


def _show(found: SandboxStatus, output: str) -> None:
    if output == "json":
        print_json(found)
        return
    for key, value in found.model_dump(by_alias=True).items():
        stdout().print(f"{key.replace('_', ' '):>16}  {value}", markup=False)
