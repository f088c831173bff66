"""Which package's dependency a setting or a script uses: the package's own, or the root's, which all can see.

pnpm puts `node_modules/.bin` of the workspace's root on the PATH of every package's scripts (its `extraBinPaths`), and
Node looks for modules in every folder above: what the root declares is there.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from alecia_pipeline.audit.sources.extract import named
from alecia_pipeline.audit.sources.imports import Import
from alecia_pipeline.audit.sources.lines import Lines
from alecia_pipeline.audit.sources.naming import package_of
from alecia_pipeline.audit.sources.programs import by_program, started, usual_provider, words
from alecia_pipeline.source.lockfile import LOCKFILE
from alecia_pipeline.source.manifest import Manifest
from alecia_pipeline.source.tree import Tree
from alecia_pipeline.source.workspace import WORKSPACE_FILE, Workspace

Credited = tuple[str, Import]
"""The folder of the package whose dependency is used, and the use."""

_FIELDS: Mapping[str, str] = {
    "babel": "babel", "commitlint": "commitlint", "eslintConfig": "eslint", "expo": "expo", "jest": "jest",
    "lint-staged": "lint-staged", "mocha": "mocha", "postcss": "postcss", "prettier": "prettier",
    "release": "release", "stylelint": "stylelint",
}  # fmt: skip
"""Fields of package.json that hold a tool's settings."""

_HOISTED = re.compile(
    rb"shamefully-?hoist\s*[=:]\s*true|node-?linker\s*[=:]\s*[\"']?hoisted|public-?hoist-?pattern", re.IGNORECASE
)


def is_strict(tree: Tree) -> bool:
    """Tell whether packages see only what they (and the root) declare: pnpm, and nothing hoisted."""
    settings = [tree.read(path) for path in (".npmrc", WORKSPACE_FILE) if path in tree.entries]
    return LOCKFILE in tree.entries and not any(_HOISTED.search(data) for data in settings)


@dataclass(frozen=True)
class Credit:
    """Finds the dependency behind a name. `strict`: see `is_strict`; else nothing is sure to be missing."""

    workspace: Workspace
    strict: bool

    def settle(self, package: str, item: Import) -> Iterator[Credited]:
        """Yield what one `config` or `script` import of a package's file uses, if that can be told."""
        if item.kind == "script":
            yield from self._program(package, item)
            return
        name = package_of(item.specifier)
        owner = next((folder for folder in (package, ".") if name in self._declared(folder)), None)
        if owner is not None:
            yield owner, Import(item.specifier, item.line, item.kind, optional=owner != package or item.optional)
        elif self.strict and not item.optional:
            yield package, item

    def manifest(self, package: str, data: bytes) -> list[Credited]:
        """Return what package.json itself uses: in its scripts, and in the settings that it holds."""
        manifest = self.workspace.package(package).manifest
        items = [item for field, tool in _FIELDS.items() for item in _field(manifest, field, tool, data)]
        found = {credited for item in items for credited in self.settle(package, item)}
        return sorted(found.union(self._scripts(package, manifest, data)), key=_place)

    def _scripts(self, package: str, manifest: Manifest, data: bytes) -> Iterator[Credited]:
        for line, text in _script_lines(manifest, data):
            for word in words(text):
                yield from self._program(package, Import(word, line, "script", optional=True))
            for program in started(text):
                yield from self._missing(package, program, line)

    def _program(self, package: str, item: Import) -> Iterator[Credited]:
        for folder in (package, "."):
            known = self._programs[folder].get(item.specifier, ())
            if known:
                yield from ((folder, Import(name, item.line, "script", optional=True)) for name in known)
                return

    def _missing(self, package: str, program: str, line: int) -> Iterator[Credited]:
        """Yield the package of a program that nothing in sight brings, if some other package has it."""
        name = usual_provider(program)
        in_sight = any(program in self._programs[folder] for folder in (package, "."))
        if self.strict and not in_sight and name in self._anywhere:
            yield package, Import(name, line, "script")

    def _declared(self, folder: str) -> Mapping[str, str]:
        return self.workspace.package(folder).manifest.declared()

    @cached_property
    def _folders(self) -> tuple[str, ...]:
        return (".", *self.workspace.packages)

    @cached_property
    def _anywhere(self) -> frozenset[str]:
        return frozenset(name for folder in self._folders for name in self._declared(folder))

    @cached_property
    def _programs(self) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
        """Folder → program → the packages declared there that may bring it."""
        return {folder: self._programs_of(folder) for folder in self._folders}

    def _programs_of(self, folder: str) -> Mapping[str, tuple[str, ...]]:
        declared = self._declared(folder)
        found = dict(by_program(declared))
        for name in declared:
            package = self.workspace.by_name(name)
            for program in _bins(package.manifest) if package else ():
                found[program] = (*found.get(program, ()), name)
        return found


def _script_lines(manifest: Manifest, data: bytes) -> Iterator[tuple[int, str]]:
    """Yield each script with its line; they stand in the file in the order of the mapping. Without a find, 1."""
    lines = Lines(data)
    at = data.find(b'"scripts"')
    for name, text in manifest.scripts.items():
        at = data.find(b'"' + name.encode() + b'"', at) if at >= 0 else at
        if isinstance(text, str):
            yield lines.at(max(at, 0)), text


def _bins(manifest: Manifest) -> Iterator[str]:
    """Yield the programs that a workspace package brings."""
    if isinstance(manifest.bin, dict):
        yield from manifest.bin
    elif isinstance(manifest.bin, str) and manifest.name:
        yield manifest.name.rpartition("/")[2]


def _field(manifest: Manifest, field: str, tool: str, data: bytes) -> Iterator[Import]:
    value = manifest.raw.get(field)
    if isinstance(value, str):
        yield from named(({tool: value, "preset": value, "extends": value},), tool, data)
    elif value is not None:
        yield from named((value,), tool, data)


def _place(credited: Credited) -> tuple[str, int, str, bool]:
    folder, item = credited
    return folder, item.line, item.specifier, item.optional
