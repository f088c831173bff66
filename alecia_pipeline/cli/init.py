"""`alecia init`: a starter alecia.yaml."""

from pathlib import Path

import click

from alecia_pipeline.adapters.git import open_worktree, remote_url
from alecia_pipeline.cli.output import log_line
from alecia_pipeline.cli.runner import repo_argument
from alecia_pipeline.config import CONFIG_FILE, Config
from alecia_pipeline.errors import RefusedError, UsageError
from alecia_pipeline.source.apps import discover_apps
from alecia_pipeline.source.starter import registry_of, starter
from alecia_pipeline.source.workspace import read_workspace


@click.command()
@repo_argument
def init(repo: Path) -> None:
    """Write a starter alecia.yaml into REPO with the apps that are found there. Never overwrites one.

    \b
    Examples:
      alecia init
      alecia init ../monorepo
    """
    tree = open_worktree(repo)
    apps = discover_apps(tree, read_workspace(tree), Config())
    if not apps:
        raise UsageError(
            "no app was found", where=str(repo), why="no Dockerfile builds a workspace package", fix="write one first"
        )
    path = repo / CONFIG_FILE
    try:
        with path.open("x") as file:
            file.write(starter(apps, registry_of(remote_url(repo))))
    except FileExistsError as error:
        raise RefusedError(
            f"{CONFIG_FILE} is already there",
            where=str(path),
            why="init never writes over a file",
            fix="edit it; `alecia schema` explains every key",
        ) from error
    log_line(f"wrote {path} with {len(apps)} apps: {', '.join(app.name for app in apps)}")
