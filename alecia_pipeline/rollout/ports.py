"""The host as the rollout sees it."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Command:
    """A program and its arguments. Secrets never stand in it: they go over standard input."""

    argv: tuple[str, ...]

    @classmethod
    def of(cls, *argv: str) -> "Command":
        """Make a command from its words."""
        return cls(argv)


@dataclass(frozen=True, slots=True)
class Completed:
    """What a finished command left behind. `status` is its exit status, never -1: an unknown end is an error."""

    status: int
    stdout: bytes
    stderr: bytes

    @property
    def text(self) -> str:
        """Standard output as text."""
        return self.stdout.decode(errors="replace")


class Host(Protocol):
    """One server. Every method raises OutsideError when the connection fails and the outcome is unknown."""

    def run(self, command: Command, *, stdin: bytes = b"", timeout: float = 60) -> Completed:
        """Run a short command to its end (seconds). A non-zero status is returned, not raised."""
        ...

    def step(self, name: str, script: str, *, fence: int, timeout: float = 600) -> Completed:
        """Run a journaled detached step: it takes the lock, checks the fence inside, acts, and survives the runner.

        Raises RefusedError when another holder raised the fence. Secrets never stand in the script.
        """
        ...

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes, or None when there is none."""
        ...

    def write(self, path: str, data: bytes, *, mode: int) -> None:
        """Replace a file atomically: temporary file with `mode` from the start, fsync, rename."""
        ...

    def forward(self, address: str, port: int) -> AbstractContextManager[int]:
        """Forward a free port of 127.0.0.1 on the runner to `address:port` as the host reaches it; yield the port."""
        ...
