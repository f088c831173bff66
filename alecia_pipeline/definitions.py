"""What Dagster loads: the definitions of the repository that the environment variables name."""

import os

import dagster as dg

from alecia_pipeline.defs.assembly import assemble
from alecia_pipeline.defs.site import Location, open_site


@dg.definitions
def defs() -> dg.Definitions:
    """Read the repository named by `ALECIA_REPO` and return its assets, jobs and sensors."""
    return assemble(open_site(Location.from_environment(os.environ)))
