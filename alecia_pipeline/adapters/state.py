"""Where the pipeline keeps what it may lose: Dagster's home, copies of remote repositories, caches."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def state_folder() -> Path:
    """Return `$XDG_STATE_HOME/alecia`, by default `~/.local/state/alecia`; it may not exist yet."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "alecia"


def cache_folder() -> Path:
    """Return `$XDG_CACHE_HOME/alecia`, by default `~/.cache/alecia`; it may not exist yet."""
    named = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(named) if named.startswith("/") else Path("~/.cache").expanduser()) / "alecia"


@contextmanager
def locked(directory: Path, report: Callable[[str], None]) -> Iterator[None]:
    """Hold the folder's lock, waiting while another command holds it: two at once would make everything twice."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (directory / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report("waiting for another command")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
