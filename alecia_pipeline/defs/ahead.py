"""Images that a command begins before it imports Dagster: three seconds, in which the engine can already build.

Nothing here imports Dagster.
"""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

from alecia_pipeline.defs.step_log import STEP_LOG
from alecia_pipeline.errors import AleciaError
from alecia_pipeline.operations.runner import Log, Runner
from alecia_pipeline.operations.stages.gates import AuditGates
from alecia_pipeline.operations.stages.images import BuiltImages
from alecia_pipeline.operations.stages.plans import Plans
from alecia_pipeline.redaction import Redactor


class HeldLog:
    """A log sink that keeps its lines until there is a step to tell them to."""

    def __init__(self, sink: Log) -> None:
        self._sink = sink
        self._held: list[str] | None = []
        self._order = threading.Lock()

    def __call__(self, line: str) -> None:
        """Keep a line, or send it."""
        with self._order:
            if self._held is None:
                self._sink(line)
            else:
                self._held.append(line)

    def release(self) -> None:
        """Send what was kept, and every later line at once."""
        with self._order:
            for line in self._held or ():
                self._sink(line)
            self._held = None


class BegunImages(BuiltImages):
    """Images that were begun before a step asked for them; the first step that does is told what was logged."""

    def __init__(self, runner: Runner, plans: Plans, log: HeldLog) -> None:
        super().__init__(runner, plans)
        self._log = log

    def begin(self, commit: str, images: Iterable[tuple[str, str | None]]) -> None:
        """Begin these images, as `start` does, while no step listens."""
        super().start(commit, images)

    def start(self, commit: str, images: Iterable[tuple[str, str | None]]) -> None:
        """Begin these images, or go on with those that were begun; a step listens."""
        self._log.release()
        super().start(commit, images)


@dataclass(frozen=True)
class Begun:
    """What a run takes over. Its redactor knows the secrets that the builds have read."""

    redactor: Redactor
    plans: Plans
    images: BegunImages


class Ahead:
    """What the command of this process has begun for its run."""

    def __init__(self) -> None:
        self._begun: Begun | None = None

    @contextmanager
    def begun(self, runner: Runner, commit: str, images: Iterable[tuple[str, str | None]]) -> Iterator[None]:
        """Begin the images that pass the gates; leaving the block ends what no run has taken over.

        What goes wrong is left to the run, which meets it again and tells it.
        """
        log = HeldLog(STEP_LOG)
        own = replace(runner, sink=log)
        plans, gates = Plans(own), AuditGates(own)
        with BegunImages(own, plans, log) as built:
            with suppress(AleciaError):
                built.begin(commit, _passing(gates, commit, images))
            self._begun = Begun(own.redactor, plans, built)
            try:
                yield
            finally:
                self._begun = None

    @property
    def redactor(self) -> Redactor | None:
        """The redactor of what was begun, None when nothing was."""
        return self._begun.redactor if self._begun else None

    def take(self) -> Begun | None:
        """Return what was begun, once: its images end with the run that takes them over."""
        begun, self._begun = self._begun, None
        return begun


AHEAD = Ahead()
"""One per process, as Dagster loads definitions anew for a run."""


def _passing(
    gates: AuditGates, commit: str, images: Iterable[tuple[str, str | None]]
) -> Iterator[tuple[str, str | None]]:
    if not gates.lockfile(commit).refused:
        yield from ((app, environment) for app, environment in images if not gates.audit(commit, app).refused)
