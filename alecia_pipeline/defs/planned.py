"""What a run is about: its planned assets and its commit."""

from collections.abc import Mapping

import dagster as dg

from alecia_pipeline.defs.graph import Graph
from alecia_pipeline.defs.keys import LOCKFILE, environment_key
from alecia_pipeline.defs.stages import Commits
from alecia_pipeline.errors import RefusedError

COMMIT_TAG = "alecia/commit"
ENVIRONMENT_TAG = "alecia/environment"
RELEASE_TAG = "alecia/release"

APPS = "apps"
"""Configuration of `<env>/release` and of the redeploy job: the apps to move; none named: those the run stages."""

_FROM_THE_COMMIT = frozenset({"source", "audit", "image", LOCKFILE.path[0]})


def planned_keys(instance: dg.DagsterInstance, run_id: str) -> frozenset[dg.AssetKey]:
    """Return the assets that a run plans to materialize.

    Only the PLANNED events are right on every route; `run.asset_selection` is None for a whole job, and the
    parent's after a re-execution.
    """
    return run_keys(instance, run_id, dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED)


def run_keys(instance: dg.DagsterInstance, run_id: str, kind: dg.DagsterEventType) -> frozenset[dg.AssetKey]:
    """Return the assets for which a run has an event of this kind."""
    records = instance.get_records_for_run(run_id, of_type=kind).records
    return frozenset(record.asset_key for record in records if record.asset_key)


def planned_environment(planned: frozenset[dg.AssetKey], graph: Graph) -> str | None:
    """Return the environment a run acts on. RefusedError when there are two: "Materialize all" plans every one."""
    names = {environment.name for environment in graph.environments} & {key.path[0] for key in planned}
    if len(names) > 1:
        raise RefusedError(
            "a run may act on one environment only",
            where=", ".join(sorted(names)),
            why="its assets belong to several, which would be released at once",
            fix="select the assets of one environment, or launch the job <environment>_release",
        )
    return next(iter(names), None)


def planned_apps(planned: frozenset[dg.AssetKey], graph: Graph, environment: str) -> tuple[str, ...]:
    """Return the apps whose service on the environment the run stages."""
    return tuple(app for app in graph.apps if environment_key(environment, app) in planned)


def run_tag(instance: dg.DagsterInstance, run_id: str, name: str) -> str | None:
    """Return a tag of the run, or of the run that it re-executes: the UI does not always copy what steps added."""
    run = instance.get_run_by_id(run_id)
    while run:
        if name in run.tags:
            return run.tags[name]
        run = instance.get_run_by_id(run.parent_run_id) if run.parent_run_id else None
    return None


def pinned_commit(instance: dg.DagsterInstance, run_id: str, graph: Graph, commits: Commits) -> str:
    """Return the run's commit. The first step chooses it and tags the run; later steps and re-executions keep it."""
    tagged = run_tag(instance, run_id, COMMIT_TAG)
    if tagged:
        return tagged
    planned = planned_keys(instance, run_id)
    environment = planned_environment(planned, graph)
    run = instance.get_run_by_id(run_id)
    named = _named_apps(run.run_config if run else {})
    commit = _choose(planned, graph, environment, named, commits)
    tags = {COMMIT_TAG: commit, **({ENVIRONMENT_TAG: environment} if environment else {})}
    instance.add_run_tags(run_id, tags)
    return commit


def _named_apps(run_config: Mapping[str, object]) -> tuple[str, ...]:
    """Return the apps that the redeploy job's configuration moves; no other run names any."""
    named = run_config.get(APPS)
    return tuple(map(str, named)) if isinstance(named, list) else ()


def _choose(
    planned: frozenset[dg.AssetKey], graph: Graph, environment: str | None, named: tuple[str, ...], commits: Commits
) -> str:
    """Choose the branch's head; but a run that only moves apps takes the newest commit that has their images."""
    if environment is None or any(key.path[0] in _FROM_THE_COMMIT for key in planned):
        return commits.head(environment)
    apps = named or planned_apps(planned, graph, environment)
    if not apps and environment_key(environment, "release") not in planned:
        return commits.head(environment)
    return commits.newest_good(environment, apps or tuple(graph.apps))
