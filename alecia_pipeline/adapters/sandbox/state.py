"""The sandbox's memory: one folder of small files, each replaced as a whole so that Ctrl-C leaves no half."""

import os
from pathlib import Path

PRIVATE = 0o600
"""Mode of a file with a key or a password."""

PUBLIC = 0o644
"""Mode of everything else."""


def default_directory() -> Path:
    """Return the state folder: `$XDG_STATE_HOME/alecia/sandbox`, by default below `~/.local/state`."""
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(home) / "alecia" / "sandbox"


def write(path: Path, content: str | bytes, *, mode: int = PUBLIC) -> None:
    """Replace `path` by `content`. The mode is set before the first byte, so that no secret is ever readable."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    data = content.encode() if isinstance(content, str) else content
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(file.fileno(), mode)
        file.write(data)
    temporary.replace(path)


def write_changed(path: Path, content: str | bytes, *, mode: int = PUBLIC) -> bool:
    """Write only if `path` holds something else; return whether it was written."""
    data = content.encode() if isinstance(content, str) else content
    if path.is_file() and path.read_bytes() == data:
        return False
    write(path, data, mode=mode)
    return True
