"""The assets that a commit alone decides: sources, gates, images."""

from collections.abc import Iterator, Mapping

import dagster as dg

from alecia_pipeline.defs.failure import translated
from alecia_pipeline.defs.graph import Graph
from alecia_pipeline.defs.keys import LOCKFILE, audit_key, image_key, source_key
from alecia_pipeline.defs.lockfile_offer import not_regenerated, offer
from alecia_pipeline.defs.past import Past
from alecia_pipeline.defs.step import STAGES, AssetPlan, Step, define
from alecia_pipeline.errors import ReleaseFailedError, UsageError
from alecia_pipeline.images.checks.check import NAMES
from alecia_pipeline.operations.outcome import Fact, Outcome
from alecia_pipeline.redaction import Redactor

AUDIT_GATES = ("dependencies", "lockfile")
"""Blocking checks of `audit/<app>`: what its files import and build, and its slice of the lockfile."""

FIRST = 10
"""Priority of gates: all of them are known before the first build starts."""


def source_assets(graph: Graph, redactor: Redactor) -> dg.AssetsDefinition:
    """Return every `source/<folder>`, made by one step; the data version is the hash of the folder's files."""
    specs = {
        source_key(folder): dg.AssetSpec(
            source_key(folder),
            deps=[source_key(dependency) for dependency in dependencies],
            group_name="source",
            description="The root inputs and every manifest" if folder == "." else f"Workspace package {folder}",
            kinds={"git"},
        )
        for folder, dependencies in graph.packages.items()
    }
    folders = {source_key(folder): folder for folder in graph.packages}

    @dg.multi_asset(
        name="source",
        specs=list(specs.values()),
        can_subset=True,
        required_resource_keys={STAGES},
        op_tags={"dagster/priority": str(2 * FIRST)},
    )
    def source(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        step = Step(context, graph, redactor)
        with translated(redactor):
            versions = step.stages.commits.versions(step.commit)
            # Dagster wants them after their dependencies, and has its keys in that order.
            for key in (key for key in _ordered(graph) if key in context.selected_asset_keys):
                version = dg.DataVersion(versions.get(folders[key], "absent"))
                yield dg.MaterializeResult(asset_key=key, data_version=version, metadata={"commit": step.commit})

    return source


def _ordered(graph: Graph) -> list[dg.AssetKey]:
    done: dict[str, None] = {}

    def visit(folder: str) -> None:
        for dependency in graph.packages[folder]:
            if dependency not in done:
                visit(dependency)
        done[folder] = None

    for folder in graph.packages:
        if folder not in done:
            visit(folder)
    return [source_key(folder) for folder in done]


def gate_assets(graph: Graph, redactor: Redactor) -> list[dg.AssetsDefinition]:
    """Return `lockfile` and every `audit/<app>`."""
    audits = [_audit(graph, redactor, app) for app in graph.apps]
    plan = AssetPlan(
        LOCKFILE, "gate", "The whole lockfile: settings, and a verdict per importer", [source_key(".")], priority=FIRST
    )
    return [define(plan, graph, redactor, _judge_lockfile), *audits]


def _judge_lockfile(step: Step) -> Outcome:
    outcome = step.stages.gates.lockfile(step.commit)
    _raise_refused("the lockfile stops every app", step.commit, outcome)
    return Outcome(outcome.version, {**outcome.facts, **_offered(step)})


def _offered(step: Step) -> Mapping[str, Fact]:
    """Return a stale lockfile's regeneration. It costs a container, so it is made where it is of use alone."""
    gates = step.stages.gates
    try:
        wanted = gates.regeneration(step.commit)
    except UsageError as error:
        return not_regenerated(error)
    return offer(step.context, wanted, gates.docker_config) if wanted else {}


def _audit(graph: Graph, redactor: Redactor, app: str) -> dg.AssetsDefinition:
    def body(step: Step) -> Outcome:
        return step.stages.gates.audit(step.commit, app)

    plan = AssetPlan(
        audit_key(app),
        "gate",
        f"Dependency and build audit of {app} and of every package it uses",
        [source_key(graph.apps[app])],
        gates=AUDIT_GATES,
        priority=FIRST,
    )
    return define(plan, graph, redactor, body)


def image_assets(graph: Graph, redactor: Redactor) -> list[dg.AssetsDefinition]:
    """Return `image/<app>`, and `image/<app>/<env>` where build arguments differ by environment."""
    return [_image(graph, redactor, app, environment) for app, environment in graph.images]


def _image(graph: Graph, redactor: Redactor, app: str, environment: str | None) -> dg.AssetsDefinition:
    key = image_key(app, environment)

    def body(step: Step) -> Outcome:
        if audit_key(app) not in step.planned:
            _raise_refused(f"{app} does not pass its audit", step.commit, step.stages.gates.audit(step.commit, app))
        step.stages.images.start(step.commit, _buildable(step))
        past = Past.of(step.context.instance, key)
        return past.completed(step.stages.images.result(step.commit, app, environment, past.commit))

    plan = AssetPlan(
        key,
        "images",
        f"The image of {app}, built, or reused when the registry has its build key",
        [audit_key(app), LOCKFILE],
        gates=NAMES,
        kinds=("docker",),
    )
    return define(plan, graph, redactor, body)


def _buildable(step: Step) -> list[tuple[str, str | None]]:
    """Return the planned images whose audit passed in this run; the others are never started."""
    kind = dg.DagsterEventType.ASSET_CHECK_EVALUATION
    records = step.context.instance.get_records_for_run(step.context.run.run_id, of_type=kind).records
    evaluations = [
        r.event_log_entry.dagster_event.asset_check_evaluation_data for r in records if r.event_log_entry.dagster_event
    ]
    failed = {evaluation.asset_key for evaluation in evaluations if not evaluation.passed}
    passed = {evaluation.asset_key for evaluation in evaluations} - failed
    return [
        (app, environment)
        for app, environment in step.graph.images
        if image_key(app, environment) in step.planned and audit_key(app) in passed
    ]


def _raise_refused(what: str, commit: str, outcome: Outcome) -> None:
    if outcome.refused:
        why = "\n".join(verdict.text for verdict in outcome.refused)
        raise ReleaseFailedError(
            what, where=commit[:12], why=why, fix="`alecia audit` lists every finding with its fix"
        )
