"""knip and depcheck on a checked-out tree, as (package folder, dependency) pairs that each says are undeclared.

Both run the configuration files of the repository they look at, so this is for repositories that you trust. Neither
needs an install of the repository. Versions are pinned here; they are installed under the bench's own folder.
"""

import json
import os
import posixpath
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

PACKAGES = ("knip@6.44.2", "depcheck@1.4.7")
LIMIT = 1800
"""Seconds after which a tool is given up."""

SAMPLE = 0.03
"""Seconds between two looks at the memory."""

Pair = tuple[str, str]


@dataclass(frozen=True)
class Run:
    """What one tool reported, and what that cost: CPU seconds and peak MB of all its processes."""

    pairs: frozenset[Pair]
    cpu: float
    peak: float


def install(folder: Path) -> Path:
    """Return the folder of the installed tools; npm runs once."""
    marker = folder / "-".join(PACKAGES).replace("@", "_")
    if not marker.exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text('{"private": true}')
        argv = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", *PACKAGES]
        subprocess.run(argv, cwd=folder, check=True, stdout=sys.stderr)
        marker.touch()
    return folder / "node_modules" / ".bin"


def measured(argv: list[str], cwd: Path, out: Path) -> tuple[float, float]:
    """Run a command with its output in `out`; return CPU seconds and peak MB, both of all its processes together."""
    peak = 0.0
    with out.open("wb") as stdout:
        process = subprocess.Popen(argv, cwd=cwd, stdout=stdout, stderr=subprocess.DEVNULL, env=_environment())
        ended = 0
        while not ended:
            peak = max(peak, _memory(process.pid))
            time.sleep(SAMPLE)
            ended, _, usage = os.wait4(process.pid, os.WNOHANG)
    process.returncode = 0  # it is reaped; a finding is an exit code here, and no failure
    return usage.ru_utime + usage.ru_stime, max(peak, usage.ru_maxrss / 1024)


def _memory(pid: int) -> float:
    """Return the MB that a process and its children take, shared pages counted once."""
    folder = Path(f"/proc/{pid}")
    try:
        lines = (folder / "smaps_rollup").read_text().splitlines()
        children = (folder / "task" / str(pid) / "children").read_text().split()
    except OSError:  # it has just ended
        return 0.0
    own = next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0.0)
    return own + sum(_memory(int(child)) for child in children)


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TMPDIR"}}


def knip(bin_folder: Path, tree: Path, owner: Callable[[str], str]) -> Run:
    """Run knip once over the whole monorepo."""
    out = tree.parent / "knip.json"
    options = ["--include", "unlisted", "--reporter", "json", "--no-exit-code", "--no-progress"]
    cpu, peak = measured([str(bin_folder / "knip"), *options], tree, out)
    issues = _json(out).get("issues", [])
    pairs = {(owner(issue["file"]), _name(item["name"])) for issue in issues for item in issue.get("unlisted", [])}
    return Run(frozenset(pairs), cpu, peak)


def depcheck(bin_folder: Path, tree: Path, folders: Iterable[str]) -> Run:
    """Run depcheck over each package; it knows no workspaces."""
    pairs: set[Pair] = set()
    total = highest = 0.0
    out = tree.parent / "depcheck.json"
    for folder in folders:
        argv = [str(bin_folder / "depcheck"), str(tree / folder), "--json"]
        cpu, peak = measured(["timeout", str(LIMIT), *argv], tree, out)
        total, highest = total + cpu, max(highest, peak)
        pairs |= {(folder, name) for name in _json(out).get("missing", {})}
    return Run(frozenset(pairs), total, highest)


def _json(path: Path) -> dict[str, object] | dict[str, list[dict[str, list[dict[str, str]]]]]:
    try:
        document = json.loads(path.read_bytes() or b"{}")
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _name(specifier: str) -> str:
    parts = posixpath.normpath(specifier).split("/")
    return "/".join(parts[: 2 if specifier.startswith("@") else 1])
