"""`alecia build`: the images of a commit, built or found in the registry."""

from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from alecia_pipeline.cli.output import format_option, print_json, stdout
from alecia_pipeline.cli.plan_text import DIGEST_DIGITS
from alecia_pipeline.cli.runner import make_runner, repo_option
from alecia_pipeline.operations.building import ImageBuilder
from alecia_pipeline.operations.planning import make_plan, read_commit
from alecia_pipeline.release.model import ImageResult


@click.command()
@click.argument("apps", nargs=-1, metavar="[APP]...")
@repo_option
@click.option("--rev", default="HEAD", show_default=True, help="The commit to build.")
@click.option("--env", "environment", metavar="E", help="Build with this environment's build arguments.")
@format_option()
@click.pass_context
def build(
    ctx: click.Context, apps: tuple[str, ...], repo: Path, rev: str, environment: str | None, output: str
) -> None:
    """Build the images that the registry has not, and push them under their build keys.

    \b
    Examples:
      alecia build
      alecia build website cms --env staging
    """
    runner = make_runner(ctx, repo)
    if apps:
        view = read_commit(runner, rev)
        for name in apps:
            view.app(name)
    plan = make_plan(runner, rev, environment=environment)
    names = apps or tuple(app.name for app in plan.apps)
    with ImageBuilder(runner, plan) as builder:
        builder.start(names)
        results = [builder.result(name) for name in names]
    if output == "json":
        print_json({"schema": 1, "commit": plan.commit, "images": [r.model_dump(mode="json") for r in results]})
    else:
        print_results(results, stdout())


def print_results(results: Sequence[ImageResult], console: Console) -> None:
    """Print one line per image, then the sum."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("app", "image", "size", "seconds", "digest"):
        table.add_column(name, no_wrap=True, justify="right" if name in {"size", "seconds"} else "left")
    for result in results:
        verb = Text("reused", "green") if result.reused else Text("built", "bold yellow")
        size = f"{result.size_bytes / 1e6:.1f} MB" if result.size_bytes is not None else ""
        table.add_row(result.app, verb, size, f"{result.seconds:.1f}", result.digest[:DIGEST_DIGITS])
    console.print(table)
    built = sum(not result.reused for result in results)
    console.print(f"{built} built, {len(results) - built} reused")
