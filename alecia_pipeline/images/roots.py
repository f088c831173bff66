"""Root inputs: files outside the packages that every install and every build reads."""

from collections.abc import Iterator, Mapping

from alecia_pipeline.images.layout import Layout
from alecia_pipeline.source.glob import matches
from alecia_pipeline.source.jsonc import parse_jsonc
from alecia_pipeline.source.lockfile import LOCKFILE, Lockfile
from alecia_pipeline.source.tree import Tree

ROOT_FILES = (
    "package.json",
    LOCKFILE,
    "pnpm-workspace.yaml",
    ".npmrc",
    ".nvmrc",
    ".node-version",
    ".pnpmfile.cjs",
    "turbo.json",
    "turbo.jsonc",
    "tsconfig*.json",
    "package-lock.json",
    "yarn.lock",
)
"""At the repository's root. Of `pnpm-lock.yaml`, what goes in is cut to the app's slice."""

_TURBO = ("turbo.json", "turbo.jsonc")


def root_inputs(layout: Layout, lockfile: Lockfile | None) -> frozenset[str]:
    """Return the root inputs of a commit. Raises UsageError for a turbo.json that does not parse.

    Patches are among them, used or not: pnpm reads all that are configured.
    """
    files = {entry.path for entry in layout.packages.get(".", ())}
    found = {path for path in files if "/" not in path and matches(path, ROOT_FILES)}
    patches = set(layout.paths.below("patches")) | set(_patches(lockfile)) & layout.tree.entries.keys()
    return frozenset(found | patches | layout.paths.globbed(_global_dependencies(layout.tree)))


def _patches(lockfile: Lockfile | None) -> Iterator[str]:
    for entry in (lockfile.patched_dependencies if lockfile else {}).values():
        if isinstance(entry, Mapping):
            yield str(entry.get("path"))


def _global_dependencies(tree: Tree) -> list[str]:
    """Return turbo's `globalDependencies`; its prefix for the repository's root says nothing here."""
    for path in _TURBO:
        document = parse_jsonc(tree.read(path), path) if path in tree.entries else None
        if isinstance(document, dict) and isinstance(document.get("globalDependencies"), list):
            return [str(item).removeprefix("$TURBO_ROOT$/") for item in document["globalDependencies"]]
    return []
