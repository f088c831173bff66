import os
import signal
import threading

import pytest

from alecia_pipeline.adapters.cores import MANY, on_every_core

JOBS = range(MANY + 3)
PARENT = os.getpid()


@pytest.fixture(autouse=True)
def three_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three cores, and no other thread: the runner of these tests may have some of its own."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2})
    monkeypatch.setattr(threading, "active_count", lambda: 1)


def test_results_come_in_order_from_several_processes() -> None:
    found = [result.decode().split() for result in on_every_core(lambda job: f"{job} {os.getpid()}".encode(), JOBS)]
    assert [int(job) for job, _ in found] == list(JOBS)
    assert len({process for _, process in found}) == 3


def test_few_jobs_stay_here() -> None:
    assert set(on_every_core(lambda _: b"%d" % os.getpid(), JOBS[: MANY - 1])) == {b"%d" % os.getpid()}
    assert on_every_core(lambda _: b"", range(0)) == []


def test_with_other_threads_nothing_is_forked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "active_count", lambda: 2)
    assert set(on_every_core(lambda _: b"%d" % os.getpid(), JOBS)) == {b"%d" % os.getpid()}


def test_what_a_killed_process_should_have_done_is_done_here() -> None:
    here = os.getpid()

    def work(job: int) -> bytes:
        if os.getpid() != here and job > 200:
            os.kill(os.getpid(), signal.SIGKILL)
        return b"%d" % job

    assert on_every_core(work, JOBS) == [b"%d" % job for job in JOBS]


def test_an_error_is_raised_here() -> None:
    def work(job: int) -> bytes:
        if job == 1:
            raise KeyError(job)
        return b""

    with pytest.raises(KeyError):
        on_every_core(work, JOBS)
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_a_large_result_is_whole() -> None:
    assert set(on_every_core(lambda _: b"x" * 100_000, JOBS)) == {b"x" * 100_000}
