"""The lockfile's slice as a key sees it: one short text per entry, made once per lockfile, hashed in order."""

import hashlib
import itertools
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from alecia_pipeline.source.lockfile import SPLIT_VERSION, Lockfile
from alecia_pipeline.source.slice import importer_links, importers_reaching, local_entries, lock_slice, package_key

LONGEST_TEXT = 60
"""Characters; a longer entry is represented by its SHA-256."""

_BLOCKS = frozenset({"importers", "packages", "snapshots"})
_PLAIN_PACKAGE = re.compile(r"@?[^@()/]+(?:/[^@()/]+)?@[^@()]+")
_PLAIN_KEY = re.compile(_PLAIN_PACKAGE.pattern + r"(?:\(.+\))?")
_CUT = frozenset({"importers", "packages", "snapshots", "catalogs", "overrides"})


@dataclass(frozen=True)
class LockSlice:
    """What some importers need of a lockfile.

    `lines`: in order, an entry, such as "importers apps/cms: pg (dependencies)", a tab, its text; `part`: the same as
    a lockfile; `local`: the folders and archives of the repository that what is fetched comes from, or needs.
    """

    lines: tuple[str, ...]
    part: Lockfile = field(repr=False, compare=False)
    local: frozenset[str] = frozenset()

    def facts(self, other: "LockSlice | None" = None) -> Mapping[str, str]:
        """Return entry -> text, of all entries or of those that another slice has not like this."""
        if other is self:
            return {}
        lines = set(self.lines).difference(other.lines) if other else self.lines
        return {entry: text for entry, _, text in (line.partition("\t") for line in lines)}

    @cached_property
    def sha256(self) -> str:
        """The hash of all entries, in order."""
        return hashlib.sha256("\0".join(self.lines).encode()).hexdigest()


_CANONICAL = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"))
"""Made once: `json.dumps` would make one for each of 8,000 entries."""

Texts = dict[int, tuple[Any, str]]
"""The text of an entry by the entry's identity, which is its own because it is held."""


@dataclass(frozen=True)
class Moved:
    """How a lockfile differs from one before it, as far as slices are concerned.

    `keys`: of packages and snapshots that are gone or have another block; `importers`: folders likewise.
    """

    keys: frozenset[str]
    importers: frozenset[str]

    def touches(self, importers: Iterable[str], part: Lockfile) -> bool:
        """Tell whether the slice `part` for some importers may be another one now."""
        return not (
            self.importers.isdisjoint((".", *importers))
            and self.keys.isdisjoint(part.snapshots)
            and self.keys.isdisjoint(part.packages)
        )


@dataclass(frozen=True)
class LockIndex:
    """The texts and slices of one lockfile, remembered: a hundred apps, and the next lockfile, share most of them.

    `earlier`: the slices of a lockfile before this one, which hold where nothing in them has moved.
    """

    lockfile: Lockfile
    texts: Texts = field(default_factory=dict, repr=False)
    earlier: Mapping[tuple[str, ...], LockSlice] = field(default_factory=dict, repr=False)
    moved: Moved | None = None
    slices: dict[tuple[str, ...], LockSlice] = field(default_factory=dict, repr=False)
    linked: dict[tuple[str, ...], frozenset[str]] = field(default_factory=dict, repr=False)

    def after(self, lockfile: Lockfile) -> "LockIndex":
        """Return the index of the next lockfile."""
        moved = moved_between(self.lockfile, lockfile)
        if moved:
            lockfile.edges.update(_edges_still(self.lockfile, lockfile, moved))
        return LockIndex(lockfile, self.texts, self.slices if moved else {}, moved)

    def slice(self, importers: tuple[str, ...]) -> LockSlice:
        """Return the slice for some importers. Raises UsageError when one needs what the lockfile lacks."""
        if importers not in self.slices:
            self.slices[importers] = self._unmoved(importers) or self._cut(importers)
        return self.slices[importers]

    def links(self, folders: tuple[str, ...]) -> frozenset[str]:
        """Return the folders of the repository that these importers link, from the root."""
        if folders not in self.linked:
            self.linked[folders] = importer_links(self.lockfile, folders)
        return self.linked[folders]

    def _unmoved(self, importers: tuple[str, ...]) -> LockSlice | None:
        found = self.earlier.get(importers)
        return found if found and self.moved and not self.moved.touches(importers, found.part) else None

    def _cut(self, importers: tuple[str, ...]) -> LockSlice:
        part = lock_slice(self.lockfile, importers)
        packages, snapshots = self._lines
        lines = [*self._others, *_section("overrides", part.overrides), *_section("catalogs", part.catalogs)]
        for folder in part.importers:
            lines += self._importers[folder]
        lines += map(packages.__getitem__, part.packages)
        lines += map(snapshots.__getitem__, part.snapshots)
        local = (paths for key, paths in self._local.items() if key in part.snapshots or key in part.packages)
        return LockSlice(tuple(sorted(lines)), part, frozenset(itertools.chain.from_iterable(local)))

    @cached_property
    def _local(self) -> Mapping[str, tuple[str, ...]]:
        return local_entries(self.lockfile)

    @cached_property
    def _others(self) -> tuple[str, ...]:
        others = ((name, value) for name, value in self.lockfile.raw.items() if name not in _CUT)
        return tuple(line for name, value in others for line in _section(name, value))

    @cached_property
    def _importers(self) -> Mapping[str, tuple[str, ...]]:
        return {folder: tuple(_importer(folder, block.raw)) for folder, block in self.lockfile.importers.items()}

    @cached_property
    def _lines(self) -> tuple[Mapping[str, str], Mapping[str, str]]:
        packages = {key: f"packages {key}\t{self._text(entry)}" for key, entry in self.lockfile.packages.items()}
        return packages, {
            key: f"snapshots {key}\t{self._text(entry)}" for key, entry in self.lockfile.snapshots.items()
        }

    def _text(self, entry: Any) -> str:
        known = self.texts.get(id(entry))
        if known is None:
            known = self.texts[id(entry)] = entry, _short(entry)
        return known[1]


def moved_between(before: Lockfile, after: Lockfile) -> Moved | None:
    """Return what moved, or None where slices cannot be compared by it.

    A new key could turn the name that an unmoved block gives into another snapshot's. In format 9 it cannot: every key
    is `name@version`, peers in brackets behind it, so a name and a version mean one key, whatever others there are.
    """
    same = {name: value for name, value in before.raw.items() if name not in _BLOCKS}
    if same != {name: value for name, value in after.raw.items() if name not in _BLOCKS}:
        return None
    if after.major < SPLIT_VERSION or not all(map(_PLAIN_KEY.fullmatch, (*before.snapshots, *after.snapshots))):
        return None
    if not all(map(_PLAIN_PACKAGE.fullmatch, (*before.packages, *after.packages))):
        return None
    keys = {*_other(before.packages, after.packages), *_other(before.snapshots, after.snapshots)}
    added = after.packages.keys() - before.packages.keys()
    # A damaged lockfile has snapshots without their packages: one that is mended belongs to slices that were without.
    keys |= {key for key in before.snapshots if key.partition("(")[0] in added}
    old, new = ({folder: block.raw for folder, block in lockfile.importers.items()} for lockfile in (before, after))
    return Moved(frozenset(keys), frozenset({*_other(old, new), *(new.keys() - old.keys())}))


def _edges_still(before: Lockfile, after: Lockfile, moved: Moved) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the known edges of snapshots that have not moved, to snapshots that are still there."""
    for key, needed in before.edges.items():
        if key not in moved.keys and all(other in after.snapshots for other in needed):
            yield key, needed


def _other(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """Yield the keys of `before` whose value is another one, or gone. Blocks of the same text are the same object."""
    for key, block in before.items():
        now = after.get(key)
        if now is not block and now != block:
            yield key


def changed_importers(before: Lockfile, after: Lockfile) -> frozenset[str]:
    """Return the folders whose slice of `after` is another than that of `before`."""
    if _settings(before) != _settings(after):
        return frozenset(after.importers)
    moved = {folder for folder, block in after.importers.items() if before.importers.get(folder) != block}
    moved |= set(_by_catalog(before, after))
    moved |= importers_reaching(after, _changed_keys(before, after))
    return frozenset(after.importers if "." in moved else moved)


def _settings(lockfile: Lockfile) -> Mapping[str, Any]:
    return {name: value for name, value in lockfile.raw.items() if name not in _CUT or name == "overrides"}


def _by_catalog(before: Lockfile, after: Lockfile) -> Iterator[str]:
    if before.catalogs != after.catalogs:
        for folder, block in after.importers.items():
            if any(locked.specifier.startswith("catalog:") for locked in block.all().values()):
                yield folder


def _changed_keys(before: Lockfile, after: Lockfile) -> set[str]:
    """Return the snapshots of `after` that are new or other, or fetched from elsewhere."""
    packages = {key for key, block in after.packages.items() if before.packages.get(key) != block}
    return {
        key
        for key, block in after.snapshots.items()
        if before.snapshots.get(key) != block or (packages and package_key(after, key) in packages)
    }


def _section(section: str, value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, entry in value.items():
            yield f"{section} {name}\t{_short(entry)}"
    else:
        yield f"{section}\t{_short(value)}"


def _importer(folder: str, block: Mapping[str, Any]) -> Iterator[str]:
    """Yield one entry per dependency; its text shows the version, then what was asked for."""
    yield f"importers {folder}\t"
    for kind, entries in block.items():
        if not isinstance(entries, Mapping):
            yield f"importers {folder}: {kind}\t{_short(entries)}"
            continue
        for name, entry in entries.items():
            yield f"importers {folder}: {name} ({kind})\t{_dependency(entry)}"


def _dependency(entry: Any) -> str:
    if isinstance(entry, Mapping) and entry.keys() == {"specifier", "version"}:
        return f"{entry['version']} (for {entry['specifier']})"
    return _short(entry)


def _short(value: Any) -> str:
    text = _CANONICAL.encode(value)
    return text if len(text) <= LONGEST_TEXT else hashlib.sha256(text.encode()).hexdigest()
