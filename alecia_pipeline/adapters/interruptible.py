"""A program that is fed, waited for within a time, and ended at once when somebody says so."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

TIMED_OUT = 124
"""The status of what took too long, as the program `timeout` gives it."""

_LOOK_SECONDS = 0.2


class InterruptedProgramError(Exception):
    """It was stopped."""


@dataclass(frozen=True, slots=True)
class Ended:
    """What a program left behind."""

    status: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """Both outputs."""
        return f"{self.out}{self.err}".strip()


def run_interruptibly(
    argv: Sequence[str],
    environment: Mapping[str, str],
    stop: threading.Event,
    *,
    seconds: float,
    stdin: Iterable[bytes] = (),
) -> Ended:
    """Run a program in a session of its own, where no Ctrl-C reaches it; whatever the end, it does not run on.

    `environment` is added to this process's. Raises InterruptedProgramError once `stop` is set, OSError for a program
    that is not there.
    """
    with subprocess.Popen(
        argv,
        env={**os.environ, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        try:
            with suppress(BrokenPipeError):  # it ended early, and says why
                _feed(process, stdin, stop)
            return _waited(process, stop, seconds)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _feed(process: subprocess.Popen[bytes], stdin: Iterable[bytes], stop: threading.Event) -> None:
    for chunk in stdin:
        if stop.is_set():
            raise InterruptedProgramError
        if process.stdin:
            process.stdin.write(chunk)


def _waited(process: subprocess.Popen[bytes], stop: threading.Event, seconds: float) -> Ended:
    end = time.monotonic() + seconds
    while not stop.is_set():
        try:
            out, err = process.communicate(timeout=_LOOK_SECONDS)
        except subprocess.TimeoutExpired:
            if time.monotonic() > end:
                return Ended(TIMED_OUT, "", f"no answer within {seconds:.0f} s")
        else:
            return Ended(process.returncode, out.decode(errors="replace"), err.decode(errors="replace"))
    raise InterruptedProgramError
