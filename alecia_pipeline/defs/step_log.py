"""Where the pipeline's log lines go while Dagster runs it: to the step's log, and to whoever else listens."""

from collections.abc import Iterator
from contextlib import contextmanager

from alecia_pipeline.operations.runner import Log


class StepLog:
    """A log sink whose targets come and go. Builder threads outlive steps: their lines go to the step of the moment."""

    def __init__(self) -> None:
        self._targets: list[Log] = []

    def __call__(self, line: str) -> None:
        """Send one line to every target."""
        for target in tuple(self._targets):
            target(line)

    @contextmanager
    def to(self, target: Log) -> Iterator[None]:
        """Add a target for the duration of the block."""
        self._targets.append(target)
        try:
            yield
        finally:
            self._targets.remove(target)


STEP_LOG = StepLog()
"""One per process: Dagster loads definitions again for a run, and the command line listens to that run."""
