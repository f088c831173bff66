"""`alecia lock`: pin the base images."""

from pathlib import Path

import click

from alecia_pipeline.cli.output import log_line, stdout
from alecia_pipeline.cli.runner import make_runner, repo_argument
from alecia_pipeline.operations.locking import lock_bases
from alecia_pipeline.source.base_lock import BASE_LOCK


@click.command()
@repo_argument
@click.option("--update", is_flag=True, help="Ask again for every tag, also for those that are pinned.")
@click.pass_context
def lock(ctx: click.Context, repo: Path, update: bool) -> None:  # noqa: FBT001 - click passes options by name
    """Write the digests of the base images into alecia.lock, to be committed.

    \b
    What is pinned keeps its digest, unless --update. A plan then needs no network, and a tag that moved shows as a
    cause. Digests that a Dockerfile names itself need no lock.
    Examples:
      alecia lock
      alecia lock --update
    """
    change = lock_bases(make_runner(ctx, repo), update=update)
    lines = list(change.lines())
    for line in lines:
        stdout().print(line, highlight=False)
    if not lines:
        log_line(f"{BASE_LOCK} is up to date: {len(change.after.images)} images")
