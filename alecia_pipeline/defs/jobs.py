"""The jobs: what a person launches by name, and the sensor requests."""

from collections.abc import Mapping
from typing import Any

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from alecia_pipeline.defs.environment_assets import MOVE
from alecia_pipeline.defs.failure import translated
from alecia_pipeline.defs.graph import EnvironmentGraph, Graph
from alecia_pipeline.defs.keys import LOCKFILE, audit_key, environment_key, image_key, op_name
from alecia_pipeline.defs.planned import APPS
from alecia_pipeline.defs.report import metadata
from alecia_pipeline.defs.stages import Stages
from alecia_pipeline.defs.step import STAGES
from alecia_pipeline.defs.step_log import STEP_LOG
from alecia_pipeline.redaction import Redactor

BUILD_JOB = "build"
"""Name of the job that builds every image."""

TO = "to"
"""Configuration of the rollback job: the release to restore; empty: the one before the live one."""


def release_job(environment: str) -> str:
    """Return the name of the job that releases everything to an environment."""
    return f"{environment}_release"


def redeploy_job(environment: str) -> str:
    """Return the name of the job that moves some apps."""
    return f"{environment}_redeploy"


def rollback_job(environment: str) -> str:
    """Return the name of the job that restores an earlier release."""
    return f"{environment}_rollback"


def asset_jobs(graph: Graph) -> list[UnresolvedAssetJobDefinition]:
    """Return `audit`, `build`, and for each environment its release and redeploy jobs."""
    audits = dg.AssetSelection.assets(LOCKFILE, *map(audit_key, graph.apps))
    images = dg.AssetSelection.assets(*(image_key(app, variant) for app, variant in graph.images))
    jobs = [
        dg.define_asset_job("audit", audits.upstream(), description="Audit every app"),
        dg.define_asset_job(BUILD_JOB, images.upstream(), description="Build every image that the registry has not"),
    ]
    for environment in graph.environments:
        jobs += [_release(environment), _redeploy(environment)]
    return jobs


def _release(environment: EnvironmentGraph) -> UnresolvedAssetJobDefinition:
    everything = dg.AssetSelection.assets(environment_key(environment.name, "smoke")).upstream()
    text = f"Audit, build, migrate, stage, switch and smoke-test everything on {environment.name}"
    return dg.define_asset_job(release_job(environment.name), everything, description=text)


def _redeploy(environment: EnvironmentGraph) -> UnresolvedAssetJobDefinition:
    """Move the apps named in the configuration; the others are verified. No app is an optional output."""
    name = environment.name
    steps = [environment_key(name, step) for step in (*environment.images, "release", "smoke")]
    app = dg.Enum(f"{name}_app", [dg.EnumValue(app) for app in environment.images])

    def mapped(config: Mapping[str, Any]) -> dict[str, Any]:
        moved = config[APPS]
        ops = {op_name(environment_key(name, app)): {MOVE: app in moved} for app in environment.images}
        ops[op_name(environment_key(name, "release"))] = {APPS: moved}
        return {"ops": {op: {"config": values} for op, values in ops.items()}}

    mapping = dg.ConfigMapping(mapped, config_schema={APPS: dg.Field([app], description="Apps to move")})
    text = f"Release some apps alone to {name}; launch it from the launchpad, with the apps to move"
    return dg.define_asset_job(redeploy_job(name), dg.AssetSelection.assets(*steps), config=mapping, description=text)


def rollback_jobs(graph: Graph, redactor: Redactor, stages: dg.ResourceDefinition) -> list[dg.JobDefinition]:
    """Return the rollback job of each environment."""
    return [_rollback(environment.name, redactor, stages) for environment in graph.environments]


def _rollback(environment: str, redactor: Redactor, stages: dg.ResourceDefinition) -> dg.JobDefinition:
    schema = {TO: dg.Field(str, default_value="", description="Release id; empty: the one before the live one")}

    @dg.op(
        name=f"{environment}__rollback", config_schema=schema, required_resource_keys={STAGES}, out=dg.Out(dg.Nothing)
    )
    def restore(context: dg.OpExecutionContext) -> None:
        found: Stages = getattr(context.resources, STAGES)
        with STEP_LOG.to(context.log.info), translated(redactor):
            outcome = found.releases.rollback(environment, context.op_config[TO] or None)
            facts = metadata(outcome, redactor)
            context.log_event(dg.AssetMaterialization(environment_key(environment, "release"), metadata=facts))

    @dg.job(
        name=rollback_job(environment),
        resource_defs={STAGES: stages},
        executor_def=dg.in_process_executor,
        description=f"Restore an earlier release of {environment}",
    )
    def rollback() -> None:
        restore()

    return rollback
