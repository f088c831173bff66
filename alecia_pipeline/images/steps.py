"""The steps of a build, counted from BuildKit's plain progress: those it took from a cache, and those it executed.

Plain, not rawjson: buildx has the latter since 0.13 alone, and its lines would have to be made readable again.
"""

import re
from dataclasses import dataclass

_STEP = re.compile(r"#(\d+) \[(?:\S.* )?\d+/\d+\] (?!FROM )\S")
"""An instruction, `#12 [builder 3/7] COPY …`. FROM fetches; brackets without a fraction are BuildKit's own."""

_END = re.compile(r"#(\d+) (CACHED|DONE)\b")
"""How a step ended. One from a remote cache is CACHED first, then DONE with the seconds that its files took to come."""


@dataclass(frozen=True, slots=True)
class Steps:
    """How many instructions of a build came from a cache, and how many were executed."""

    cached: int
    executed: int


class StepCounter:
    """Takes a build's progress line by line. What a step prints is told apart by the time that it begins with."""

    def __init__(self) -> None:
        self._steps: set[str] = set()
        self._ends: dict[str, set[str]] = {}

    def take(self, line: str) -> None:
        """Take note of one line."""
        if step := _STEP.match(line):
            self._steps.add(step[1])
        elif end := _END.match(line):
            self._ends.setdefault(end[1], set()).add(end[2])

    @property
    def steps(self) -> Steps:
        """What was counted so far."""
        ends = [self._ends[number] for number in self._steps & self._ends.keys()]
        cached = sum("CACHED" in end for end in ends)
        return Steps(cached, len(ends) - cached)
