"""What a release reads from its commit, read before anything is started: bad input is refused, nothing is half-done."""

from collections.abc import Collection, Sequence

from alecia_pipeline.errors import UsageError
from alecia_pipeline.operations.planning import keyed_app, read_commit
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.operations.secrets import given_values, read_compose
from alecia_pipeline.source.tree import Tree


def check_inputs(runner: Runner, environment: str, commit: str, apps: Collection[str] = ()) -> None:
    """Read manifests, lockfile, alecia.yaml, the Dockerfiles of `apps` (default: all), and the environment's files.

    Raises UsageError for the first that is missing or does not parse, and for an unknown environment or app.
    """
    view = read_commit(runner, commit)
    for app in map(view.app, apps) if apps else view.apps:
        keyed_app(runner, view, app, environment)
    describe_files(runner, environment, view.snapshot.tree)


def check_images(runner: Runner, rev: str, apps: Sequence[str], environment: str | None) -> tuple[str, tuple[str, ...]]:
    """Read what the images of `apps` (default: all) are built from; return the commit and the apps' names.

    Raises UsageError for the first file that is missing or does not parse, an unknown revision, app or environment.
    """
    view = read_commit(runner, rev)
    found = [view.app(name) for name in apps] if apps else view.apps
    for app in found:
        keyed_app(runner, view, app, environment)
    return view.commit, tuple(app.name for app in found)


def describe_files(runner: Runner, environment: str, tree: Tree) -> str:
    """Return what the environment's files in a commit hold. Raises UsageError when one is missing or not valid."""
    config = runner.config.environment(environment)
    services = read_compose(tree, config).services
    given = given_values(tree, config)
    if config.caddyfile not in tree.entries:
        raise UsageError(
            f"the commit has no {config.caddyfile}",
            where=f"environments.{environment}.caddyfile",
            why=f"commit {tree.commit}",
            fix="commit the file, or mend its path in the configuration",
        )
    return f"{config.compose} has {len(services)} services, {config.caddyfile} is there, {len(given)} plain values"
