"""Runs programs for the sandbox: argument lists only, output captured, failures in the project's own terms."""

import subprocess
from collections.abc import Mapping, Sequence

from alecia_pipeline.errors import OutsideError

OUTPUT_TAIL = 2000
"""Characters of a failed program's output that the error shows: enough for the cause, not a whole build log."""

HERE = "this machine"


def run(
    argv: Sequence[str],
    *,
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
    timeout: float = 900,
    fix: str = "run it by hand to see more",
) -> str:
    """Return the standard output of `argv`. Raises OutsideError (with the output's end) if it fails.

    `timeout` is in seconds; the default bounds a package download on a slow line.
    """
    name = " ".join(argv[:3])
    try:
        done = subprocess.run(argv, input=stdin, env=env, timeout=timeout, capture_output=True, check=False)
    except FileNotFoundError as error:
        raise OutsideError(f"`{argv[0]}` is not installed", where=HERE, why=str(error), fix=fix) from error
    except subprocess.TimeoutExpired as error:
        why = f"it was ended after {timeout:.0f} s"
        raise OutsideError(f"`{name}` gave no result", where=HERE, why=why, fix=fix) from error
    if done.returncode != 0:
        output = (done.stderr + done.stdout).decode(errors="replace").strip()[-OUTPUT_TAIL:]
        raise OutsideError(f"`{name}` failed with exit status {done.returncode}", where=HERE, why=output, fix=fix)
    return done.stdout.decode(errors="replace")


def succeeds(argv: Sequence[str], *, timeout: float = 20, env: Mapping[str, str] | None = None) -> bool:
    """Return whether `argv` runs and exits 0 within `timeout` seconds."""
    try:
        run(argv, timeout=timeout, env=env)
    except OutsideError:
        return False
    return True
