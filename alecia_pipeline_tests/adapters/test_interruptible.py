import threading
import time
from collections.abc import Iterator

import pytest

from alecia_pipeline.adapters.interruptible import TIMED_OUT, InterruptedProgramError, run_interruptibly

NEVER = threading.Event()


def test_output_status_and_input() -> None:
    done = run_interruptibly(
        ("sh", "-c", "cat; echo $A; echo oops >&2; exit 3"), {"A": "b"}, NEVER, seconds=20, stdin=(b"in", b"put\n")
    )
    assert (done.status, done.out, done.err, done.text) == (3, "input\nb\n", "oops\n", "input\nb\noops")


def test_what_takes_too_long_is_ended() -> None:
    started = time.monotonic()
    done = run_interruptibly(("sleep", "100"), {}, NEVER, seconds=0.1)
    assert done.status == TIMED_OUT
    assert "no answer within" in done.text
    assert time.monotonic() - started < 50


def test_a_program_that_reads_no_more_says_why() -> None:
    endless = (b"x" * 100_000 for _ in range(1000))
    done = run_interruptibly(("sh", "-c", "exec <&-; echo full; exit 1"), {}, NEVER, seconds=20, stdin=endless)
    assert (done.status, done.text) == (1, "full")


def test_it_is_stopped_while_it_is_waited_for() -> None:
    stop = threading.Event()
    threading.Timer(0.2, stop.set).start()
    with pytest.raises(InterruptedProgramError):
        run_interruptibly(("sleep", "100"), {}, stop, seconds=60)


def test_it_is_stopped_while_it_is_fed() -> None:
    stop = threading.Event()

    def feed() -> Iterator[bytes]:
        yield b"x"
        stop.set()
        yield b"y"

    with pytest.raises(InterruptedProgramError):
        run_interruptibly(("cat",), {}, stop, seconds=60, stdin=feed())


def endless() -> Iterator[bytes]:
    while True:
        yield b"x" * 100_000


def test_a_program_that_does_not_read_is_ended_in_time() -> None:
    done = run_interruptibly(("sleep", "100"), {}, NEVER, seconds=0.1, stdin=endless())
    assert done.status == TIMED_OUT


def test_it_is_stopped_while_it_does_not_read() -> None:
    stop = threading.Event()
    threading.Timer(0.2, stop.set).start()
    with pytest.raises(InterruptedProgramError):
        run_interruptibly(("sleep", "100"), {}, stop, seconds=60, stdin=endless())


def test_what_cannot_be_read_is_an_error() -> None:
    def torn() -> Iterator[bytes]:
        yield b"x"
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        run_interruptibly(("cat",), {}, NEVER, seconds=20, stdin=torn())


def test_a_program_that_is_not_there() -> None:
    with pytest.raises(OSError, match="no-such-program"):
        run_interruptibly(("no-such-program",), {}, NEVER, seconds=1)
