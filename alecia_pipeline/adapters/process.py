"""This machine's processes, named so that a number used again is not mistaken for the old process."""

import os
import signal
import socket
from pathlib import Path


def interrupt_on_signals() -> None:
    """Make Ctrl-C and a polite kill raise KeyboardInterrupt, also where a shell's `&` made Ctrl-C be ignored.

    Call it before other processes start: they would inherit the ignoring, and never stop.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)


def this_process() -> str:
    """Return `<host>:<number>:<start>`; the start is in clock ticks since boot, empty where there is no /proc."""
    return _name(os.getpid())


def is_running(process: str) -> bool:
    """Whether a process named by `this_process` still runs; one of another machine is taken to run."""
    host, _, rest = process.partition(":")
    number = rest.partition(":")[0]
    if host != socket.gethostname() or not number.isdigit():
        return host != socket.gethostname()
    return Path("/proc/self").exists() is False or _name(int(number)) == process


def _name(number: int) -> str:
    try:
        # The name of the program, in parentheses, may hold spaces: count from behind it.
        start = Path(f"/proc/{number}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]
    except OSError:
        start = ""
    return f"{socket.gethostname()}:{number}:{start}"
