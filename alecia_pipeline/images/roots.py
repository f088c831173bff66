"""Root inputs: files outside the packages that every install and every build reads."""

import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

from alecia_pipeline.images.layout import Layout
from alecia_pipeline.images.turbo import TURBO_FILES, build_inputs, global_inputs
from alecia_pipeline.source.documents import load_json
from alecia_pipeline.source.glob import matches
from alecia_pipeline.source.jsonc import parse_jsonc
from alecia_pipeline.source.lockfile import LOCKFILE, Lockfile
from alecia_pipeline.source.manifest import MANIFEST_FILE
from alecia_pipeline.source.tree import Tree
from alecia_pipeline.source.workspace import WORKSPACE_FILE
from alecia_pipeline.source.yaml_document import load_yaml

ROOT_FILES = (
    "package.json",
    LOCKFILE,
    "pnpm-workspace.yaml",
    ".npmrc",
    ".nvmrc",
    ".node-version",
    ".pnpmfile.cjs",
    ".pnpmfile.mjs",
    "turbo.json",
    "turbo.jsonc",
    "tsconfig*.json",
    "package-lock.json",
    "yarn.lock",
)
"""At the repository's root. Of `pnpm-lock.yaml`, what goes in is cut to the app's slice."""

_PATCHED = "patchedDependencies"


def root_inputs(layout: Layout, lockfile: Lockfile | None) -> frozenset[str]:
    """Return the root inputs of a commit. Raises UsageError for settings that do not parse.

    Patches are among them, used or not: pnpm reads all that are configured.
    """
    files = {entry.path for entry in layout.packages.get(".", ())}
    found = {path for path in files if "/" not in path and matches(path, ROOT_FILES)}
    patches = set(layout.paths.below("patches")) | set(_patches(layout.tree, lockfile)) & layout.tree.entries.keys()
    return frozenset(found | patches | layout.paths.globbed(_turbo_inputs(layout.tree)))


def _patches(tree: Tree, lockfile: Lockfile | None) -> Iterator[str]:
    """Yield the paths of patches. Newer lockfiles have only their hashes, so the settings are asked as well."""
    for entry in (lockfile.patched_dependencies if lockfile else {}).values():
        if isinstance(entry, Mapping):
            yield str(entry.get("path"))
    settings = _settings(tree, MANIFEST_FILE).get("pnpm"), _settings(tree, WORKSPACE_FILE)
    for patched in (_mapping(each).get(_PATCHED) for each in settings):
        yield from (posixpath.normpath(str(path)) for path in _mapping(patched).values())


def _settings(tree: Tree, path: str) -> Mapping[str, Any]:
    """Return a settings file that names patches, else nothing. Raises UsageError for what does not parse."""
    data = tree.read(path) if path in tree.entries else b""
    if _PATCHED.encode() not in data:
        return {}
    return _mapping(load_json(data, path) if path == MANIFEST_FILE else load_yaml(data, path))


def _turbo_inputs(tree: Tree) -> list[str]:
    """Return the globs of what turbo's file names in the root; of two, the first that says anything counts."""
    for path in TURBO_FILES:
        document = parse_jsonc(tree.read(path), path) if path in tree.entries else None
        if document:
            return [*global_inputs(document), *build_inputs(document)]
    return []


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
