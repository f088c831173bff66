"""The lockfile's slice as a key sees it: one short text per entry, made once per lockfile, hashed in order."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from alecia_pipeline.source.lockfile import Lockfile
from alecia_pipeline.source.slice import importers_reaching, lock_slice, package_key

LONGEST_TEXT = 60
"""Characters; a longer entry is represented by its SHA-256."""

_CUT = frozenset({"importers", "packages", "snapshots", "catalogs", "overrides"})


@dataclass(frozen=True)
class LockSlice:
    """What some importers need of a lockfile: entry -> text, such as "importers apps/cms: pg (dependencies)".

    `part`: the same as a lockfile.
    """

    facts: Mapping[str, str]
    part: Lockfile = field(repr=False, compare=False)

    @cached_property
    def sha256(self) -> str:
        """The hash of all entries, in order."""
        lines = "\n".join([f"{name}\t{self.facts[name]}" for name in sorted(self.facts)])
        return hashlib.sha256(lines.encode()).hexdigest()


_CANONICAL = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"))
"""Made once: `json.dumps` would make one for each of 8,000 entries."""

Texts = dict[int, tuple[Any, str]]
"""The text of an entry by the entry's identity, which is its own because it is held."""


@dataclass(frozen=True)
class LockIndex:
    """The texts and slices of one lockfile, remembered: a hundred apps, and the next lockfile, share most of them."""

    lockfile: Lockfile
    texts: Texts = field(default_factory=dict, repr=False)
    _slices: dict[tuple[str, ...], LockSlice] = field(default_factory=dict, repr=False)

    def slice(self, importers: tuple[str, ...]) -> LockSlice:
        """Return the slice for some importers. Raises UsageError when one needs what the lockfile lacks."""
        if importers not in self._slices:
            part = lock_slice(self.lockfile, importers)
            self._slices[importers] = LockSlice(dict(self._facts(part)), part)
        return self._slices[importers]

    def _facts(self, part: Lockfile) -> Iterator[tuple[str, str]]:
        for section, value in self.lockfile.raw.items():
            if section not in _CUT:
                yield from _section_facts(section, value)
        yield from _section_facts("overrides", part.overrides)
        yield from _section_facts("catalogs", part.catalogs)
        for folder, importer in part.importers.items():
            yield from _importer_facts(folder, importer.raw)
        for section, entries in (("packages", part.packages), ("snapshots", part.snapshots)):
            for key, entry in entries.items():
                yield f"{section} {key}", self._text(entry)

    def _text(self, entry: Any) -> str:
        known = self.texts.get(id(entry))
        if known is None:
            known = self.texts[id(entry)] = entry, _short(entry)
        return known[1]


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


def _section_facts(section: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for name, entry in value.items():
            yield f"{section} {name}", _short(entry)
    else:
        yield section, _short(value)


def _importer_facts(folder: str, block: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield one entry per dependency; its text shows the version, then what was asked for."""
    yield f"importers {folder}", ""
    for kind, entries in block.items():
        if not isinstance(entries, Mapping):
            yield f"importers {folder}: {kind}", _short(entries)
            continue
        for name, entry in entries.items():
            yield f"importers {folder}: {name} ({kind})", _dependency(entry)


def _dependency(entry: Any) -> str:
    if isinstance(entry, Mapping) and entry.keys() == {"specifier", "version"}:
        return f"{entry['version']} (for {entry['specifier']})"
    return _short(entry)


def _short(value: Any) -> str:
    text = _CANONICAL.encode(value)
    return text if len(text) <= LONGEST_TEXT else hashlib.sha256(text.encode()).hexdigest()
