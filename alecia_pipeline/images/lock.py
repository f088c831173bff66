"""The lockfile's slice as a key sees it: one short text per entry, made once per lockfile, hashed in order."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from alecia_pipeline.source.lockfile import Lockfile
from alecia_pipeline.source.slice import lock_slice

LONGEST_TEXT = 60
"""Characters; a longer entry is represented by its SHA-256."""

_CUT = frozenset({"importers", "packages", "snapshots", "catalogs"})


@dataclass(frozen=True)
class LockSlice:
    """What some importers need of a lockfile: entry -> text, such as "importers apps/cms: pg (dependencies)"."""

    facts: Mapping[str, str]

    @property
    def sha256(self) -> str:
        """The hash of all entries, in order."""
        lines = "\n".join(f"{name}\t{text}" for name, text in sorted(self.facts.items()))
        return hashlib.sha256(lines.encode()).hexdigest()


@dataclass(frozen=True)
class LockIndex:
    """The texts and slices of one lockfile, remembered: a hundred apps share most of its entries."""

    lockfile: Lockfile
    _texts: dict[tuple[str, str], str] = field(default_factory=dict, repr=False)
    _slices: dict[tuple[str, ...], LockSlice] = field(default_factory=dict, repr=False)

    def slice(self, importers: tuple[str, ...]) -> LockSlice:
        """Return the slice for some importers. Raises UsageError when one needs what the lockfile lacks."""
        if importers not in self._slices:
            self._slices[importers] = LockSlice(dict(self._facts(importers)))
        return self._slices[importers]

    def _facts(self, importers: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        part = lock_slice(self.lockfile, importers)
        for section, value in self.lockfile.raw.items():
            if section not in _CUT:
                yield from _section_facts(section, value)
        yield from _section_facts("catalogs", part.catalogs)
        for folder, importer in part.importers.items():
            yield from _importer_facts(folder, importer.raw)
        for section, entries in (("packages", part.packages), ("snapshots", part.snapshots)):
            for key, entry in entries.items():
                yield f"{section} {key}", self._text(section, key, entry)

    def _text(self, section: str, key: str, entry: Any) -> str:
        if (section, key) not in self._texts:
            self._texts[section, key] = _short(entry)
        return self._texts[section, key]


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
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return text if len(text) <= LONGEST_TEXT else hashlib.sha256(text.encode()).hexdigest()
