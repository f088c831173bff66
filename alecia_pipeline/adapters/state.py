"""Where the pipeline keeps what it may lose: Dagster's home, copies of remote repositories."""

import os
from pathlib import Path


def state_folder() -> Path:
    """Return `$XDG_STATE_HOME/alecia`, by default `~/.local/state/alecia`; it may not exist yet."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "alecia"
