"""Definitions of one site: its graph, its assets, jobs and sensors, on the stages it is given."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass

import dagster as dg

from alecia_pipeline.defs.commit_assets import gate_assets, image_assets, source_assets
from alecia_pipeline.defs.environment_assets import environment_assets
from alecia_pipeline.defs.graph import Graph
from alecia_pipeline.defs.jobs import asset_jobs, rollback_jobs
from alecia_pipeline.defs.sensors import Watch, notification_sensors, push_sensors
from alecia_pipeline.defs.stages import Stages
from alecia_pipeline.defs.step import STAGES
from alecia_pipeline.redaction import Redactor

OpenStages = Callable[[], AbstractContextManager[Stages]]


@dataclass(frozen=True)
class Site:
    """What definitions are made from. `open_stages` opens what one run needs, and closes it with the run.

    `fresh` reads the graph again; `reload` loads the code location again and says what it did.
    """

    graph: Graph
    redactor: Redactor
    open_stages: OpenStages
    fresh: Callable[[], Graph]
    reload: Callable[[], str]


@dg.configured(
    dg.multi_or_in_process_executor,
    # 33 steps take 3 s in one process and 53 s in spawned ones; builds run side by side in the builder's threads.
    config_schema={},
)
def _in_one_process(_: object) -> dict[str, object]:
    return {"in_process": {}}


def assemble(site: Site) -> dg.Definitions:
    """Return everything Dagster shows and runs for a site."""
    graph, redactor = site.graph, site.redactor
    stages = _stages_resource(site.open_stages)
    assets = [source_assets(graph, redactor), *gate_assets(graph, redactor), *image_assets(graph, redactor)]
    for environment in graph.environments:
        assets += environment_assets(graph, redactor, environment)
    watch = Watch(graph, site.fresh, site.open_stages, site.reload, redactor)
    return dg.Definitions(
        assets=assets,
        jobs=[*asset_jobs(graph), *rollback_jobs(graph, redactor, stages)],
        sensors=[*push_sensors(watch), *notification_sensors()],
        resources={STAGES: stages},
        executor=_in_one_process,
    )


def _stages_resource(open_stages: OpenStages) -> dg.ResourceDefinition:
    @dg.resource(description="What the steps of one run share: the builder's threads, the commits read so far")
    def stages(_: dg.InitResourceContext) -> Iterator[Stages]:
        with open_stages() as opened:
            yield opened

    return stages
