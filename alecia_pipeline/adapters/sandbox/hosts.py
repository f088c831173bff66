"""Host names that must lead to this machine. `*.localhost` does so in browsers, not in every system resolver."""

import socket
from collections.abc import Iterable
from pathlib import Path

from alecia_pipeline.errors import OutsideError

HOSTS_FILE = Path("/etc/hosts")
LOOPBACK = "127.0.0.1"


def resolves(name: str) -> bool:
    """Return whether this machine's resolver already leads `name` to 127.0.0.1."""
    try:
        return socket.gethostbyname(name) == LOOPBACK
    except OSError:
        return False


def with_names(text: str, names: Iterable[str], marker: str) -> str:
    """Return a hosts file with one line per name, ended by `marker`; lines that are there stay as they are."""
    present = text.splitlines()
    lines = [f"{LOOPBACK} {name} # {marker}" for name in names]
    added = [line for line in lines if line not in present]
    return "".join(f"{line}\n" for line in [*present, *added])


def without_names(text: str, marker: str) -> str:
    """Return a hosts file without the lines that `with_names` added for `marker`."""
    return "".join(f"{line}\n" for line in text.splitlines() if not line.endswith(f" # {marker}"))


class HostNames:
    """This machine's hosts file; only lines that end with our marker are ever written or removed."""

    def __init__(self, marker: str, path: Path = HOSTS_FILE) -> None:
        self._marker = marker
        self._path = path

    def ensure(self, names: Iterable[str]) -> None:
        """Make every name lead to 127.0.0.1. Raises OutsideError where that needs more rights."""
        before = self._path.read_text()
        # A name that resolves thanks to another sandbox's line gets one of ours too: theirs goes with them.
        missing = [name for name in names if f"{LOOPBACK} {name} # " in before or not resolves(name)]
        after = with_names(before, missing, self._marker)
        if after != before:
            self._write(after, missing)

    def remove(self) -> None:
        """Take our lines out again."""
        text = self._path.read_text()
        if without_names(text, self._marker) != text:
            self._write(without_names(text, self._marker), [])

    def _write(self, text: str, names: list[str]) -> None:
        try:
            # Not replaced by rename: inside a container the file is a mount of its own.
            self._path.write_text(text)
        except PermissionError as error:
            line = f"{LOOPBACK} {' '.join(names)}"
            raise OutsideError(
                "These names do not lead to this machine, and the hosts file is not writable",
                where=str(self._path),
                why=" ".join(names),
                fix=f"echo '{line}' | sudo tee -a {self._path}",
            ) from error
