"""`pnpm-lock.yaml`, versions 5 to 9, in one shape: importers, packages (what is fetched), snapshots (their needs)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from alecia_pipeline.errors import UsageError
from alecia_pipeline.source.documents import as_mapping, as_strings
from alecia_pipeline.source.yaml_document import load_yaml

LOCKFILE = "pnpm-lock.yaml"

SPLIT_VERSION = 9
"""From this version on, `snapshots` holds the edges; before, each entry of `packages` holds its own."""

_OLDEST, _NEWEST = 5, 9


@dataclass(frozen=True)
class LockedDependency:
    """What a manifest asked for, and what it got: a version with peer suffix, a package key, or `link:…`."""

    specifier: str
    version: str


@dataclass(frozen=True)
class Importer:
    """The block of one workspace package."""

    dependencies: Mapping[str, LockedDependency] = field(default_factory=dict)
    dev_dependencies: Mapping[str, LockedDependency] = field(default_factory=dict)
    optional_dependencies: Mapping[str, LockedDependency] = field(default_factory=dict)
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def all(self) -> Mapping[str, LockedDependency]:
        """Return the dependencies of all three kinds by name."""
        return {**self.dev_dependencies, **self.optional_dependencies, **self.dependencies}


@dataclass(frozen=True)
class Lockfile:
    """A parsed lockfile. `importers` is keyed by folder, `packages` and `snapshots` as the file writes them."""

    path: str
    version: str
    settings: Mapping[str, Any]
    overrides: Mapping[str, str]
    catalogs: Mapping[str, Any]
    package_extensions_checksum: str | None
    patched_dependencies: Mapping[str, Any]
    importers: Mapping[str, Importer]
    packages: Mapping[str, Mapping[str, Any]]
    snapshots: Mapping[str, Mapping[str, Any]]
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @cached_property
    def edges(self) -> dict[str, tuple[str, ...]]:
        """A memory for whoever walks the snapshots: the keys that a snapshot needs."""
        return {}

    @cached_property
    def roots(self) -> dict[str, tuple[str, ...]]:
        """The same of importers, by folder."""
        return {}

    @cached_property
    def links(self) -> dict[str, tuple[str, ...]]:
        """And the folders that importers link."""
        return {}

    @property
    def major(self) -> int:
        """The lockfile format's major version: 5, 6 or 9."""
        return int(self.version.partition(".")[0])


@lru_cache(maxsize=8)
def parse_lockfile(data: bytes, path: str) -> Lockfile:
    """Parse a lockfile; the same bytes are parsed once. Raises UsageError with path and line."""
    return lockfile_of(load_yaml(data, path), path)


def lockfile_of(document: Any, path: str) -> Lockfile:
    """Return the lockfile that a parsed document is. Raises UsageError with the path for one that is none."""
    raw = as_mapping(document, path, "the lockfile")
    version = _version(raw, path)
    packages = _blocks(raw, "packages", path)
    split = int(version.partition(".")[0]) >= SPLIT_VERSION
    checksum = raw.get("packageExtensionsChecksum")
    return Lockfile(
        path=path,
        version=version,
        settings=as_mapping(raw.get("settings"), path, "settings"),
        overrides=as_strings(raw.get("overrides"), path, "overrides"),
        catalogs=as_mapping(raw.get("catalogs"), path, "catalogs"),
        package_extensions_checksum=None if checksum is None else str(checksum),
        patched_dependencies=as_mapping(raw.get("patchedDependencies"), path, "patchedDependencies"),
        importers=_importers(raw, path),
        packages=packages,
        snapshots=_blocks(raw, "snapshots", path) if split else packages,
        raw=raw,
    )


def _version(raw: Mapping[str, Any], path: str) -> str:
    version = str(raw.get("lockfileVersion", ""))
    major = version.partition(".")[0]
    if not major.isdecimal() or not _OLDEST <= int(major) <= _NEWEST:
        raise UsageError(
            f"{path} has an unknown lockfile version",
            where=path,
            why=f"lockfileVersion is {version!r}; known are {_OLDEST} to {_NEWEST}",
            fix="`pnpm install --lockfile-only` with pnpm 9 or 10 writes a known one",
        )
    return version


def _blocks(raw: Mapping[str, Any], key: str, path: str) -> Mapping[str, Mapping[str, Any]]:
    section = as_mapping(raw.get(key), path, key)
    return {name: as_mapping(block, path, f"{key}.{name}") for name, block in section.items()}


def _importers(raw: Mapping[str, Any], path: str) -> Mapping[str, Importer]:
    if "importers" not in raw:  # a lockfile of one package writes its block at the top
        return {".": _importer(raw, path, "the root")}
    blocks = _blocks(raw, "importers", path)
    return {folder: _importer(block, path, f"importers.{folder}") for folder, block in blocks.items()}


def _importer(block: Mapping[str, Any], path: str, what: str) -> Importer:
    specifiers = as_strings(block.get("specifiers"), path, f"{what}.specifiers")

    def kind(name: str) -> Mapping[str, LockedDependency]:
        return _locked(as_mapping(block.get(name), path, f"{what}.{name}"), specifiers, path, f"{what}.{name}")

    return Importer(kind("dependencies"), kind("devDependencies"), kind("optionalDependencies"), raw=block)


def _locked(
    section: Mapping[str, Any], specifiers: Mapping[str, str], path: str, what: str
) -> Mapping[str, LockedDependency]:
    """Read one kind. Version 5 keeps the specifiers apart and writes the version alone."""
    locked = {}
    for name, value in section.items():
        block = {"specifier": specifiers.get(name), "version": value} if isinstance(value, str) else value
        texts = as_strings(block, path, f"{what}.{name}")
        if not {"specifier", "version"} <= texts.keys():
            raise UsageError(
                f"{path}: {what}.{name} lacks a specifier or a version",
                where=path,
                why="the lockfile is damaged",
                fix="`pnpm install --lockfile-only` writes it anew",
            )
        locked[name] = LockedDependency(texts["specifier"], texts["version"])
    return locked
