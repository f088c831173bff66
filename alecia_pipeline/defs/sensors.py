"""Sensors: a push becomes one run of what it affects; a red or cancelled run becomes a line in the log."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

import dagster as dg

from alecia_pipeline.defs.failure import translated
from alecia_pipeline.defs.graph import EnvironmentGraph, Graph
from alecia_pipeline.defs.jobs import release_job
from alecia_pipeline.defs.keys import LOCKFILE, STEPS, audit_key, environment_key, image_key, source_key
from alecia_pipeline.defs.planned import COMMIT_TAG, ENVIRONMENT_TAG
from alecia_pipeline.defs.stages import Stages
from alecia_pipeline.operations.affected import Affected
from alecia_pipeline.redaction import Redactor

INTERVAL = 30
"""Seconds between two looks at a branch, at least."""


@dataclass(frozen=True)
class Watch:
    """What the push sensors need. `reload` loads the code location again and says what it did."""

    graph: Graph
    fresh: Callable[[], Graph]
    open_stages: Callable[[], AbstractContextManager[Stages]]
    reload: Callable[[], str]
    redactor: Redactor


def push_sensors(watch: Watch) -> list[dg.SensorDefinition]:
    """Return one running push sensor for each environment."""
    return [_push(watch, environment) for environment in watch.graph.environments]


def _push(watch: Watch, environment: EnvironmentGraph) -> dg.SensorDefinition:
    @dg.sensor(
        name=f"{environment.name}_push",
        job_name=release_job(environment.name),
        minimum_interval_seconds=INTERVAL,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Releases each new commit on the branch of {environment.name}: one run, what it affects",
    )
    def push(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        with translated(watch.redactor), watch.open_stages() as stages:
            return _tick(watch, stages, environment, context.cursor)

    return push


def _tick(
    watch: Watch, stages: Stages, environment: EnvironmentGraph, cursor: str | None
) -> dg.SensorResult | dg.SkipReason:
    commit = stages.commits.head(environment.name)
    if commit == cursor:
        return dg.SkipReason(f"nothing new: {commit[:12]} is known")
    fresh = watch.fresh()
    if fresh != watch.graph:
        return dg.SkipReason(f"{commit[:12]} changes the graph ({_difference(watch.graph, fresh)}); {watch.reload()}")
    affected = stages.commits.affected(environment.name, commit)
    if affected.nothing:
        return dg.SensorResult(skip_reason=f"{commit[:12]} affects nothing on {environment.name}", cursor=commit)
    return dg.SensorResult([_request(watch.graph, environment, commit, affected)], cursor=commit)


def _request(graph: Graph, environment: EnvironmentGraph, commit: str, affected: Affected) -> dg.RunRequest:
    return dg.RunRequest(
        # A run key that was used is never requested again, so it carries an attempt; a retry is a re-execution.
        run_key=f"{environment.name}:{commit}:1",
        asset_selection=affected_keys(graph, environment, affected),
        tags={COMMIT_TAG: commit, ENVIRONMENT_TAG: environment.name},
    )


def affected_keys(graph: Graph, environment: EnvironmentGraph, affected: Affected) -> list[dg.AssetKey]:
    """Return the assets to materialize: sources and gates of what changed, the affected apps, and the common steps."""
    apps = [app for app in affected.apps if app in graph.apps]
    keys = [source_key(folder) for folder in affected.packages if folder in graph.packages]
    keys += [LOCKFILE, *map(audit_key, apps)]
    keys += [image_key(app, environment.images[app]) for app in apps]
    keys += [environment_key(environment.name, name) for name in (*STEPS, *apps)]
    return sorted(set(keys))


def _difference(loaded: Graph, fresh: Graph) -> str:
    old, new = _names(loaded), _names(fresh)
    parts = [("new: ", new - old), ("gone: ", old - new)]
    return "; ".join(word + ", ".join(sorted(names)) for word, names in parts if names) or "dependencies changed"


def _names(graph: Graph) -> set[str]:
    apps = {f"app {app}" for app in graph.apps}
    packages = {f"package {folder}" for folder in graph.packages if folder != "."}
    return apps | packages | {f"image {source}/{env}" for source, env in graph.images if env}


def notification_sensors() -> list[dg.SensorDefinition]:
    """Return the running sensors that tell of failed and of cancelled runs: for now in the daemon's log."""

    @dg.run_failure_sensor(name="failed", default_status=dg.DefaultSensorStatus.RUNNING)
    def failed(context: dg.RunFailureSensorContext) -> None:
        """Tell of a run that failed."""
        context.log.error(_notice(context.dagster_run, "failed", context.failure_event.message or ""))

    @dg.run_status_sensor(
        name="cancelled", run_status=dg.DagsterRunStatus.CANCELED, default_status=dg.DefaultSensorStatus.RUNNING
    )
    def cancelled(context: dg.RunStatusSensorContext) -> None:
        """Tell of a run that was cancelled."""
        context.log.warning(_notice(context.dagster_run, "was cancelled", ""))

    return [failed, cancelled]


def _notice(run: dg.DagsterRun, what: str, why: str) -> str:
    commit = run.tags.get(COMMIT_TAG, "no commit yet")[:12]
    return f"{run.job_name} ({run.run_id[:8]}, {commit}) {what}. {why}".rstrip()
