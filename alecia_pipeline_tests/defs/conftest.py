"""One suite per test, on an instance of its own."""

from collections.abc import Iterator

import dagster as dg
import pytest

from alecia_pipeline_tests.defs.suite import Recorded, Suite


@pytest.fixture
def suite() -> Iterator[Suite]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield Suite(Recorded(), instance)
