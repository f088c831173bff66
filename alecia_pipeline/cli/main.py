"""Entry point: lazy commands, one translation of errors into words and exit codes."""

import gc
import importlib
import sys
from collections.abc import Sequence
from typing import Any

import click

from alecia_pipeline.adapters.process import interrupt_on_signals
from alecia_pipeline.cli.output import print_error
from alecia_pipeline.errors import AleciaError, ExitCode

COMMANDS: dict[str, str] = {
    "init": "alecia_pipeline.cli.init",
    "audit": "alecia_pipeline.cli.audit",
    "plan": "alecia_pipeline.cli.plan",
    "lock": "alecia_pipeline.cli.lock",
    "build": "alecia_pipeline.cli.build",
    "verify": "alecia_pipeline.cli.verify",
    "release": "alecia_pipeline.cli.release",
    "redeploy": "alecia_pipeline.cli.redeploy",
    "rollback": "alecia_pipeline.cli.rollback",
    "status": "alecia_pipeline.cli.status",
    "history": "alecia_pipeline.cli.history",
    "logs": "alecia_pipeline.cli.logs",
    "smoke": "alecia_pipeline.cli.smoke",
    "migrate": "alecia_pipeline.cli.migrate",
    "secrets": "alecia_pipeline.cli.secrets",
    "doctor": "alecia_pipeline.cli.doctor",
    "repair": "alecia_pipeline.cli.repair",
    "unlock": "alecia_pipeline.cli.unlock",
    "schema": "alecia_pipeline.cli.schema",
    "ui": "alecia_pipeline.cli.ui",
    "sandbox": "alecia_pipeline.cli.sandbox",
}
"""Command name -> module with a click command of the same name (dashes as underscores)."""


class LazyGroup(click.Group):
    """Imports a command's module when the command is run or its help is shown, so that `alecia audit` starts fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names in the order of COMMANDS."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import and return one command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(importlib.import_module(COMMANDS[cmd_name]), cmd_name.replace("-", "_"))
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config",
    "config_file",
    metavar="FILE",
    help="The runner's configuration: environments, hosts, credentials. Default: alecia.yaml in REPO.",
)
@click.version_option(package_name="alecia-pipeline", prog_name="alecia")
@click.pass_context
def alecia(ctx: click.Context, config_file: str | None) -> None:
    """One push, one reproducible release of a pnpm monorepo.

    \b
    Exit codes: 0 ok, 1 error findings or a reverted release, 2 usage or configuration,
    3 refused (lock held, unsafe), 4 something outside failed.
    """
    ctx.obj = config_file


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line and exit. Handled errors print what, where, why and fix; anything else is a bug.

    A polite kill is an interrupt: what a command started, such as builds, ends with it.
    """
    interrupt_on_signals()
    code = run(argv)
    gc.freeze()  # else the interpreter looks for cycles as it ends: 0.8 s of a release, for memory that nobody needs
    sys.exit(code)


def run(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    try:
        result: Any = alecia.main(args=argv, standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("interrupted", err=True)
        return 130
    except click.ClickException as error:
        error.show()
        return int(ExitCode.USAGE)
    except AleciaError as error:
        print_error(error)
        return int(error.exit_code)
    return int(result) if isinstance(result, int) else int(ExitCode.OK)
