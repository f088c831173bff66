"""The aliases that bundlers and test runners are told of: vite, webpack, next, babel, jest, metro, storybook.

Read by syntax tree out of the config files of a package, and out of its package.json; nothing is run.
"""

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tree_sitter import Node

from alecia_pipeline.audit.resolution.alias import OUTSIDE, Alias
from alecia_pipeline.audit.resolution.expression import ROOT, Evaluator
from alecia_pipeline.audit.sources.syntax import captures, literal, parse
from alecia_pipeline.errors import UsageError
from alecia_pipeline.source.jsonc import parse_jsonc
from alecia_pipeline.source.tree import Tree
from alecia_pipeline.source.workspace import Workspace

MAX_BYTES = 400_000
"""No config written by hand is larger."""

_FILE = re.compile(
    r"(?:^|/)(?:(?:[\w-]+\.)*config(?:\.[\w-]+)*\.[cm]?[jt]s|webpack[\w.-]*\.[cm]?[jt]s|config-overrides\.js"
    r"|\.babelrc(?:\.c?js|\.json)?|\.storybook/main\.[cm]?[jt]sx?|(?:babel|jest)\.config\.json)$"
)
_KEYS = frozenset({"alias", "aliases", "resolveAlias", "moduleNameMapper"})
_WORTH_A_LOOK = re.compile(rb"[aA]lias|moduleNameMapper")

_QUERY = """
(pair) @pair
(assignment_expression) @assignment
(variable_declarator name: (identifier) value: (_)) @constant
(function_declaration) @function
(shorthand_property_identifier) @short
"""


@dataclass(frozen=True)
class ConfigAliases:
    """The aliases of every package of a commit, read when asked for."""

    tree: Tree
    workspace: Workspace
    _packages: dict[str, tuple[Alias, ...]] = field(default_factory=dict, repr=False)
    _paths: dict[str, list[str]] = field(default_factory=dict, repr=False)

    def of(self, folder: str) -> tuple[Alias, ...]:
        """Return the aliases that hold in the package of a folder."""
        if folder not in self._packages:
            found = [
                *self._manifest(folder),
                *(item for path in self._configs(folder) for item in self._read(path, folder)),
            ]
            self._packages[folder] = tuple(dict.fromkeys(found))
        return self._packages[folder]

    def _configs(self, folder: str) -> list[str]:
        if not self._paths:
            self._paths["."] = []
            for path, entry in self.tree.entries.items():
                if entry.is_file and _FILE.search(path):
                    self._paths.setdefault(self.workspace.owner(path).dir, []).append(path)
        return self._paths.get(folder, [])

    def _manifest(self, folder: str) -> Iterator[Alias]:
        raw = self.workspace.package(folder).manifest.raw
        for key in ("jest", "babel", "alias", "_moduleAliases"):
            yield from _document({"alias": raw[key]} if "lias" in key else raw[key], folder) if key in raw else ()

    def _read(self, path: str, folder: str) -> Iterator[Alias]:
        data = self.tree.read(path)
        if len(data) > MAX_BYTES or not _WORTH_A_LOOK.search(data):
            return
        if path.endswith(("rc", ".json")):
            try:
                yield from _document(parse_jsonc(data, path), folder)
            except UsageError:
                return
        else:
            yield from _code(data, path, folder)


def _document(document: Any, folder: str) -> Iterator[Alias]:
    """Yield the aliases of a JSON config, at whatever depth its tool has them."""
    stack = [document]
    while stack:
        item = stack.pop()
        if isinstance(item, list):
            stack += item
        elif isinstance(item, dict):
            stack += item.values()
            tables = (item[key] for key in sorted(_KEYS & item.keys()) if isinstance(item[key], dict))
            for name, target in (pair for table in tables for pair in table.items()):
                first = target[0] if isinstance(target, list) and target else target
                yield from _aliases(name, first if isinstance(first, str) else None, folder)


def _code(data: bytes, path: str, folder: str) -> Iterator[Alias]:
    extension = posixpath.splitext(path)[1]
    nodes = captures(parse(data, extension), extension, _QUERY)
    names = dict(filter(None, map(_named, (*nodes.get("function", ()), *nodes.get("constant", ())))))
    reader = _Reader(Evaluator(path, "" if folder == "." else folder, names), folder)
    for pair in nodes.get("pair", ()):
        if _key(pair.child_by_field_name("key")) in _KEYS:
            yield from reader.table(pair.child_by_field_name("value"), 0)
    for short in nodes.get("short", ()):
        if _text(short) in _KEYS and _text(short) in names:
            yield from reader.table(names[_text(short)], 0)
    for assignment in nodes.get("assignment", ()):
        yield from reader.assigned(assignment)


def _named(node: Node) -> tuple[str, Node] | None:
    """Return the name and the value of a constant, or of a function."""
    name = node.child_by_field_name("name")
    value = node if node.type == "function_declaration" else node.child_by_field_name("value")
    return (_text(name), value) if name is not None and value is not None else None


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the alias tables of one file."""

    evaluator: Evaluator
    folder: str

    def table(self, node: Node | None, depth: int) -> Iterator[Alias]:
        """Yield the entries of `{"@": …}`, of `[{find: "@", replacement: …}]`, or of a constant that is one."""
        if node is None or depth > len(_KEYS):
            return
        if node.type == "identifier":
            yield from self.table(self.evaluator.names.get(_text(node)), depth + 1)
        for child in node.named_children if node.type in {"object", "array", "as_expression"} else ():
            if child.type == "pair":
                yield from self.entry(_key(child.child_by_field_name("key")), child.child_by_field_name("value"))
            elif child.type == "object" and node.type == "array":
                yield from self._found(child)
            elif child.type in {"object", "array"}:
                yield from self.table(child, depth + 1)
            elif child.type == "spread_element":
                yield from self.table(child.named_children[0], depth + 1)

    def _found(self, node: Node) -> Iterator[Alias]:
        """Yield the entry of an object with `find` and `replacement`."""
        pairs = {
            _key(pair.child_by_field_name("key")): pair.child_by_field_name("value") for pair in node.named_children
        }
        yield from self.entry(_key(pairs.get("find")), pairs.get("replacement"))

    def assigned(self, node: Node) -> Iterator[Alias]:
        """Yield what `config.resolve.alias = {…}` and `config.resolve.alias["@"] = …` set."""
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        owner = left.child_by_field_name("object") if left is not None else None
        name = left and (left.child_by_field_name("property") or left.child_by_field_name("index"))
        if owner is None or name is None:
            return
        if _text(name) in _KEYS:
            yield from self.table(right, 0)
        elif _text(owner).rpartition(".")[2] in _KEYS:
            yield from self.entry(_key(name), right)

    def entry(self, name: str, value: Node | None) -> Iterator[Alias]:
        """Yield one alias."""
        if name and value is not None:
            yield from _aliases(name, self.evaluator.value(value), self.folder)


def _aliases(name: str, target: str | None, folder: str) -> Iterable[Alias]:
    """Return a bundler's alias as patterns: the name itself, and whatever is below it."""
    path = _path(target, folder)
    if name.startswith("^") or "(.*)" in name:
        plain = re.sub(r"\(\.[*+]\??\)|\.[*+]\$?$", "*", name.removeprefix("^").removesuffix("$")).replace("\\", "")
        if re.search(r"[()\[\]|+^?]", plain) or plain.count("*") > 1:
            return ()
        if "*" not in plain:
            return _below(plain, path)
        return (Alias(plain, (path.replace("$1", "*"),) if "$1" in path else (path, posixpath.join(path, "*"))),)
    return (Alias(name[:-1], (path,)),) if name.endswith("$") else _below(name, path)


def _below(name: str, path: str) -> tuple[Alias, ...]:
    bare = name.rstrip("/*")
    below = (Alias(f"{bare}/*", (path if path == OUTSIDE else f"{path.rstrip('/*')}/*",)),)
    return below if bare != name else (Alias(name, (path,)), *below)


def _path(target: str | None, folder: str) -> str:
    """Return where a target leads, from the repository's root: a package's name leads through `node_modules`."""
    if target is None:
        return OUTSIDE
    base = "" if folder == "." else folder
    text = target.replace("<rootDir>", f"{ROOT}/{base}")
    if text.startswith(ROOT):
        return posixpath.normpath(text[1:].lstrip("/") or ".")
    if text.startswith((".", "/")):
        return posixpath.normpath(posixpath.join(base, text.lstrip("/")))
    return text if text.startswith("node_modules/") else f"node_modules/{text}"


def _key(node: Node | None) -> str:
    """Return a key as text: a name, a string's content, a regular expression's pattern."""
    if node is None:
        return ""
    if node.type == "regex":
        pattern = node.child_by_field_name("pattern")
        text = _text(pattern).replace("\\/", "/")
        return text if text.endswith("$") else text + "(.*)"
    return literal(node) if node.type in {"string", "template_string"} else _text(node)


def _text(node: Node | None) -> str:
    return (node.text or b"").decode(errors="replace") if node is not None else ""
