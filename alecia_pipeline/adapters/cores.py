"""A long list of small pure jobs, spread over the cores by forking.

A fork starts at once with all that was read so far, where a new interpreter would take longer than half of the work.
It copies the locks that other threads hold, but not the threads, so a process with threads does the work alone.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from tempfile import TemporaryFile
from typing import IO, TypeVar

Job = TypeVar("Job")

MANY = 400
"""So many jobs are worth a second process: about half a second of work."""

_LENGTH = 4
"""Bytes before each result in a share's file."""


def on_every_core(work: Callable[[Job], bytes], jobs: Sequence[Job]) -> list[bytes]:
    """Return the result of each job, in order. Raises what `work` raises."""
    count = _processes(len(jobs))
    results: list[bytes] = [b""] * len(jobs)
    with ExitStack() as ends:
        shares = [ends.enter_context(closing(_Share(work, jobs[number::count]))) for number in range(1, count)]
        results[::count] = [work(job) for job in jobs[::count]]
        for number, share in enumerate(shares, start=1):
            results[number::count] = share.results()
    return results


def _processes(jobs: int) -> int:
    alone = sys.platform == "linux" and threading.active_count() == 1
    return len(os.sched_getaffinity(0)) if alone and jobs >= MANY else 1


class _Share:
    """What one forked process does; its results come through a nameless file, which no reader must empty in time."""

    def __init__(self, work: Callable[[Job], bytes], jobs: Sequence[Job]) -> None:
        self._each: Callable[[], Iterator[bytes]] = lambda: map(work, jobs)
        self._file: IO[bytes] = TemporaryFile()  # noqa: SIM115 - the two processes share it until `results`
        self._ended = False
        self._process = os.fork()
        if self._process == 0:
            self._work()

    def _work(self) -> None:
        status = 1
        try:
            for result in self._each():
                self._file.write(len(result).to_bytes(_LENGTH) + result)
            self._file.flush()
            status = 0
        finally:
            os._exit(status)  # nothing of the parent's may run twice: no handlers, no buffers

    def results(self) -> list[bytes]:
        """Wait for the process and return its results; where it failed or was killed, the work is done again here."""
        if self._wait():
            return list(self._each())
        self._file.seek(0)
        return list(_read(self._file))

    def close(self) -> None:
        """End the process, where it still runs."""
        self._file.close()
        if not self._ended:
            os.kill(self._process, signal.SIGKILL)
            self._wait()

    def _wait(self) -> int:
        _, status = os.waitpid(self._process, 0)
        self._ended = True
        return status


def _read(file: IO[bytes]) -> Iterator[bytes]:
    while length := file.read(_LENGTH):
        yield file.read(int.from_bytes(length))
