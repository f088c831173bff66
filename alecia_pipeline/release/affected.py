"""Which workspace packages a change reaches: by their files, their part of the lockfile, or what they need."""

from collections.abc import Iterable

from alecia_pipeline.images.context import Snapshot
from alecia_pipeline.images.lock import LockSlice
from alecia_pipeline.images.roots import root_inputs
from alecia_pipeline.source.lockfile import LOCKFILE


def affected_packages(before: Snapshot, after: Snapshot) -> tuple[str, ...]:
    """Return, sorted, the names of the packages of `after` that differ from `before`, directly or by what they need."""
    changed = _changed_paths(before, after)
    direct = {after.workspace.owner(path).dir for path in changed} - {"."}
    direct |= after.workspace.packages.keys() - before.workspace.packages.keys()
    direct |= set(_by_lockfile(before, after)) if LOCKFILE in changed else set()
    direct |= set(_by_root(after, {path for path in changed if after.workspace.owner(path).dir == "."}))
    return tuple(
        sorted(
            package.name
            for folder, package in after.workspace.packages.items()
            if direct.intersection(after.workspace.closure(folder))
        )
    )


def _changed_paths(before: Snapshot, after: Snapshot) -> set[str]:
    old, new = before.tree.entries, after.tree.entries
    changed = {path for path, entry in new.items() if old.get(path) != entry}
    return changed | (old.keys() - new.keys())


def _by_lockfile(before: Snapshot, after: Snapshot) -> Iterable[str]:
    for folder in after.workspace.packages:
        if _slice(before, folder) != _slice(after, folder):
            yield folder


def _slice(snapshot: Snapshot, folder: str) -> LockSlice | None:
    return snapshot.memory.lock(snapshot.lockfile).slice((folder,)) if snapshot.lockfile else None


def _by_root(after: Snapshot, changed: set[str]) -> Iterable[str]:
    """Yield the packages for which a changed file outside of every package is a root input."""
    for folder in after.workspace.packages if changed - {LOCKFILE} else ():
        if changed & root_inputs(after.paths, after.tree, after.workspace, [folder]):
            yield folder
