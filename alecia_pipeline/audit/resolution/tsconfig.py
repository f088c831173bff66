"""`paths`, `baseUrl` and `rootDirs` of the tsconfig files above a source file, through `extends`."""

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from alecia_pipeline.audit.resolution.alias import Alias, PathRules
from alecia_pipeline.audit.resolution.exports import export_targets
from alecia_pipeline.audit.resolution.specifier import parse_specifier
from alecia_pipeline.errors import UsageError
from alecia_pipeline.source.jsonc import parse_jsonc
from alecia_pipeline.source.tree import Tree
from alecia_pipeline.source.workspace import Workspace

MAX_EXTENDS = 64
"""Configs that one may build on; nobody writes more."""

_CONFIG_DIR = "${configDir}"
"""TypeScript's name for the folder of the config that is used, whichever file the words stand in."""


@dataclass(frozen=True)
class TsConfigs:
    """Every tsconfig and jsconfig of a commit, read when asked for. One that does not parse says nothing."""

    tree: Tree
    workspace: Workspace
    _rules: dict[str, tuple[PathRules, ...]] = field(default_factory=dict, repr=False)
    _documents: dict[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    _folders: dict[str, list[str]] = field(default_factory=dict, repr=False)

    def rules(self, folder: str) -> tuple[PathRules, ...]:
        """Return the rules that may hold for the files of a folder (`` for the root): the nearest configs' first.

        A bundler may use a config further up, so those count too; but where the nearest says nothing of `baseUrl`, a
        folder that happens to be called like a package means nothing.
        """
        if folder not in self._rules:
            own = self._read(folder)
            above = self.rules(posixpath.dirname(folder)) if folder else ()
            if self.files(folder):
                above = tuple(replace(rules, bases=(), roots=()) for rules in above)
            self._rules[folder] = (own, *above) if own != PathRules() else above
        return self._rules[folder]

    def everywhere(self) -> Iterator[Alias]:
        """Yield the aliases of every config of the commit."""
        self.files("")
        for folder in sorted(self._folders):
            yield from self._read(folder).aliases

    def files(self, folder: str) -> list[str]:
        """Return the paths of the configs in a folder (`` for the root): tsconfig.json first."""
        if not self._folders:
            self._folders[""] = []
            for path in sorted(filter(is_tsconfig, self.tree.entries), key=lambda item: (len(item), item)):
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
        found = [self._inherited(path, folder) for path in self.files(folder)]
        return PathRules(
            tuple(dict.fromkeys(alias for rules in found for alias in rules.aliases)),
            tuple(dict.fromkeys(base for rules in found for base in rules.bases)),
            tuple(dict.fromkeys(root for rules in found for root in rules.roots)),
        )

    def _inherited(self, path: str, leaf: str) -> PathRules:
        """Return the rules of one config; what it does not say, the configs it extends say."""
        known = [self._own(config, leaf) for config in self._lineage(path)]
        return PathRules(
            next((rules.aliases for rules in known if rules.aliases), ()),
            next((rules.bases for rules in known if rules.bases), ()),
            next((rules.roots for rules in known if rules.roots), ()),
        )

    def _lineage(self, path: str) -> list[str]:
        """Return a config and all that it extends, each once, the strongest first: of several, the last one named."""
        found: dict[str, None] = {}
        stack = [path]
        while stack and len(found) < MAX_EXTENDS:
            config = stack.pop()
            if config not in found:
                found[config] = None
                stack += self.parents(config)
        return list(found)

    def _own(self, path: str, leaf: str) -> PathRules:
        options = self.document(path).get("compilerOptions")
        options = options if isinstance(options, dict) else {}
        folder = posixpath.dirname(path)
        base, paths, roots = (options.get(key) for key in ("baseUrl", "paths", "rootDirs"))
        root = _join(folder, base, leaf) if isinstance(base, str) else folder
        return PathRules(
            tuple(_aliases(root, leaf, paths)) if isinstance(paths, dict) else (),
            (root,) if isinstance(base, str) else (),
            tuple(_join(folder, text, leaf) for text in _texts(roots)),
        )

    def extends(self, path: str) -> list[str]:
        """Return what a config extends, as written."""
        value = self.document(path).get("extends")
        return _texts(value if isinstance(value, list) else [value])

    def parents(self, path: str) -> Iterator[str]:
        """Yield the paths of the configs that one extends, as far as they are in the repository."""
        for name in self.extends(path):
            for base in self._extended(path, name):
                tried = (base, f"{base}.json", posixpath.join(base, "tsconfig.json"))
                if found := next((candidate for candidate in tried if candidate in self.tree.entries), None):
                    yield found
                    break

    def _extended(self, path: str, name: str) -> Iterator[str]:
        if name.startswith("."):
            yield posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
            return
        specifier = parse_specifier(name)
        package = self.workspace.by_name(specifier.name) if specifier.name else None
        if package is None:
            return
        targets = export_targets(package.manifest.exports, specifier.subpath) or ()
        for target in (*targets, specifier.subpath):
            yield posixpath.normpath(posixpath.join(package.dir, target))


def is_tsconfig(path: str) -> bool:
    """Tell whether a path is a tsconfig or jsconfig, variants such as tsconfig.app.json included."""
    name = posixpath.basename(path)
    return name.endswith(".json") and name.startswith(("tsconfig.", "jsconfig."))


def _aliases(root: str, leaf: str, paths: Mapping[str, Any]) -> Iterator[Alias]:
    for pattern, targets in paths.items():
        yield Alias(pattern, tuple(_join(root, text, leaf) for text in _texts(targets)))


def _texts(value: Any) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _join(folder: str, text: str, leaf: str) -> str:
    """Return a config's path from the repository's root; an absolute one leads out."""
    inner = text.replace(_CONFIG_DIR, ".")
    return (
        posixpath.normpath(posixpath.join(leaf if _CONFIG_DIR in text else folder, inner)) if inner[:1] != "/" else ".."
    )
