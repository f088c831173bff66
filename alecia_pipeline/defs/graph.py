"""What the asset graph is made of: packages, apps and environments of the commits that are watched."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from alecia_pipeline.adapters.git import open_commit
from alecia_pipeline.config import Config
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.source.apps import commit_config, discover_apps
from alecia_pipeline.source.workspace import read_workspace

Dependencies = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class EnvironmentGraph:
    """One environment: `images` is app -> environment of its image (None where all environments share it)."""

    name: str
    images: Mapping[str, str | None]
    sql: str | None


@dataclass(frozen=True)
class Graph:
    """`packages`: folder -> folders it depends on, without cycles; `apps`: name -> folder."""

    packages: Dependencies
    apps: Mapping[str, str]
    environments: tuple[EnvironmentGraph, ...]

    def environment(self, name: str) -> EnvironmentGraph:
        """Return one environment. Raises KeyError."""
        return {environment.name: environment for environment in self.environments}[name]

    @property
    def images(self) -> tuple[tuple[str, str | None], ...]:
        """Every image as (app, environment); one for all environments where none of them has an own."""
        used = {pair for environment in self.environments for pair in environment.images.items()}
        shared = {(app, None) for app in self.apps if not self.environments}
        return tuple(sorted(used | shared, key=lambda pair: (pair[0], pair[1] or "")))


def read_graph(runner: Runner, commits: Iterable[str]) -> Graph:
    """Read the graph of several commits (one per branch) as one. Raises UsageError for what does not parse."""
    packages: dict[str, set[str]] = {}
    apps: dict[str, str] = {}
    sql: set[str] = set()
    for commit in dict.fromkeys(commits):
        tree = open_commit(runner.repo, commit)
        workspace = read_workspace(tree, tolerant=True)
        config = commit_config(tree)
        for folder in (".", *workspace.packages):
            packages.setdefault(folder, set()).update(workspace.direct(folder))
        apps |= {app.name: app.dir for app in discover_apps(tree, workspace, config)}
        migrations = runner.config.migrations or config.migrations
        sql |= {workspace.owner(migrations.dir).dir} if migrations else set()
    apps = dict(sorted(apps.items()))
    environments = _environments(runner.config, apps, next(iter(sorted(sql)), None))
    return Graph(without_cycles(packages), apps, environments)


def _environments(config: Config, apps: Mapping[str, str], sql: str | None) -> tuple[EnvironmentGraph, ...]:
    return tuple(
        EnvironmentGraph(name, {app: name if app in environment.build_args else None for app in apps}, sql)
        for name, environment in sorted(config.environments.items())
    )


def without_cycles(packages: Mapping[str, Iterable[str]]) -> Dependencies:
    """Leave out each dependency that closes a circle: Dagster's graph has none, real workspaces sometimes do.

    The root is nobody's dependency here: `source/root` holds every manifest already.
    """
    done: dict[str, tuple[str, ...]] = {}
    path: set[str] = set()

    def visit(folder: str) -> None:
        path.add(folder)
        done[folder] = tuple(d for d in sorted(packages[folder]) if d in packages and d not in path and d != ".")
        for dependency in done[folder]:
            if dependency not in done:
                visit(dependency)
        path.remove(folder)

    for folder in sorted(packages):
        if folder not in done:
            visit(folder)
    return done
