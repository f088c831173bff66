"""A Host for tests of the pure rollout: it answers what it was told to, and remembers what it was asked."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from alecia_pipeline.rollout.ports import Command, Completed


@dataclass
class FakeHost:
    """`answers` are used up in order, for runs and steps alike; then everything succeeds silently."""

    answers: list[Completed] = field(default_factory=list)
    commands: list[tuple[str, ...]] = field(default_factory=list)
    steps: list[tuple[str, str, int]] = field(default_factory=list)

    def run(self, command: Command, *, stdin: bytes = b"", timeout: float = 60) -> Completed:
        self.commands.append(command.argv)
        return self._answer()

    def step(self, name: str, script: str, *, fence: int, timeout: float = 600) -> Completed:
        self.steps.append((name, script, fence))
        return self._answer()

    def read(self, path: str) -> bytes | None:
        return None

    def write(self, path: str, data: bytes, *, mode: int) -> None:
        self.commands.append(("write", path))

    @contextlib.contextmanager
    def forward(self, address: str, port: int) -> Iterator[int]:
        yield port

    def _answer(self) -> Completed:
        return self.answers.pop(0) if self.answers else Completed(0, b"", b"")


def answer(status: int = 0, stdout: str = "", stderr: str = "") -> Completed:
    return Completed(status, stdout.encode(), stderr.encode())
