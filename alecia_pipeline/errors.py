"""The one error family: what happened, where, why, and the command that mends it.

The command line and Dagster each translate it in one place; anything else that escapes is a bug and keeps
its traceback.
"""

from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """What the `alecia` command exits with."""

    OK = 0
    FAILED = 1  # error findings, or a release that failed and was reverted
    USAGE = 2  # usage or configuration
    REFUSED = 3  # lock held, or unsafe
    OUTSIDE = 4  # a host, registry or database failed


class AleciaError(Exception):
    """Cannot continue. `what` is one sentence, `where` a path or host, `why` the cause, `fix` a command or action."""

    exit_code: ClassVar[ExitCode] = ExitCode.FAILED

    def __init__(self, what: str, *, where: str | None = None, why: str | None = None, fix: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.why = why
        self.fix = fix

    def __str__(self) -> str:
        parts = [self.what]
        parts += [f"  {label}: {text}" for label, text in self.details()]
        return "\n".join(parts)

    def details(self) -> list[tuple[str, str]]:
        """Return the labelled parts that are known, in the order a reader wants them."""
        labelled = (("where", self.where), ("why", self.why), ("fix", self.fix))
        return [(label, text) for label, text in labelled if text]


class ReleaseFailedError(AleciaError):
    """A gate or a release failed; the environment serves what it served before."""


class UsageError(AleciaError):
    """The command line, `alecia.yaml` or an input file is wrong."""

    exit_code = ExitCode.USAGE


class RefusedError(AleciaError):
    """The action is possible but not safe now: a lock is held, or something would be lost."""

    exit_code = ExitCode.REFUSED


class OutsideError(AleciaError):
    """Something outside the pipeline failed: a host, the engine, a registry, a database, the network."""

    exit_code = ExitCode.OUTSIDE
