"""Where each import leads: to a file of the repository, to a package, or nowhere."""

import fnmatch
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import NamedTuple

from alecia_pipeline.audit.resolution.alias import OUTSIDE, Alias, installed_name
from alecia_pipeline.audit.resolution.config_aliases import ConfigAliases
from alecia_pipeline.audit.resolution.exports import table_targets
from alecia_pipeline.audit.resolution.places import FINE, Outcome, Places, Verdict, beside
from alecia_pipeline.audit.resolution.provided import TYPES_ONLY, is_provided
from alecia_pipeline.audit.resolution.siblings import Siblings
from alecia_pipeline.audit.resolution.specifier import Specifier, parse_specifier, types_package
from alecia_pipeline.audit.resolution.tsconfig import TsConfigs
from alecia_pipeline.audit.sources.imports import Import
from alecia_pipeline.audit.sources.scan import SourceFile
from alecia_pipeline.source.tree import folder_of
from alecia_pipeline.source.workspace import Workspace

_DATA = re.compile(r"[\w-]+\.(?:html|txt|wasm|sql|md|bin)")
"""Text and data that bundlers for workers take under a bare name, from beside the importing file."""


@lru_cache(maxsize=65536)
def _may_be_data(path: str) -> bool:
    return _DATA.fullmatch(path) is not None


class Resolved(NamedTuple):
    """One import with its outcome: `target` is a path (of the file, or where it should be), `name` a package.

    A workspace package has both, where its file is in the repository.
    """

    source: SourceFile
    item: Import
    outcome: Outcome
    target: str | None = None
    name: str | None = None


@dataclass(frozen=True)
class Resolver:
    """Resolves imports by the files and configs of one commit.

    `ambient`: folder -> modules declared there. `known`: names that are packages for certain. `locked`: folder -> names
    that the lockfile has for that package; None without a lockfile.
    """

    places: Places
    workspace: Workspace
    tsconfigs: TsConfigs
    aliases: ConfigAliases
    ambient: Mapping[str, frozenset[str]]
    known: frozenset[str]
    locked: Mapping[str, frozenset[str]] | None
    _declared: dict[str, Mapping[str, str]] = field(default_factory=dict, repr=False)
    _memory: dict[tuple[int, str, str, bool], Verdict] = field(default_factory=dict, repr=False)

    def resolve(self, source: SourceFile, item: Import) -> Resolved:
        """Return where one import leads."""
        verdict = self._verdict(source, item)
        return Resolved(source, item, verdict.outcome, verdict.target, verdict.name)

    def _verdict(self, source: SourceFile, item: Import) -> Verdict:
        specifier = parse_specifier(item.specifier)
        if item.kind == "glob" or specifier.kind == "builtin":
            return FINE
        if item.kind == "script":
            return Verdict("package", None, specifier.name) if specifier.name else FINE
        if specifier.kind == "relative":
            return self._relative(source, specifier.path)
        folder = folder_of(source.path)
        if _may_be_data(specifier.path) and self.places.files.exists(posixpath.join(folder, specifier.path)):
            return Verdict("file", posixpath.join(folder, specifier.path))
        key = (id(self.tsconfigs.rules(folder)), source.package, specifier.path, item.type_only)
        if key not in self._memory:
            self._memory[key] = self._named(folder, source.package, specifier, types=item.type_only)
        return self._memory[key]

    def _relative(self, source: SourceFile, written: str) -> Verdict:
        folder = folder_of(source.path)
        path = beside(folder, written)
        verdict = self.places.judge((path,))
        if verdict.outcome not in {"missing", "generated"}:
            return verdict
        found = next(filter(None, map(self.places.found, self._elsewhere_rooted(folder, path))), None)
        return Verdict("file", found) if found else verdict

    def _elsewhere_rooted(self, folder: str, path: str) -> Iterator[str]:
        """Yield where else a path may lie: `rootDirs` are folders that TypeScript lays over one another."""
        for rules in self.tsconfigs.rules(folder):
            for root in rules.roots:
                if path.startswith(f"{root}/") or root == ".":
                    inner = path if root == "." else path[len(root) + 1 :]
                    yield from (beside(other, inner) for other in rules.roots if other != root)

    def _named(self, folder: str, package: str, specifier: Specifier, *, types: bool) -> Verdict:
        """Resolve a specifier that is no path: a `#name`, a package, or an alias."""
        if specifier.kind == "imports":
            return self._own_imports(folder, package, specifier) or self._alias(folder, package, specifier.path)
        if specifier.kind == "package" and specifier.name:
            return self._package(folder, package, specifier, types=types)
        return self._alias(folder, package, specifier.path)

    def _own_imports(self, folder: str, package: str, specifier: Specifier) -> Verdict | None:
        """Return what `imports` of package.json says of a `#name`."""
        imports = self.workspace.package(package).manifest.imports
        targets = table_targets(imports, specifier.path) if isinstance(imports, dict) else None
        if targets is None:
            return None
        paths = tuple(beside(package, target) for target in targets if target.startswith("./"))
        if paths:
            return self.places.judge(paths)
        inner = parse_specifier(targets[0])
        return self._package(folder, package, inner, types=False) if inner.kind == "package" else FINE

    def _alias(self, folder: str, package: str, path: str) -> Verdict:
        """Judge a name that can only be an alias; where none is known for it, a tool may know one."""
        certain = []
        for targets in self._by_tsconfig(folder, path):
            verdict = self.places.judge(targets)
            if verdict.outcome == "file" or verdict == FINE:
                return verdict
            certain.append(verdict)
        for targets in self._by_config(package, path):
            if found := next(filter(None, map(self.places.found, targets)), None):
                return Verdict("file", found)
            return FINE
        return certain[0] if certain else FINE

    def _package(self, folder: str, package: str, specifier: Specifier, *, types: bool) -> Verdict:
        name, declared = specifier.name or "", self.declared(package)
        if name == self.workspace.package(package).manifest.name:
            return FINE
        if name not in declared and is_provided(declared, specifier.path):
            return FINE
        if self.workspace.by_name(name):
            return self._sibling(folder, package, specifier, types=types)
        is_own = name in declared or name in self._locked(package)
        for targets in (
            *self._by_tsconfig(folder, specifier.path, bases=not is_own),
            *self._by_config(package, specifier.path),
        ):
            if verdict := self._aliased(name, targets, is_own=is_own):
                return verdict
        if self._is_explained(package, specifier, types=types):
            return FINE
        return Verdict("package", None, name if is_own else self._installed_as(name))

    def _is_explained(self, package: str, specifier: Specifier, *, types: bool) -> bool:
        """Tell whether a name that need not be a package's is something else: declared in the code, or an alias."""
        unknown = specifier.name not in self.known
        ambient = (unknown or types) and self._is_ambient(package, specifier.path)
        return ambient or (unknown and self._consumer(specifier.path))

    def _aliased(self, name: str, targets: tuple[str, ...], *, is_own: bool) -> Verdict | None:
        """Return where an alias takes a name that looks like a package's; None where it stays one."""
        for target in targets:
            if other := installed_name(target):
                return Verdict("package", None, other)
            found = self.places.found(target)
            if found and not (name in self.known and found.endswith((".d.ts", ".d.mts", ".d.cts"))):
                return Verdict("file", found)
        if name in self.known or is_own:
            return None
        return FINE if OUTSIDE in targets else self.places.judge(targets)

    def _sibling(self, folder: str, package: str, specifier: Specifier, *, types: bool) -> Verdict:
        """Judge an import of a workspace package; its files matter only where it is declared as that package."""
        given = Verdict("package", None, specifier.name)
        spec = self.declared(package).get(specifier.name or "", "")
        target = self.workspace.by_name(specifier.name or "")
        if target is None or not spec.startswith("workspace:") or spec.startswith("workspace:."):
            return given
        opened = Siblings(self.places).open(target, specifier)
        if opened.outcome == "package":
            return opened
        by_alias = (*self._by_tsconfig(folder, specifier.path), *self._by_config(package, specifier.path))
        return given if types or by_alias else opened

    def _by_tsconfig(self, folder: str, path: str, *, bases: bool = True) -> Iterator[tuple[str, ...]]:
        """Yield, best first, the paths that tsconfig files give a specifier that is not relative.

        Without `bases` when it is a dependency: a file beside it may have its name, such as `src/newrelic.ts`.
        """
        for rules in self.tsconfigs.rules(folder):
            hits = [(alias, alias.expand(path)) for alias in rules.aliases]
            best = sorted((hit for hit in hits if hit[1]), key=lambda hit: -len(hit[0].pattern))
            yield from (targets for alias, targets in best if alias.pattern != "*" or self._any_found(targets))
            based = tuple(beside(base, path) for base in rules.bases if bases)
            if self._any_found(based) or any(self._begins(base, path) for base in rules.bases if bases):
                yield based

    def _by_config(self, package: str, path: str) -> Iterator[tuple[str, ...]]:
        """Yield the paths that the bundlers' configs of a package, and then of the root, give a specifier."""
        for folder in dict.fromkeys((package, ".")):
            hits = ((alias, alias.expand(path)) for alias in self.aliases.of(folder))
            best = sorted((hit for hit in hits if hit[1]), key=lambda hit: -len(hit[0].pattern))
            yield from (targets for _, targets in best)

    def _begins(self, base: str, path: str) -> bool:
        """Tell whether the folder is there that a path below `baseUrl`, such as `src/gone`, begins with."""
        first, slash, _ = path.partition("/")
        return bool(slash) and beside(base, first) in self.places.files.folders

    def _any_found(self, paths: tuple[str, ...]) -> bool:
        return any(self.places.found(path) for path in paths)

    def declared(self, package: str) -> Mapping[str, str]:
        """Return everything that a package's manifest declares: name -> specifier."""
        if package not in self._declared:
            self._declared[package] = self.workspace.package(package).manifest.declared()
        return self._declared[package]

    def _locked(self, package: str) -> frozenset[str]:
        return (self.locked or {}).get(package, frozenset())

    def _installed_as(self, name: str) -> str:
        """Return the package that answers for a name of which types alone exist: `@types/estree` for `estree`."""
        types = types_package(name)
        only = self.locked is not None and types in self.known and name not in self.known
        return types if only or name in TYPES_ONLY else name

    def _is_ambient(self, package: str, path: str) -> bool:
        """Tell whether the code declares such a module. `*.svg` says nothing of the package that holds one."""
        modules = self.ambient.get(package, frozenset()) | self.ambient.get(".", frozenset())
        return any(fnmatch.fnmatchcase(path, pattern) for pattern in modules if not pattern.startswith("*"))

    def _consumer(self, path: str) -> bool:
        """Tell whether any config of the commit knows the name as its own: shared code is built by who uses it."""
        return any(self._any_found(alias.expand(path)) for alias in self._everywhere)

    @cached_property
    def _everywhere(self) -> tuple[Alias, ...]:
        folders = (".", *self.workspace.packages)
        found = (*self.tsconfigs.everywhere(), *(alias for folder in folders for alias in self.aliases.of(folder)))
        return tuple(alias for alias in dict.fromkeys(found) if alias.pattern != "*")
