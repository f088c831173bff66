"""Which workspace packages a change reaches: by their files, their part of the lockfile, or what they need."""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet

from alecia_pipeline.images.context import Snapshot
from alecia_pipeline.images.layout import ROOT
from alecia_pipeline.images.lock import changed_importers
from alecia_pipeline.images.references import Reference, Search, is_unknown
from alecia_pipeline.source.lockfile import LOCKFILE


def affected_packages(before: Snapshot, after: Snapshot) -> tuple[str, ...]:
    """Return, sorted, the names of the packages of `after` that differ from `before`, directly or by what they need."""
    changed = _changed_paths(before, after)
    packages = after.workspace.packages
    direct = {after.layout.owner(path) for path in changed} | (packages.keys() - before.workspace.packages.keys())
    direct |= _by_lockfile(before, after) if LOCKFILE in changed else set()
    direct |= set(_by_root(after, {path for path in changed - {LOCKFILE} if after.layout.owner(path) == ROOT}))
    reached = after.workspace.needing(direct - {ROOT})
    return tuple(sorted(package.name for folder, package in packages.items() if folder in reached))


def _changed_paths(before: Snapshot, after: Snapshot) -> set[str]:
    old, new = before.tree.entries, after.tree.entries
    changed = {path for path, entry in new.items() if old.get(path) != entry}
    return changed | (old.keys() - new.keys())


def _by_lockfile(before: Snapshot, after: Snapshot) -> AbstractSet[str]:
    if before.lockfile is None or after.lockfile is None:
        return after.workspace.packages.keys()
    return changed_importers(before.lockfile, after.lockfile)


def _by_root(after: Snapshot, changed: set[str]) -> Iterable[str]:
    """Return the packages that a changed file outside of every package reaches: all, if it is a root input.

    What a package of a partial clone names cannot be known: it counts as reached.
    """
    if changed & after.roots:
        return after.workspace.packages.keys()
    if not changed:
        return ()
    packages = after.layout.packages
    whole = {folder: files for folder, files in packages.items() if not any(map(is_unknown, files))}
    leaving = after.memory.all_leaving(after.tree, whole)
    return [
        folder for folder in packages if folder not in leaving or _leads_to(after, folder, leaving[folder], changed)
    ]


def _leads_to(after: Snapshot, folder: str, leaving: Sequence[Reference], changed: set[str]) -> bool:
    """Tell whether what a package names is a changed file, or names one."""
    search = Search(after.layout, frozenset({folder}), after.memory.referenced)
    return bool(leaving) and not changed.isdisjoint(search.beyond(leaving, ()))
