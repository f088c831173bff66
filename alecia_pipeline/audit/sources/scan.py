"""Which files of a commit are a package's source, what role each has, and what it imports."""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from alecia_pipeline.audit.sources.imports import EXTENSIONS, Imports, extract
from alecia_pipeline.errors import UsageError
from alecia_pipeline.source.manifest import MANIFEST_FILE, parse_manifest
from alecia_pipeline.source.tree import EXECUTABLE, REGULAR, Tree
from alecia_pipeline.source.workspace import Workspace

Role = Literal["source", "config", "test"]
"""`source` is shipped; `config` runs while building; `test` runs elsewhere. The last two may use devDependencies."""

_OUTPUT = re.compile(r"(?:dist|build|out|public|coverage|\.next|\.turbo|\.output)/")
"""Folders at the top of a package that a build fills or that are served as they are."""

_SKIPPED = re.compile(
    r"(?:^|/)(?:node_modules|\.yarn|__fixtures__|__testfixtures__|fixtures|__snapshots__)/|\.min\.[cm]?js$|/\._"
)

_TEST = re.compile(
    r"(?:^|/)(?:__tests__|__mocks__|__e2e__|tests?|specs?|e2e|cypress|playwright|stories|\.storybook|benchmarks?)/"
    r"|\.(?:test|spec|stories|story|bench|e2e|cy|test-d)\.[cm]?[jt]sx?$"
)
_CONFIG = re.compile(
    r"\.(?:config|setup)(?:\.[\w-]+)?\.[cm]?[jt]sx?$|(?:^|/)\.[\w.-]+\.[cm]?[jt]s$|(?:^|/)(?:scripts|tools)/"
)


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One scanned file; `package` is the folder of the workspace package that owns it."""

    path: str
    package: str
    role: Role
    imports: Imports


def scan(tree: Tree, workspace: Workspace) -> tuple[SourceFile, ...]:
    """Read every source file of every workspace package, in path order."""
    foreign = set(_foreign(tree, workspace))
    return tuple(_files(tree, workspace, foreign))


def _files(tree: Tree, workspace: Workspace, foreign: set[str]) -> Iterator[SourceFile]:
    for path, entry in tree.entries.items():
        if not path.endswith(EXTENSIONS) or entry.mode not in {REGULAR, EXECUTABLE}:
            continue
        package = workspace.owner(path).dir
        inner = path if package == "." else path[len(package) + 1 :]
        if _OUTPUT.match(inner) or _SKIPPED.search("/" + inner) or _below(path, foreign):
            continue
        extension = posixpath.splitext(path)[1]
        yield SourceFile(path, package, _role(package, inner), extract(tree.read(path), extension))


def _foreign(tree: Tree, workspace: Workspace) -> Iterator[str]:
    """Yield the folders of packages that are not of this workspace: fixtures, templates, examples.

    A package.json that only says `{"type": "module"}` makes no package of its own.
    """
    for path in tree.entries:
        folder, name = posixpath.split(path)
        if name == MANIFEST_FILE and folder and folder not in workspace.packages and _is_package(tree, path):
            yield folder


def _is_package(tree: Tree, path: str) -> bool:
    try:
        manifest = parse_manifest(tree.read(path), path)
    except UsageError:
        return True
    return manifest.name is not None or bool(manifest.declared())


def _below(path: str, folders: set[str]) -> bool:
    folder = posixpath.dirname(path)
    while folder:
        if folder in folders:
            return True
        folder = posixpath.dirname(folder)
    return False


def _role(package: str, inner: str) -> Role:
    if _TEST.search(inner):
        return "test"
    return "config" if package == "." or _CONFIG.search(inner) else "source"
