"""The part of a lockfile that some packages need: their importers, and every snapshot that can be reached from them."""

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from alecia_pipeline.errors import UsageError
from alecia_pipeline.source.lockfile import SPLIT_VERSION, Importer, Lockfile
from alecia_pipeline.source.yaml_text import render_yaml

LINK = "link:"
"""How a version names a workspace package: the rest is its folder, seen from the importer's."""

_FILE = "file:"

_EDGES = ("dependencies", "optionalDependencies")
_KINDS = ("dependencies", "devDependencies", "optionalDependencies")


def lock_slice(lockfile: Lockfile, folders: Iterable[str]) -> Lockfile:
    """Cut the lockfile to the importers of `folders` and of the root, which every install reads.

    Settings, patches and package extensions stay whole: pnpm compares them with `package.json` and
    `pnpm-workspace.yaml`, where overrides and catalogs are cut too (`images/cuts.py`). Raises UsageError when an
    importer needs what the lockfile lacks.
    """
    wanted = {".", *folders}
    importers = {folder: block for folder, block in lockfile.importers.items() if folder in wanted}
    reached = _reachable(lockfile, importers)
    fetched = lockfile.packages
    packages = {key if key in fetched else package_key(lockfile, key) for key in reached}
    return replace(
        lockfile,
        importers=importers,
        overrides=_used_overrides(lockfile, importers.values(), packages),
        catalogs=_used_catalogs(lockfile, importers.values()),
        packages={key: block for key, block in fetched.items() if key in packages},
        snapshots={key: block for key, block in lockfile.snapshots.items() if key in reached},
    )


def slice_document(lockfile: Lockfile, folders: Iterable[str]) -> dict[str, Any]:
    """Return the slice as the document that `render_slice` writes, every mapping below the top in key order."""
    part = lock_slice(lockfile, folders)
    sections: dict[str, Any] = {
        "overrides": part.overrides,
        "catalogs": part.catalogs,
        "importers": {folder: block.raw for folder, block in part.importers.items()},
        "packages": part.packages,
    }
    if lockfile.major >= SPLIT_VERSION:
        sections["snapshots"] = part.snapshots
    if "importers" not in lockfile.raw:
        del sections["importers"]
    document = {key: sections.get(key, value) for key, value in lockfile.raw.items()}
    return {key: _ordered(value) for key, value in document.items() if value or key not in sections}


def render_slice(lockfile: Lockfile, folders: Iterable[str]) -> bytes:
    """Return a `pnpm-lock.yaml` that `pnpm install --frozen-lockfile` accepts where only `folders` are present."""
    return render_yaml(slice_document(lockfile, folders)).encode()


def _ordered(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _ordered(value[key]) for key in sorted(value)}
    return value


def _used_overrides(lockfile: Lockfile, importers: Iterable[Importer], packages: Iterable[str]) -> Mapping[str, str]:
    """Keep the overrides of what is installed, or asked for; and every removal (`-`), which leaves no trace."""
    if lockfile.major < SPLIT_VERSION or not lockfile.overrides:
        return lockfile.overrides
    names = {_name(key) for key in packages}
    names |= {name for importer in importers for name in importer.all()}
    return {
        selector: value for selector, value in lockfile.overrides.items() if value == "-" or target(selector) in names
    }


def target(selector: str) -> str:
    """Return the name that an override is about: `b` of `a@1>b@^2`. Ranges hold `>` too, behind an `@` or a space."""
    parent = _PARENT.match(selector)
    return _name(selector[parent.end() :] if parent else selector)


def _name(key: str) -> str:
    """Return the name in `name@version`, or the whole of a bare name."""
    return key[: key.index("@", 1)] if "@" in key[1:] else key


def _used_catalogs(lockfile: Lockfile, importers: Iterable[Importer]) -> Mapping[str, Any]:
    """Keep the catalog entries that these importers name; `catalog:` alone means the one called default."""
    if not lockfile.catalogs:
        return lockfile.catalogs
    used = {
        (locked.specifier.removeprefix("catalog:") or "default", name)
        for importer in importers
        for name, locked in importer.all().items()
        if locked.specifier.startswith("catalog:")
    }
    kept = {
        catalog: {name: entry for name, entry in (entries or {}).items() if (catalog, name) in used}
        for catalog, entries in lockfile.catalogs.items()
    }
    return {catalog: entries for catalog, entries in kept.items() if entries}


def _reachable(lockfile: Lockfile, folders: Iterable[str]) -> set[str]:
    seen = {key for folder in folders for key in _roots_of(lockfile, folder)}
    queue = list(seen)
    known = lockfile.edges  # asked here, since a call for each of a hundred thousand takes half of the time
    while queue:
        key = queue.pop()
        if key not in known:
            known[key] = edges(lockfile, key)
        for needed in known[key]:
            if needed not in seen:
                seen.add(needed)
                queue.append(needed)
    return seen


def _roots_of(lockfile: Lockfile, folder: str) -> tuple[str, ...]:
    known = lockfile.roots.get(folder)
    if known is None:
        known = lockfile.roots[folder] = tuple(roots(lockfile, lockfile.importers[folder]))
    return known


def roots(lockfile: Lockfile, importer: Importer) -> Iterator[str]:
    """Yield the snapshots that an importer names. Raises UsageError when the lockfile lacks one."""
    for name, locked in importer.all().items():
        yield from _key(lockfile, name, locked.version, "an importer")


def edges(lockfile: Lockfile, key: str) -> tuple[str, ...]:
    """Return the snapshots that a snapshot needs. Raises UsageError when the lockfile lacks one."""
    needs = _needs(lockfile.snapshots[key])
    return tuple(found for name, version in needs for found in _key(lockfile, name, version, key))


def local_entries(lockfile: Lockfile) -> Mapping[str, tuple[str, ...]]:
    """Return what is fetched from the repository itself, or needs a folder of it: snapshot or package -> paths.

    Manifests do not name them all: overrides lead elsewhere.
    """
    found: dict[str, tuple[str, ...]] = {}
    for key, block in lockfile.snapshots.items():
        needed = (version for kind in _EDGES for version in (block.get(kind) or {}).values())
        links = tuple(link for link in map(str, needed) if link.startswith(LINK))
        if links:
            found[key] = tuple(posixpath.normpath(link.removeprefix(LINK)) for link in links)
    for key, block in lockfile.packages.items():
        resolution = block.get("resolution")
        place = _local_place(resolution) if isinstance(resolution, Mapping) else None
        if place:
            found[key] = (*found.get(key, ()), posixpath.normpath(place))
    return found


def importer_links(lockfile: Lockfile, folders: Iterable[str]) -> frozenset[str]:
    """Return the folders that importers link, from the repository's root."""
    return frozenset(link for folder in folders for link in _links_of(lockfile, folder))


def _links_of(lockfile: Lockfile, folder: str) -> tuple[str, ...]:
    known = lockfile.links.get(folder)
    if known is None:
        needed = lockfile.importers[folder].all().values() if folder in lockfile.importers else ()
        links = (each.version.removeprefix(LINK) for each in needed if each.version.startswith(LINK))
        known = lockfile.links[folder] = tuple(posixpath.normpath(posixpath.join(folder, link)) for link in links)
    return known


def _local_place(resolution: Mapping[str, Any]) -> str | None:
    """Return the folder or archive of the repository that a package is taken from, None for one that is fetched."""
    tarball = str(resolution.get("tarball", ""))
    if tarball.startswith(_FILE):
        return tarball.removeprefix(_FILE)
    return str(resolution["directory"]) if "directory" in resolution else None


def importers_reaching(lockfile: Lockfile, keys: Iterable[str]) -> frozenset[str]:
    """Return the folders that need one of the snapshots, near or far. Raises UsageError as `lock_slice` does.

    Snapshots that no importer reaches may lack what they need: nobody installs them.
    """
    queue = list(keys)
    if not queue:
        return frozenset()
    needed_by: dict[str, list[str]] = {}
    for key, block in lockfile.snapshots.items():
        known = lockfile.edges.get(key)
        needs = known or ((_found(lockfile, name, version) or "") for name, version in _needs(block))
        for needed in needs:
            needed_by.setdefault(needed, []).append(key)
    seen = set(queue)
    while queue:
        fresh = [key for key in needed_by.get(queue.pop(), ()) if key not in seen]
        seen.update(fresh)
        queue += fresh
    return frozenset(
        folder for folder, block in lockfile.importers.items() if not seen.isdisjoint(roots(lockfile, block))
    )


def _needs(block: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for kind in _EDGES:
        yield from ((name, str(version)) for name, version in (block.get(kind) or {}).items())


def missing_entries(lockfile: Lockfile) -> Iterator[tuple[str, str]]:
    """Yield (importer or key, what it needs and the lockfile lacks), as far as an install gets; merges do that.

    What no importer reaches is not installed, so nothing of it is missed.
    """
    importers = sorted(lockfile.importers.items())
    queue = [
        (folder, name, locked.version) for folder, block in importers for name, locked in sorted(block.all().items())
    ]
    seen: set[str] = set()
    for needed_by, name, version in queue:  # grows while it is walked
        key = _found(lockfile, name, version)
        if key is None and not version.startswith(LINK):
            yield needed_by, f"{name}@{version}"
        elif key is not None and key not in seen:
            seen.add(key)
            queue += [(key, *need) for need in sorted(_needs(lockfile.snapshots[key]))]


def _key(lockfile: Lockfile, name: str, version: str, needed_by: str) -> Iterator[str]:
    """Yield the snapshot key that a dependency stands for; none for a link to a workspace package."""
    if version.startswith(LINK):
        return
    key = _found(lockfile, name, version)
    if key is None:
        raise UsageError(
            f"{lockfile.path} has no entry for {name}@{version}",
            where=lockfile.path,
            why=f"{needed_by} needs it: the lockfile is damaged, often by a merge",
            fix="`pnpm install --lockfile-only` mends it",
        )
    yield key


def _found(lockfile: Lockfile, name: str, version: str) -> str | None:
    plain = f"{name}@{version}"
    if plain in lockfile.snapshots:
        return plain
    keys = (version, f"/{name}@{version}", f"/{name}/{version}")
    return next((key for key in keys if key in lockfile.snapshots), None)


_SLASHES = 5
"""Up to this version of the format, a slash stands before a package's version."""

_PARENT = re.compile(r".*?[^ |@]>")
"""As pnpm's parseOverrides finds the end of the parent."""

_PEERS = re.compile(r"\(.*$")


def package_key(lockfile: Lockfile, key: str) -> str:
    """Return the key of what is fetched for a snapshot: without the peers and the patch in brackets."""
    return key if key in lockfile.packages else _PEERS.sub("", key)


def package_of(lockfile: Lockfile, key: str) -> tuple[str, str]:
    """Return name and version of a package by its key: `pg@8.0.0`, `/pg@8.0.0`, `/pg/8.0.0_react@19.0.0`.

    What is fetched from elsewhere has them in its block.
    """
    block = lockfile.packages[key]
    bare = _PEERS.sub("", key.removeprefix("/"))
    if lockfile.major <= _SLASHES:
        name, _, version = bare.rpartition("/")
        version = version.partition("_")[0]
    else:
        name = _name(bare)
        version = bare[len(name) + 1 :]
    return str(block.get("name") or name), str(block.get("version") or version)
