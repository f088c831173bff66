"""Root inputs: files outside the packages that every install and build reads, and what packages refer to."""

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from alecia_pipeline.images.selection import Paths, globbed_files
from alecia_pipeline.source.glob import matches
from alecia_pipeline.source.jsonc import parse_jsonc
from alecia_pipeline.source.tree import SYMLINK, Tree
from alecia_pipeline.source.workspace import Workspace

ROOT_FILES = (
    "package.json",
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
"""At the repository's root. `pnpm-lock.yaml` is not among them: it goes in cut to the app's slice."""

_TURBO = ("turbo.json", "turbo.jsonc")
_PATH = re.compile(r"(?:\.\./)+[\w./@-]+")


def root_inputs(paths: Paths, tree: Tree, workspace: Workspace, closure: Iterable[str]) -> set[str]:
    """Return the root inputs of a closure. Raises UsageError for a turbo.json or tsconfig that does not parse."""
    found = {path for path in paths.ordered if "/" not in path and matches(path, ROOT_FILES)}
    found |= globbed_files(paths, _global_dependencies(tree))
    folders = [folder for folder in closure if folder != "."]
    for folder in folders:
        found |= {path for path in _script_paths(workspace, folder) if path in paths}
    found |= _configurations(paths, tree, folders, found)
    return found


def _global_dependencies(tree: Tree) -> list[str]:
    """Return turbo's `globalDependencies`; its prefix for the repository's root says nothing here."""
    for path in _TURBO:
        document = parse_jsonc(tree.read(path), path) if path in tree.entries else None
        if isinstance(document, dict) and isinstance(document.get("globalDependencies"), list):
            return [str(item).removeprefix("$TURBO_ROOT$/") for item in document["globalDependencies"]]
    return []


def _script_paths(workspace: Workspace, folder: str) -> Iterator[str]:
    """Yield the files above a package that its scripts name, such as `node ../../scripts/build.mjs`."""
    for script in workspace.package(folder).manifest.scripts.values():
        for path in _PATH.findall(str(script)):
            yield posixpath.normpath(posixpath.join(folder, path))


def _configurations(paths: Paths, tree: Tree, folders: Iterable[str], roots: Iterable[str]) -> set[str]:
    """Return the configuration files that tsconfigs lead to, outside their packages too, near and far."""
    queue = [path for path in roots if posixpath.basename(path).startswith("tsconfig")]
    for folder in folders:
        queue += [path for path in paths.below(folder) if matches(path, (f"{folder}/tsconfig*.json",))]
    seen: set[str] = set()
    while queue:
        path = queue.pop()
        if path not in seen and tree.entries[path].mode != SYMLINK:
            seen.add(path)
            queue += [target for target in _extends(tree, path) if target in paths]
    return seen


def _extends(tree: Tree, path: str) -> Iterator[str]:
    document: Mapping[str, Any] = parse_jsonc(tree.read(path), path)
    value = document.get("extends") if isinstance(document, dict) else None
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, str) and item.startswith("."):
            target = posixpath.normpath(posixpath.join(posixpath.dirname(path), item))
            yield target
            yield f"{target}.json"
