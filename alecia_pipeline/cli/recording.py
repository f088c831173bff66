"""Commands that run through Dagster, so that the UI shows them like any other run."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from alecia_pipeline.adapters.git import resolve
from alecia_pipeline.cli.output import log_line
from alecia_pipeline.cli.progress import RunView
from alecia_pipeline.operations.inputs import check_inputs
from alecia_pipeline.operations.runner import Runner

if TYPE_CHECKING:
    from alecia_pipeline.defs.recording import Launch


@dataclass(frozen=True)
class Wanted:
    """What to release: a revision to an environment; `apps` alone when some are named."""

    environment: str
    rev: str
    apps: tuple[str, ...] = ()


def recorded(ctx: click.Context, runner: Runner, wanted: Wanted, output: str) -> None:
    """Run a release through Dagster, and print how it went. Bad input is refused before Dagster starts.

    Raises what the first failed step raised.
    """
    config = runner.config.environment(wanted.environment)
    commit = resolve(runner.repo, wanted.rev)
    check_inputs(runner, wanted.environment, commit, wanted.apps)
    # Dagster takes a second to import: neither help nor a refusal waits for it.
    from alecia_pipeline.defs import recording  # noqa: PLC0415

    launch = make_launch(ctx, runner, wanted.environment, commit)
    shown = RunView(wanted.environment, commit, config.public.https_port)
    if wanted.apps:
        variants = {app: wanted.environment if app in config.build_args else None for app in wanted.apps}
        done = recording.redeploy_run(launch, variants, shown, log_line)
    else:
        done = recording.release_run(launch, shown, log_line)
    if done.error:
        raise done.error
    shown.finish(done.run_id, output)


def make_launch(ctx: click.Context, runner: Runner, environment: str | None, commit: str) -> "Launch":
    """Return what Dagster is to load and to run: the runner's repository and configuration, this commit alone."""
    from alecia_pipeline.defs.recording import Launch  # noqa: PLC0415 - as above
    from alecia_pipeline.defs.site import Location  # noqa: PLC0415

    named = ctx.find_root().obj
    location = Location(str(runner.repo.resolve()), str(Path(named).resolve()) if named else None, commit)
    return Launch(location, environment, commit)
