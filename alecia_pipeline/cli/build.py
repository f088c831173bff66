"""`alecia build`: the images of a commit, built or found in the registry."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from alecia_pipeline.cli.output import format_option, log_line, print_json, stdout
from alecia_pipeline.cli.progress import RunView
from alecia_pipeline.cli.recording import make_launch
from alecia_pipeline.cli.runner import make_runner, repo_option
from alecia_pipeline.config import Config
from alecia_pipeline.defs.ahead import AHEAD
from alecia_pipeline.errors import ExitCode
from alecia_pipeline.images.checks.check import NOT_JUDGED
from alecia_pipeline.images.layers import MEGABYTE
from alecia_pipeline.images.reference import DIGEST_DIGITS
from alecia_pipeline.operations.inputs import check_images
from alecia_pipeline.operations.reproducing import Verdict, verification
from alecia_pipeline.operations.runner import Runner

SHOWN_DIFFERENCES = 20

_MISSING_WHERE_REUSED: dict[str, Any] = {
    **dict.fromkeys(("size_bytes", "layers", "layer_table", "cached_steps", "executed_steps")),
    "checks": [],
}

_MARKS = {"passed": ("✓", "green"), "failed": ("✗", "bold red"), "warning": ("!", "yellow"), NOT_JUDGED: ("·", "dim")}


@click.command()
@click.argument("apps", nargs=-1, metavar="[APP]...")
@repo_option
@click.option("--rev", default="HEAD", show_default=True, help="The commit to build.")
@click.option("--env", "environment", metavar="E", help="Build with this environment's build arguments.")
@click.option("--verify", is_flag=True, help="Then build again, cold and in disorder, and compare the digests.")
@click.option("--verify-context", is_flag=True, help="Then build from the full context, and compare the digests.")
@format_option()
@click.pass_context
def build(
    ctx: click.Context,
    apps: tuple[str, ...],
    repo: Path,
    rev: str,
    environment: str | None,
    verify: bool,  # noqa: FBT001
    verify_context: bool,  # noqa: FBT001
    output: str,
) -> None:
    """Build the images that the registry has not, and push them under their build keys.

    An app that does not pass its audit is not built. Without --env: the images of every environment.

    A built image is checked before it gets its key tag: it starts and answers, holds no secret, does not run as root,
    has its packages, and did not grow. One that fails gets no tag, and the exit code is 1.

    --verify shows that a build repeats itself bit for bit; --verify-context, that pruning the context loses nothing.
    What differs is listed file by file, and the exit code is 1.

    \b
    Examples:
      alecia build
      alecia build website cms --env staging
      alecia build website --env staging --verify
    """
    runner = make_runner(ctx, repo)
    commit, names = check_images(runner, rev, apps, environment)
    view = RunView(environment or "", commit, https_port=443)
    images = wanted_images(runner.config, names, environment)
    with AHEAD.begun(runner, commit, images):
        # Dagster takes seconds to import: neither help nor a refusal nor the engine waits for it.
        from alecia_pipeline.defs.recording import build_run  # noqa: PLC0415

        done = build_run(make_launch(ctx, runner, environment, commit), images, view, log_line)
    if done.error:
        raise done.error
    results = [image_document(key, step["facts"]) for key, step in view.steps.items() if key.startswith("image/")]
    verdicts = list(verified(runner, commit, images, repeats=verify, whole=verify_context))
    if output == "json":
        document = {"schema": 1, "run": done.run_id, "commit": commit, "images": results}
        print_json({**document, **({"verified": [asdict(each) for each in verdicts]} if verdicts else {})})
    else:
        print_results(results, stdout())
        print_verdicts(verdicts, stdout())
    if not all(verdict.same for verdict in verdicts):
        ctx.exit(ExitCode.FAILED)


def verified(
    runner: Runner, commit: str, images: Sequence[tuple[str, str | None]], *, repeats: bool, whole: bool
) -> Iterator[Verdict]:
    """Yield the verdicts that were asked for, image by image."""
    checks = verification(runner, commit) if repeats or whole else None
    for app, environment in images if checks else ():
        if checks and repeats:
            yield checks.repeats(app, environment)
        if checks and whole:
            yield checks.needs_no_more(app, environment)


def print_verdicts(verdicts: Sequence[Verdict], console: Console) -> None:
    """Print a line per verdict, and below it what differs."""
    for verdict in verdicts:
        name = verdict.app + (f" ({verdict.environment})" if verdict.environment else "")
        says = Text("the same image", "green") if verdict.same else Text("another image", "bold red")
        console.print(Text.assemble(f"{name}: {verdict.question} gives ", says, f" {verdict.again[:DIGEST_DIGITS]}"))
        for difference in verdict.differences[:SHOWN_DIFFERENCES]:
            console.print(f"  {difference}", highlight=False, soft_wrap=True)
        more = len(verdict.differences) - SHOWN_DIFFERENCES
        if more > 0:
            console.print(f"  … and {more} more; --format json lists all")


def print_checks(app: str, checks: Sequence[Mapping[str, str]], console: Console) -> None:
    """Print all checks of an image in one line, and below it what was found by those that did not pass."""
    if checks:
        marks = [Text.assemble("  ", _MARKS[each["verdict"]], f" {each['what']}") for each in checks]
        console.print(Text.assemble(f"{app} is checked:", *marks))
    for each in checks:
        if each["verdict"] != "passed":
            console.print(Text(f"  {each['what']}, {each['verdict']}: {each['found']}"), soft_wrap=True)


def wanted_images(config: Config, apps: Sequence[str], environment: str | None) -> tuple[tuple[str, str | None], ...]:
    """Return (app, environment of its image): one for all environments where an app's build arguments do not differ.

    Without `environment`, the images of every environment are wanted.
    """
    names = [environment] if environment else sorted(config.environments)
    found: dict[tuple[str, str | None], None] = {}
    for app in apps:
        variants = [name if app in config.environment(name).build_args else None for name in names]
        found |= dict.fromkeys((app, variant) for variant in variants or [None])
    return tuple(found)


def image_document(key: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return one image of a run as the JSON shows it; `key` is the asset's: `image/<app>[/<env>]`."""
    _, app, *variant = key.split("/")
    named = {"key": facts["build_key"], "reference": facts["image"]}
    rest = {name: value for name, value in facts.items() if name not in {"build_key", "image"}}
    return {"app": app, "environment": variant[0] if variant else None, **named, **_MISSING_WHERE_REUSED, **rest}


def print_results(results: Sequence[Mapping[str, Any]], console: Console) -> None:
    """Print one line per image, then the checks of those that were built, then the sum."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("app", "image", "size", "seconds", "digest"):
        table.add_column(name, no_wrap=True, justify="right" if name in {"size", "seconds"} else "left")
    for result in results:
        name = result["app"] + (f" ({result['environment']})" if result["environment"] else "")
        verb = Text("reused", "green") if result["reused"] else Text("built", "bold yellow")
        size = f"{result['size_bytes'] / MEGABYTE:.1f} MB" if result["size_bytes"] is not None else ""
        table.add_row(name, verb, size, f"{result['seconds']:.1f}", result["digest"][:DIGEST_DIGITS])
    console.print(table)
    for result in results:
        print_checks(result["app"], result["checks"], console)
    built = sum(not result["reused"] for result in results)
    console.print(f"{built} built, {len(results) - built} reused")
