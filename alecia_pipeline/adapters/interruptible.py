"""A program that is fed, waited for within a time, and ended at once when somebody says so."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

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

    `seconds` hold from its start on. `environment` is added to this process's. Raises InterruptedProgramError once
    `stop` is set, OSError for a program that is not there, and what reading `stdin` raises.
    """
    read, write = os.pipe()
    with os.fdopen(write, "wb") as pipe, ThreadPoolExecutor(1) as aside:
        with _started(argv, environment, read) as process:
            fed = aside.submit(_feed, pipe, stdin)  # aside: one that does not read would hold up who writes
            try:
                ended = _waited(process, stop, seconds)
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
        fed.result()
    return ended


def _started(argv: Sequence[str], environment: Mapping[str, str], stdin: int) -> subprocess.Popen[bytes]:
    """Start a program that reads from `stdin`, which it alone has from now on."""
    try:
        return subprocess.Popen(
            argv,
            env={**os.environ, **environment},
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    finally:
        os.close(stdin)


def _feed(pipe: IO[bytes], stdin: Iterable[bytes]) -> None:
    with suppress(BrokenPipeError), pipe:  # it ended early, and says why
        for chunk in stdin:
            pipe.write(chunk)


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
