"""Where a command finds its repository and the runner's configuration."""

from pathlib import Path

import click

from alecia_pipeline.cli.output import log_line
from alecia_pipeline.operations.runner import Runner, load_config

repo_argument = click.argument("repo", default=".", type=click.Path(path_type=Path))
"""The positional REPO of the commands that only read a repository; it may be bare."""

repo_option = click.option(
    "--repo", default=".", show_default=True, type=click.Path(path_type=Path), help="The monorepo; it may be bare."
)
"""REPO for the commands whose positional arguments are apps or services."""

environment_option = click.option("--env", "environment", required=True, metavar="E", help="Environment.")


def make_runner(ctx: click.Context, repo: Path) -> Runner:
    """Return the runner for `repo`, with the file of `--config` or else the repository's own alecia.yaml.

    A repository without one is fine: auditing and planning need none. Raises UsageError for a bad file.
    """
    return Runner(repo=repo, config=load_config(ctx.find_root().obj, repo), sink=log_line)
