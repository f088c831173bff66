"""`paths` and `baseUrl` of the tsconfig files above a source file, through `extends`."""

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from alecia_pipeline.errors import UsageError
from alecia_pipeline.source.jsonc import parse_jsonc
from alecia_pipeline.source.tree import Tree
from alecia_pipeline.source.workspace import Workspace

MAX_EXTENDS = 16
"""A longer chain is a cycle; TypeScript refuses those."""


@dataclass(frozen=True, slots=True)
class Alias:
    """One entry of `paths`: `pattern` may hold one `*`; `targets` are paths from the repository's root."""

    pattern: str
    targets: tuple[str, ...]

    def expand(self, specifier: str) -> tuple[str, ...]:
        """Return the paths that `specifier` stands for; none when the pattern does not match it."""
        before, star, after = self.pattern.partition("*")
        if not star:
            return self.targets if specifier == self.pattern else ()
        if not (specifier.startswith(before) and specifier.endswith(after)) or len(specifier) < len(before) + len(
            after
        ):
            return ()
        middle = specifier[len(before) : len(specifier) - len(after)]
        return tuple(posixpath.normpath(target.replace("*", middle, 1)) for target in self.targets)


@dataclass(frozen=True, slots=True)
class PathRules:
    """What one folder's tsconfig files say about names that are not relative."""

    aliases: tuple[Alias, ...] = ()
    bases: tuple[str, ...] = ()


@dataclass(frozen=True)
class TsConfigs:
    """Every tsconfig and jsconfig of a commit, read when asked for. One that does not parse says nothing."""

    tree: Tree
    workspace: Workspace
    _rules: dict[str, PathRules] = field(default_factory=dict, repr=False)
    _documents: dict[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    _folders: dict[str, list[str]] = field(default_factory=dict, repr=False)

    def rules(self, path: str) -> Iterator[PathRules]:
        """Yield the rules that may hold for a source file: its folder's first, then of each folder above."""
        folder = posixpath.dirname(path)
        while True:
            if folder not in self._rules:
                self._rules[folder] = self._read(folder)
            yield self._rules[folder]
            if not folder:
                return
            folder = posixpath.dirname(folder)

    def files(self, folder: str) -> list[str]:
        """Return the paths of the configs in a folder (`` for the root): tsconfig.json first."""
        if not self._folders:
            self._folders[""] = []
            for path in sorted(self.tree.entries, key=lambda item: (len(item), item)):
                if is_tsconfig(path):
                    self._folders.setdefault(posixpath.dirname(path), []).append(path)
        return self._folders.get(folder, [])

    def document(self, path: str) -> Mapping[str, Any]:
        """Return one parsed config, empty when it does not parse."""
        if path not in self._documents:
            self._documents[path] = self._parse(path)
        return self._documents[path]

    def _parse(self, path: str) -> Mapping[str, Any]:
        try:
            document = parse_jsonc(self.tree.read(path), path)
        except UsageError:
            return {}
        return document if isinstance(document, dict) else {}

    def _read(self, folder: str) -> PathRules:
        found = [self._inherited(path, 0) for path in self.files(folder)]
        return PathRules(
            tuple(alias for rules in found for alias in rules.aliases),
            tuple(base for rules in found for base in rules.bases),
        )

    def _inherited(self, path: str, depth: int) -> PathRules:
        """Return the rules of one config; what it does not say, the configs it extends say."""
        own = self._own(path)
        if own.aliases and own.bases:
            return own
        parents = [self._inherited(parent, depth + 1) for parent in self.parents(path)] if depth < MAX_EXTENDS else []
        aliases = own.aliases or next((parent.aliases for parent in reversed(parents) if parent.aliases), ())
        bases = own.bases or next((parent.bases for parent in reversed(parents) if parent.bases), ())
        return PathRules(aliases, bases)

    def _own(self, path: str) -> PathRules:
        options = self.document(path).get("compilerOptions")
        options = options if isinstance(options, dict) else {}
        folder = posixpath.dirname(path)
        base = options.get("baseUrl")
        root = posixpath.normpath(posixpath.join(folder, base)) if isinstance(base, str) else folder
        paths = options.get("paths")
        aliases = tuple(_aliases(root, paths)) if isinstance(paths, dict) else ()
        return PathRules(aliases, (root,) if isinstance(base, str) else ())

    def extends(self, path: str) -> list[str]:
        """Return what a config extends, as written."""
        value = self.document(path).get("extends")
        values = value if isinstance(value, list) else [value]
        return [item for item in values if isinstance(item, str)]

    def parents(self, path: str) -> Iterator[str]:
        """Yield the paths of the configs that one extends, as far as they are in the repository."""
        for name in self.extends(path):
            base = self._extended(path, name)
            for candidate in (base, f"{base}.json", posixpath.join(base, "tsconfig.json")) if base else ():
                if candidate in self.tree.entries:
                    yield candidate
                    break

    def _extended(self, path: str, name: str) -> str | None:
        if name.startswith("."):
            return posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
        parts = name.split("/")
        head = 2 if name.startswith("@") else 1
        package = self.workspace.by_name("/".join(parts[:head]))
        if package is None:
            return None
        inner = "/".join(parts[head:])
        exports = package.manifest.exports
        target = exports.get(f"./{inner}") if isinstance(exports, dict) else None
        return posixpath.normpath(posixpath.join(package.dir, target if isinstance(target, str) else inner))


def is_tsconfig(path: str) -> bool:
    """Tell whether a path is a tsconfig or jsconfig, variants such as tsconfig.app.json included."""
    name = posixpath.basename(path)
    return name.endswith(".json") and name.startswith(("tsconfig.", "jsconfig."))


def _aliases(root: str, paths: Mapping[str, Any]) -> Iterator[Alias]:
    for pattern, targets in paths.items():
        texts = [item for item in targets if isinstance(item, str)] if isinstance(targets, list) else []
        yield Alias(pattern, tuple(posixpath.normpath(posixpath.join(root, text)) for text in texts))
