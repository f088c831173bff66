"""The settings that a lockfile repeats, against those of the workspace. Each disagreement concerns every app.

Source: pnpm's lockfile/settings-checker, of versions 8 to 12.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from alecia_pipeline.audit.manifests.checksums import file_agrees, value_agrees
from alecia_pipeline.audit.manifests.pnpm_settings import WORKSPACE_SETTINGS, PnpmSettings
from alecia_pipeline.source.lockfile import Lockfile
from alecia_pipeline.source.tree import Tree

PNPMFILES = (".pnpmfile.cjs", ".pnpmfile.mjs")
CHECKS_PNPMFILE = 9
"""The first pnpm that locks a checksum of its hooks."""

_BUILT = ("onlyBuiltDependencies", "neverBuiltDependencies")
_LOCKS_BUILT = 8
"""The last pnpm whose lockfile repeats which packages may run scripts, and not how long the peers of a key may get."""

_DEDUPES_PEERS = 11


def hook_text(tree: Tree) -> str:
    """Return the hooks that may change any manifest before pnpm compares it; nothing when there are none."""
    texts = (tree.read(path).decode(errors="replace") for path in PNPMFILES if path in tree.entries)
    return "\n".join(text for text in texts if "readPackage" in text)


def disagreements(tree: Tree, lockfile: Lockfile, settings: PnpmSettings) -> Iterator[str]:
    """Yield every disagreement, in a fixed order."""
    yield from _overrides(lockfile, settings)
    yield from _catalogs(lockfile, settings)
    yield from _extensions(lockfile, settings)
    yield from _patches(tree, lockfile, settings)
    yield from _lists(lockfile, settings)
    yield from _flags(lockfile, settings)
    yield from _pnpmfile(tree, lockfile, settings)


def _overrides(lockfile: Lockfile, settings: PnpmSettings) -> Iterator[str]:
    for selector in sorted(settings.overrides.keys() | lockfile.overrides.keys()):
        value, locked = settings.overrides.get(selector), lockfile.overrides.get(selector)
        if value != locked and "${" not in (value or ""):
            yield f"override {selector} is {value or 'not set'} but locked as {locked or 'not set'}"


def _catalogs(lockfile: Lockfile, settings: PnpmSettings) -> Iterator[str]:
    """Compare the catalog entries in use; entries that nobody uses are not locked.

    pnpm 9 installs with a stale one all the same, with the old version: that is worth the same words.
    """
    for catalog, entries in sorted(lockfile.catalogs.items()):
        known = settings.catalogs.get(catalog, {})
        for name, entry in sorted((entries if isinstance(entries, dict) else {}).items()):
            locked = entry.get("specifier") if isinstance(entry, dict) else None
            if known.get(name) != locked:
                yield f"catalog {catalog}: {name} is {known.get(name) or 'not set'} but locked as {locked}"


def _extensions(lockfile: Lockfile, settings: PnpmSettings) -> Iterator[str]:
    checksum = lockfile.package_extensions_checksum
    if bool(checksum) != bool(settings.package_extensions):
        state = ("set", "not locked") if settings.package_extensions else ("not set", "locked")
        yield f"packageExtensions are {state[0]} but {state[1]}"
    elif checksum and not value_agrees(settings.package_extensions, checksum):
        yield "packageExtensions are not as they are locked"


def _patches(tree: Tree, lockfile: Lockfile, settings: PnpmSettings) -> Iterator[str]:
    for name in sorted(settings.patches.keys() | lockfile.patched_dependencies.keys()):
        path, locked = settings.patches.get(name), lockfile.patched_dependencies.get(name)
        if path is None or locked is None:
            yield f"the patch of {name} is {'set' if path else 'not set'} but {'locked' if locked else 'not locked'}"
        elif path.removeprefix("./") not in tree.entries:
            yield f"the patch of {name}, {path}, is not in the commit"
        elif not file_agrees(tree.read(path.removeprefix("./")), _checksum(locked)):
            yield f"the patch {path} is not as it is locked"


def _checksum(locked: Any) -> str:
    """Return the checksum of a locked patch: the value itself since pnpm 11, its `hash` before."""
    return str(locked.get("hash", "")) if isinstance(locked, dict) else str(locked)


def _lists(lockfile: Lockfile, settings: PnpmSettings) -> Iterator[str]:
    if settings.major > _LOCKS_BUILT:
        yield from _list("ignoredOptionalDependencies", lockfile, settings.ignored_optional)
    else:
        for key in _BUILT:
            yield from _list(key, lockfile, settings.flags.get(key) or ())


def _list(key: str, lockfile: Lockfile, values: Any) -> Iterator[str]:
    if sorted(map(str, lockfile.raw.get(key) or ())) != sorted(map(str, values)):
        yield f"{key} is not as it is locked"


def _flags(lockfile: Lockfile, settings: PnpmSettings) -> Iterator[str]:
    wanted: Mapping[str, object] = {
        "autoInstallPeers": settings.auto_install_peers,
        "excludeLinksFromLockfile": settings.exclude_links,
    }
    for name, value in wanted.items():
        locked = lockfile.settings.get(name)
        if locked is not None and locked != value:
            yield f"{name} is {str(value).lower()} but locked as {str(locked).lower()}"
    for name, first in (("injectWorkspacePackages", WORKSPACE_SETTINGS), ("dedupePeers", _DEDUPES_PEERS)):
        if settings.major >= first and bool(settings.flags.get(name)) != bool(lockfile.settings.get(name)):
            yield f"{name} is not as it is locked"
    if settings.major > _LOCKS_BUILT and settings.peers_suffix_max_length != lockfile.settings.get(
        "peersSuffixMaxLength", 1000
    ):
        yield "peersSuffixMaxLength is not as it is locked"


def _pnpmfile(tree: Tree, lockfile: Lockfile, settings: PnpmSettings) -> Iterator[str]:
    """Compare the hooks' checksum, where only one file can have been meant."""
    found = [path for path in PNPMFILES if path in tree.entries]
    locked = lockfile.raw.get("pnpmfileChecksum")
    if settings.major < CHECKS_PNPMFILE or settings.has_plugins or len(found) > 1:
        return
    if locked and not found:
        yield "the hooks of a .pnpmfile.cjs are locked, but there is none"
    elif found and locked and not file_agrees(tree.read(found[0]), str(locked)):
        yield f"{found[0]} is not as it is locked"
    elif found and not locked and b"hooks" in tree.read(found[0]):
        yield f"the hooks of {found[0]} are not locked"
