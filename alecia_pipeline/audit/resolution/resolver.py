"""Where each import leads: to a file of the repository, to a package, or nowhere."""

import fnmatch
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from alecia_pipeline.audit.repository.gitignore import GitIgnore
from alecia_pipeline.audit.resolution.file_index import FileIndex
from alecia_pipeline.audit.resolution.specifier import Specifier, parse_specifier
from alecia_pipeline.audit.resolution.tsconfig import TsConfigs
from alecia_pipeline.audit.sources.imports import Import
from alecia_pipeline.audit.sources.scan import SourceFile
from alecia_pipeline.source.workspace import Workspace

Outcome = Literal["file", "package", "missing", "case", "generated", "fine"]
"""`case`: only a file system without letter case finds it. `generated`: git ignores it. `fine`: no file of ours."""

_BUILT = re.compile(r"(?:^|/)(?:dist|build|node_modules|\.next|\.nuxt|\.svelte-kit|\.astro|\+types)(?:/|$)")

FRAMEWORK_MODULES: Mapping[str, str] = {"server-only": "next", "client-only": "next", "vscode": "@types/vscode"}
"""Modules that a framework answers for itself: module -> the declared package that does it."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """One import with its outcome: `target` is a path (of the file, or where it should be), `name` a package."""

    source: SourceFile
    item: Import
    outcome: Outcome
    target: str | None = None
    name: str | None = None


@dataclass(frozen=True)
class Resolver:
    """Resolves imports by the files and configs of one commit. `ambient`: folder -> modules declared there."""

    files: FileIndex
    workspace: Workspace
    tsconfigs: TsConfigs
    gitignore: GitIgnore
    ambient: Mapping[str, frozenset[str]]

    def resolve(self, source: SourceFile, item: Import) -> Resolved:
        """Return where one import leads."""
        specifier = parse_specifier(item.specifier)
        outcome, target, name = self._outcome(source, specifier)
        return Resolved(source, item, outcome, target, name)

    def _outcome(self, source: SourceFile, specifier: Specifier) -> tuple[Outcome, str | None, str | None]:
        if specifier.kind == "relative":
            path = posixpath.normpath(posixpath.join(posixpath.dirname(source.path), specifier.path))
            return self._path((path,))
        if specifier.kind == "builtin":
            return "fine", None, None
        if specifier.kind == "package" and specifier.name:
            return self._package(source, specifier.path, specifier.name)
        if specifier.kind == "imports" and (inner := self._own_imports(source, specifier.path)):
            return self._outcome(source, inner)
        targets = list(self._aliased(source, specifier.path))
        return self._path(targets[0]) if targets else ("fine", None, None)

    def _path(self, paths: tuple[str, ...]) -> tuple[Outcome, str | None, str | None]:
        """Judge a path that must be in the repository; of several, one is enough."""
        for path in paths:
            if found := self.files.module(path):
                return "file", found, None
        if any(self.files.exists(path) for path in paths):
            return "fine", None, None
        for path in paths:
            if other := self.files.module_any_case(path):
                return "case", other, None
        if any(_BUILT.search(path) for path in paths):
            return "fine", None, None
        ignored = next((path for path in paths if self._ignored(path)), None)
        return ("generated", ignored, None) if ignored else ("missing", paths[0], None)

    def _ignored(self, path: str) -> bool:
        return not path.startswith("..") and any(
            self.gitignore.ignored(path + ending) for ending in ("", ".ts", ".js", ".d.ts")
        )

    def _package(self, source: SourceFile, path: str, name: str) -> tuple[Outcome, str | None, str | None]:
        manifest = self.workspace.package(source.package).manifest
        if name == manifest.name or self._is_ambient(source, path):
            return "fine", None, None
        provider = FRAMEWORK_MODULES.get(name)
        if provider and provider in manifest.declared():
            return "fine", None, None
        if self.workspace.by_name(name):
            return "package", None, name
        for targets in self._aliased(source, path):
            found = next(filter(None, map(self.files.module, targets)), None)
            if found:
                return "file", found, None
            if name not in manifest.declared() and any(map(self._ignored, targets)):
                return "generated", targets[0], None
        return "package", None, name

    def _aliased(self, source: SourceFile, path: str) -> Iterator[tuple[str, ...]]:
        """Yield, best first, the paths that tsconfig files give a specifier that is not relative."""
        for rules in self.tsconfigs.rules(source.path):
            hits = [(alias, alias.expand(path)) for alias in rules.aliases]
            best = sorted(
                ((alias, targets) for alias, targets in hits if targets), key=lambda hit: -len(hit[0].pattern)
            )
            yield from (targets for alias, targets in best if alias.pattern != "*" or self._any_module(targets))
            based = tuple(posixpath.normpath(posixpath.join(base, path)) for base in rules.bases)
            if self._any_module(based):
                yield based

    def _any_module(self, paths: tuple[str, ...]) -> bool:
        return any(self.files.module(path) for path in paths)

    def _own_imports(self, source: SourceFile, path: str) -> Specifier | None:
        """Return the package that `imports` of package.json gives for a `#name`; a path of its own needs no look."""
        imports = self.workspace.package(source.package).manifest.imports
        target = imports.get(path) if isinstance(imports, dict) else None
        if not isinstance(target, str) or target.startswith("."):
            return None
        specifier = parse_specifier(target)
        return specifier if specifier.kind == "package" else None

    def _is_ambient(self, source: SourceFile, path: str) -> bool:
        declared = self.ambient.get(source.package, frozenset()) | self.ambient.get(".", frozenset())
        return any(fnmatch.fnmatchcase(path, pattern) for pattern in declared if pattern != "*")
