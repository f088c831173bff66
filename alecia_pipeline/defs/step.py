"""One step: what an asset's body gets, and the factory that wraps every body in the same reporting."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import dagster as dg

from alecia_pipeline.defs.failure import translated
from alecia_pipeline.defs.graph import Graph
from alecia_pipeline.defs.keys import op_name
from alecia_pipeline.defs.planned import (
    RELEASE_TAG,
    pinned_commit,
    planned_apps,
    planned_environment,
    planned_keys,
    run_keys,
    run_tag,
)
from alecia_pipeline.defs.report import materialization, metadata
from alecia_pipeline.defs.stages import Stages
from alecia_pipeline.defs.step_log import STEP_LOG
from alecia_pipeline.operations.outcome import Outcome
from alecia_pipeline.redaction import Redactor

STAGES = "stages"
"""Resource key of the run's `Stages`."""


@dataclass(frozen=True)
class Step:
    """A running step. `further` collects what else it made: shown after its own result (else "Unsynced")."""

    context: dg.AssetExecutionContext
    graph: Graph
    redactor: Redactor
    further: dict[dg.AssetKey, Outcome] = field(default_factory=dict)

    @property
    def stages(self) -> Stages:
        """The run's stages."""
        stages: Stages = getattr(self.context.resources, STAGES)
        return stages

    @property
    def config(self) -> Mapping[str, Any]:
        """The step's run configuration, as its schema fills it."""
        return self.context.op_execution_context.op_config or {}

    @cached_property
    def planned(self) -> frozenset[dg.AssetKey]:
        """The assets this run plans. RefusedError when they belong to two environments."""
        keys = planned_keys(self.context.instance, self.context.run.run_id)
        planned_environment(keys, self.graph)
        return keys

    @property
    def made(self) -> frozenset[dg.AssetKey]:
        """The assets that this run has materialized so far."""
        return run_keys(self.context.instance, self.context.run.run_id, dg.DagsterEventType.ASSET_MATERIALIZATION)

    @cached_property
    def commit(self) -> str:
        """The commit this run is about."""
        return pinned_commit(self.context.instance, self.context.run.run_id, self.graph, self.stages.commits)

    @property
    def release(self) -> str | None:
        """The release that this run, or the run it re-executes, switched to."""
        return run_tag(self.context.instance, self.context.run.run_id, RELEASE_TAG)

    def tag(self, name: str, value: str) -> None:
        """Tag the run; re-executions inherit it."""
        self.context.instance.add_run_tags(self.context.run.run_id, {name: value})

    def planned_apps(self, environment: str) -> tuple[str, ...]:
        """Return the apps that this run stages on the environment."""
        return planned_apps(self.planned, self.graph, environment)


Body = Callable[[Step], Outcome]


@dataclass(frozen=True)
class AssetPlan:
    """One asset to define: everything but its body."""

    key: dg.AssetKey
    group: str
    description: str
    deps: Iterable[dg.AssetKey] = ()
    gates: tuple[str, ...] = ()
    priority: int = 0
    pool: str | None = None
    kinds: tuple[str, ...] = ()
    config_schema: Mapping[str, Any] | None = None

    @property
    def spec(self) -> dg.AssetSpec:
        """What Dagster shows of it."""
        return dg.AssetSpec(
            self.key,
            deps=list(self.deps),
            group_name=self.group,
            description=self.description,
            kinds=set(self.kinds),
        )


def define(plan: AssetPlan, graph: Graph, redactor: Redactor, body: Body) -> dg.AssetsDefinition:
    """Return the asset whose step runs `body`; `plan.gates` become blocking checks, fed by the outcome's verdicts."""
    checks = [dg.AssetCheckSpec(gate, asset=plan.key, blocking=True) for gate in plan.gates]

    @dg.multi_asset(
        name=op_name(plan.key),
        specs=[
            dg.AssetSpec(
                plan.key,
                deps=list(plan.deps),
                group_name=plan.group,
                description=plan.description,
                kinds=set(plan.kinds),
            )
        ],
        check_specs=checks,
        required_resource_keys={STAGES},
        config_schema=plan.config_schema,
        op_tags={"dagster/priority": str(plan.priority)},
        pool=plan.pool,
    )
    def asset(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        step = Step(context, graph, redactor)
        with STEP_LOG.to(context.log.info), translated(redactor):
            _ = plan.pool and step.planned  # a run that plans two environments is refused before it acts
            outcome = body(step)
            yield materialization(plan.key, outcome, redactor)
            _log_further(step)

    return asset


def _log_further(step: Step) -> None:
    for key, outcome in step.further.items():
        event = dg.AssetMaterialization(key, metadata=metadata(outcome, step.redactor))
        step.context.log_event(event)
