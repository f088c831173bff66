"""`alecia verify`: where an image comes from, and whether its evidence agrees with it."""

from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from alecia_pipeline.cli.output import format_option, print_json, stdout
from alecia_pipeline.cli.runner import make_runner, repo_option
from alecia_pipeline.errors import ExitCode
from alecia_pipeline.operations.verifying import Verification, verify_image


@click.command()
@click.argument("image")
@click.option(
    "--key", type=click.Path(path_type=Path, dir_okay=False), help="Public key (PEM); default: signing.public_key"
)
@repo_option
@format_option()
@click.pass_context
def verify(ctx: click.Context, image: str, key: Path | None, repo: Path, output: str) -> int:
    """Look at an image's provenance and bill of materials, and whether they agree with it.

    Every byte is checked by its digest. With a public key, only what its holder has signed counts: the image, the
    provenance, the bill of materials. Without one this finds mistakes, and no attacker who may write to the registry.
    Both are SLSA Build L1.

    \b
    Exit 1 when something is missing or does not agree, 4 when the registry does not answer.
    Examples:
      alecia verify ghcr.io/alecia/website:key-0123456789abcdef0123456789abcdef01234567
      alecia verify ghcr.io/alecia/website@sha256:… --key cosign.pub
      alecia verify ghcr.io/alecia/website@sha256:… --format json
    """
    found = verify_image(make_runner(ctx, repo), image, key)
    if output == "json":
        print_json({"schema": 1, "ok": found.ok, **asdict(found)})
    else:
        print_verification(found, stdout())
    return int(ExitCode.OK if found.ok else ExitCode.FAILED)


def print_verification(found: Verification, console: Console) -> None:
    """Print the checks, then what the evidence says."""
    console.print(found.image, markup=False)
    table = Table(box=None, pad_edge=False, show_header=False)
    for check in found.checks:
        verdict = Text("ok", "green") if check.ok else Text("wrong", "bold red")
        table.add_row(check.what, verdict, Text(check.found))
    told = {"app": found.app, "build key": found.key}
    for name, text in told.items():
        table.add_row(name, "", Text(text or "unknown"))
    for name, digest in found.bases.items():
        table.add_row("base", "", Text(f"{name} {digest or 'is not pinned'}"))
    table.add_row("components", "", "unknown" if found.components is None else str(found.components))
    table.add_row("level", "", Text(found.level))
    console.print(table)
