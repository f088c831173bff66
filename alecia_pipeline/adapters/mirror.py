"""A bare copy of a remote repository, kept up to date with git itself (its transports and credentials)."""

import os
import re
import subprocess
from pathlib import Path

from alecia_pipeline.errors import OutsideError

_REMOTE = re.compile(r"[a-z][a-z0-9+.-]*://|[\w.-]+@[\w.-]+:")
TIMEOUT = 300
"""Seconds one clone or fetch may take."""


def is_remote(repository: str) -> bool:
    """Whether this names a repository elsewhere: a URL, or user@host:path."""
    return _REMOTE.match(repository) is not None


def refresh(url: str, folder: Path) -> None:
    """Make `folder` a bare copy of `url`, or bring it up to date. Raises OutsideError; an old copy stays as it was."""
    if (folder / "HEAD").is_file():
        _git("-C", str(folder), "fetch", "--quiet", "--prune", "origin")
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    _git("clone", "--quiet", "--mirror", "--", url, str(folder))


def _git(*arguments: str) -> None:
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0"}
    try:
        done = subprocess.run(
            ["git", *arguments], env=environment, capture_output=True, text=True, timeout=TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise _unreachable(f"no answer in {TIMEOUT} s") from error
    if done.returncode:
        raise _unreachable(done.stderr.strip()[-400:])


def _unreachable(why: str) -> OutsideError:
    return OutsideError(
        "the repository cannot be fetched",
        where="ALECIA_REPO",
        why=re.sub(r"//[^/@\s]+@", "//", why),
        fix="try `git ls-remote` with the same address as the same user",
    )
