"""What is told to Dagster after it happened without Dagster: a rollback acts first."""

import dagster as dg

from alecia_pipeline.defs.instance import open_instance
from alecia_pipeline.defs.keys import environment_key
from alecia_pipeline.defs.report import metadata
from alecia_pipeline.operations.outcome import Outcome
from alecia_pipeline.redaction import Redactor


def record_rollback(environment: str, done: Outcome, redactor: Redactor) -> None:
    """Show a rollback as a materialization of `<env>/release`, outside of any run."""
    event = dg.AssetMaterialization(
        asset_key=environment_key(environment, "release"),
        description="rolled back from the command line",
        metadata=dict(metadata(done, redactor)),
    )
    with open_instance() as instance:
        instance.report_runless_asset_event(event)
