"""Root inputs: files outside the packages that every install and every build reads."""

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any

from alecia_pipeline.images.layout import Layout
from alecia_pipeline.images.turbo import TURBO_FILES, build_inputs, global_inputs
from alecia_pipeline.source.documents import load_json
from alecia_pipeline.source.glob import matches
from alecia_pipeline.source.jsonc import parse_jsonc
from alecia_pipeline.source.links import read_file
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
_HOOKS = "pnpmfile"
_NPMRC = ".npmrc"
_HOOKS_LINE = re.compile(rb"^\s*(?:global-)?pnpmfile\s*=\s*[\"']?([^\"'\n;#]+?)[\"']?\s*$", re.MULTILINE)


def root_inputs(layout: Layout, lockfile: Lockfile | None) -> frozenset[str]:
    """Return the root inputs of a commit. Raises UsageError for settings that do not parse.

    Patches are among them, used or not: pnpm reads all that are configured, and its hooks wherever they lie.
    """
    files = {entry.path for entry in layout.packages.get(".", ())}
    found = {path for path in files if "/" not in path and matches(path, ROOT_FILES)}
    placed = (*_patches(layout.tree, lockfile), *_hooks(layout.tree))
    named = {path for each in placed for path in layout.passed(each)} & layout.tree.entries.keys()
    patches = layout.paths.below("patches")
    return frozenset({*found, *named, *patches, *layout.globbed(_turbo_inputs(layout.tree))})


def _patches(tree: Tree, lockfile: Lockfile | None) -> Iterator[str]:
    """Yield the paths of patches. Newer lockfiles have only their hashes, so the settings are asked as well."""
    for entry in (lockfile.patched_dependencies if lockfile else {}).values():
        if isinstance(entry, Mapping):
            yield str(entry.get("path"))
    settings = _settings(tree, MANIFEST_FILE, _PATCHED).get("pnpm"), _settings(tree, WORKSPACE_FILE, _PATCHED)
    for patched in (_mapping(each).get(_PATCHED) for each in settings):
        yield from (posixpath.normpath(str(path)) for path in _mapping(patched).values())


def _hooks(tree: Tree) -> Iterator[str]:
    """Yield the paths of pnpm's hooks that settings name: pnpm would look for `.pnpmfile.cjs` without them."""
    found = _settings(tree, WORKSPACE_FILE, _HOOKS).get(_HOOKS)
    paths = [str(path) for path in (found if isinstance(found, list) else [found]) if path]
    paths += [match[1].decode(errors="replace") for match in _HOOKS_LINE.finditer(_data(tree, _NPMRC))]
    yield from (posixpath.normpath(path) for path in paths)


def _settings(tree: Tree, path: str, needed: str) -> Mapping[str, Any]:
    """Return a settings file that has a key, else nothing. Raises UsageError for what does not parse."""
    data = _data(tree, path)
    if needed.encode() not in data:
        return {}
    return _mapping(load_json(data, path) if path == MANIFEST_FILE else load_yaml(data, path))


def _data(tree: Tree, path: str) -> bytes:
    return read_file(tree, path) if path in tree.entries else b""


def _turbo_inputs(tree: Tree) -> list[str]:
    """Return the globs of what turbo's file names in the root; of two, the first that says anything counts."""
    for path in TURBO_FILES:
        document = parse_jsonc(tree.read(path), path) if path in tree.entries else None
        if document:
            return [*global_inputs(document), *build_inputs(document)]
    return []


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
