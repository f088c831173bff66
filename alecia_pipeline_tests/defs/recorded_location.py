"""A code location like the real one, on recorded stages. `ALECIA_TEST_BROKEN` names a stage that fails."""

import os

import dagster as dg

from alecia_pipeline.defs.assembly import Site, assemble
from alecia_pipeline.errors import RefusedError
from alecia_pipeline.redaction import Redactor
from alecia_pipeline_tests.defs.suite import GRAPH, Recorded

MODULE = "alecia_pipeline_tests.defs.recorded_location"


@dg.definitions
def defs() -> dg.Definitions:
    stages = Recorded()
    broken = os.environ.get("ALECIA_TEST_BROKEN", "")
    if broken == "audit":
        stages.failing_audits = {"colab"}
    elif broken:
        stages.broken[broken] = RefusedError("the lease is held", where="staging", why="run 12 holds it", fix="wait")
    return assemble(Site(GRAPH, Redactor(), stages.open, lambda: GRAPH, lambda: "not here"))
