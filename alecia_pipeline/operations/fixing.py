"""Mend what an edit can mend: undeclared dependencies, and the lockfile after it. Shown first, written on request."""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from alecia_pipeline.adapters.cache import default_cache
from alecia_pipeline.adapters.edits import replace_files
from alecia_pipeline.adapters.git import open_worktree, working_folder
from alecia_pipeline.adapters.pnpm import regenerate
from alecia_pipeline.audit.finding import Finding
from alecia_pipeline.audit.manifests.fixes import FIXABLE, addition, mended
from alecia_pipeline.audit.manifests.regeneration import regeneration
from alecia_pipeline.operations.auditing import remembering_snapshot
from alecia_pipeline.operations.registries import docker_config
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.source.lockfile import LOCKFILE
from alecia_pipeline.source.overlay import Overlay
from alecia_pipeline.source.tree import Tree

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
"""What git calls a line; `splitlines` also ends one at characters that a JSON string may hold."""


@dataclass(frozen=True)
class Proposal:
    """Edits of the working tree at `folder`, as bytes by path. `by_hand`: what needs its own command to be run."""

    folder: Path
    before: Mapping[str, bytes]
    after: Mapping[str, bytes]
    by_hand: tuple[Finding, ...]

    def difference(self) -> Iterator[str]:
        """Yield the lines of a unified diff that `git apply` and `patch -p1` take."""
        for path, after in self.after.items():
            before = self.before.get(path)
            old = "/dev/null" if before is None else f"a/{path}"
            yield from _unified(_lines(before or b""), _lines(after), old, f"b/{path}")


def propose(runner: Runner, findings: Iterable[Finding]) -> Proposal:
    """Return the edits that mend findings of the working tree; nothing is written.

    Raises OutsideError when the lockfile must be written anew and pnpm cannot, UsageError when no pnpm is pinned.
    """
    findings = tuple(findings)
    tree = open_worktree(runner.repo)
    after = dict(mended(tree, findings))
    if after or any(finding.rule == "lockfile-stale" for finding in findings):
        after |= _lockfile(runner, tree, after)
    before = {path: tree.read(path) for path in after if path in tree.entries}
    by_hand = tuple(f for f in findings if f.rule in FIXABLE and addition(f) is None)
    changed = {path: data for path, data in after.items() if before.get(path) != data}
    return Proposal(working_folder(runner.repo), before, changed, by_hand)


def apply(proposal: Proposal) -> None:
    """Write the edits. Raises RefusedError when a file changed since they were proposed."""
    replace_files(proposal.folder, proposal.before, proposal.after)


def _lockfile(runner: Runner, tree: Tree, edits: Mapping[str, bytes]) -> Mapping[str, bytes]:
    snapshot = remembering_snapshot(Overlay(tree, edits), default_cache())
    wanted = regeneration(snapshot, runner.config.builder.contexts)
    if wanted is None:
        return {}
    runner.log(f"pnpm {wanted.pnpm} writes {LOCKFILE}")
    return {LOCKFILE: regenerate(wanted, docker_config(runner))}


def _lines(data: bytes) -> list[str]:
    return _LINE.findall(data.decode(errors="replace"))


def _unified(before: list[str], after: list[str], old: str, new: str) -> Iterator[str]:
    for line in difflib.unified_diff(before, after, old, new):
        yield line.rstrip("\n")
        if not line.endswith("\n"):
            yield "\\ No newline at end of file"
