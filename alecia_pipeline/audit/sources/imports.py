"""What a TypeScript or JavaScript file imports, by its syntax tree. No code is run, and no input raises."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

import tree_sitter_typescript
from tree_sitter import Language, Node, Parser, Query, QueryCursor

EXTENSIONS = (".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs")

MAX_BYTES = 4_000_000
"""What is larger is a bundle or data, not source written by hand; it is not parsed."""

MAX_BROKEN = 10_000
"""Pieces of a file that does not parse at all. A query over more takes time by their square (200,000: a minute)."""

MAX_ABOVE = 64
"""How many levels above an import are asked what it stands in; each costs as much as the tree is deep."""

Kind = Literal["import", "require", "dynamic", "reference"]

_PLAIN_TYPESCRIPT = (".ts", ".mts", ".cts")
"""Here `<T>x` is a cast; everywhere else JSX may stand, so the tsx grammar reads it."""

_QUERY = """
(import_statement source: (string) @static)
(import_require_clause source: (string) @require)
(export_statement source: (string) @static)
(call_expression function: (import) arguments: (arguments . [(string) (template_string)] @dynamic))
(call_expression function: (identifier) @_require (#eq? @_require "require")
  arguments: (arguments . [(string) (template_string)] @require))
(call_expression function: (member_expression object: (identifier) @_object property: (property_identifier) @_member)
  (#eq? @_object "require") (#eq? @_member "resolve") arguments: (arguments . [(string) (template_string)] @require))
(call_expression function: (member_expression object: (meta_property) property: (property_identifier) @_member)
  (#eq? @_member "resolve") arguments: (arguments . [(string) (template_string)] @dynamic))
(module name: (string) @ambient)
"""

_TYPE_CONTEXT = frozenset(
    {"type_annotation", "type_alias_declaration", "type_query", "type_arguments", "type_parameters"}
)

_LOOKS_LIKE = re.compile(rb"\b(?:from|import|require\s*\(|import\s*\()\s*[\"']([^\"'\s]+)[\"']")
_REFERENCE = re.compile(rb"^[ \t]*///\s*<reference\s+types\s*=\s*[\"']([^\"'\n]+)[\"']", re.MULTILINE)
_JSX_SOURCE = re.compile(rb"^[ \t/*]*@jsxImportSource[ \t]+([@\w./-]+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Import:
    """One specifier as written, and its line (from 1). `type_only`: gone after compiling. `optional`: may fail."""

    specifier: str
    line: int
    kind: Kind
    type_only: bool = False
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Imports:
    """Everything one file imports, in order of lines, and the modules it declares itself (`declare module "x"`)."""

    found: tuple[Import, ...] = ()
    ambient: tuple[str, ...] = ()


def extract(data: bytes, extension: str) -> Imports:
    """Return the imports of a file. Never raises: what does not parse is read as far as the grammar recovers."""
    if len(data) > MAX_BYTES or b"\0" in data[:8000]:
        return Imports()
    parser, query = _grammar(extension in _PLAIN_TYPESCRIPT)
    root = parser.parse(data).root_node
    if root.type == "ERROR" and root.child_count > MAX_BROKEN:
        return Imports(tuple(_by_pattern(data)))
    captures = QueryCursor(query).captures(root)
    found = list(_comments(data))
    for kind in ("static", "require", "dynamic"):
        for node in captures.get(kind, ()):
            found += _import(node, kind)
    ordered = sorted(found, key=lambda item: (item.line, item.specifier, item.kind))
    return Imports(tuple(ordered), _ambient(captures))


@cache
def _grammar(plain: bool) -> tuple[Parser, Query]:  # noqa: FBT001 - a cache key
    source = tree_sitter_typescript.language_typescript() if plain else tree_sitter_typescript.language_tsx()
    language = Language(source)
    return Parser(language), Query(language, _QUERY)


def _by_pattern(data: bytes) -> Iterator[Import]:
    """Yield what looks like an import in a file whose syntax tree is of no use."""
    for number, line in enumerate(data.split(b"\n"), start=1):
        for text in _LOOKS_LIKE.findall(line):
            yield Import(text.decode(errors="replace"), number, "import")


def _comments(data: bytes) -> Iterator[Import]:
    """Yield what comments import: `/// <reference types>` and the JSX pragma."""
    for pattern in (_REFERENCE, _JSX_SOURCE):
        for match in pattern.finditer(data):
            line = data.count(b"\n", 0, match.start(1)) + 1
            yield Import(match[1].decode(errors="replace"), line, "reference", type_only=pattern is _REFERENCE)


def _import(node: Node, kind: str) -> Iterator[Import]:
    text = _literal(node)
    if not text:
        return
    line = node.start_point.row + 1
    if kind == "static":
        yield Import(text, line, "import", type_only=_is_type_statement(node))
    elif kind == "require":
        yield Import(text, line, "require", optional=_inside(node, frozenset({"try_statement"})))
    else:
        yield Import(text, line, "dynamic", type_only=_inside(node, _TYPE_CONTEXT))


def _literal(node: Node) -> str | None:
    """Return a string's text; None for an empty one and for a template with something put in."""
    if any(child.type == "template_substitution" for child in node.named_children):
        return None
    return (node.text or b"")[1:-1].decode(errors="replace") or None


def _is_type_statement(node: Node) -> bool:
    """Tell whether nothing is left of the statement after compiling: `import type`, or only `type` names."""
    statement = node.parent or node  # a string of an import always has one
    if any(child.type == "type" for child in statement.children):
        return True
    names = [name for child in statement.named_children for name in _named(child)]
    bare = all(child.type != "import_clause" or _only_names(child) for child in statement.named_children)
    return bool(names) and bare and all(any(part.type == "type" for part in name.children) for name in names)


def _named(clause: Node) -> list[Node]:
    """Return the specifiers between braces of an import or export clause."""
    holders = clause.named_children if clause.type == "import_clause" else [clause]
    return [
        name
        for holder in holders
        if holder.type in {"named_imports", "export_clause"}
        for name in holder.named_children
        if name.type in {"import_specifier", "export_specifier"}
    ]


def _only_names(clause: Node) -> bool:
    return all(child.type == "named_imports" for child in clause.named_children)


def _inside(node: Node, kinds: frozenset[str]) -> bool:
    parent = node.parent
    for _ in range(MAX_ABOVE):
        if parent is None:
            break
        if parent.type in kinds:
            return True
        parent = parent.parent
    return False


def _ambient(captures: dict[str, list[Node]]) -> tuple[str, ...]:
    """Return the modules declared here. In a file that is a module itself, `declare module` only adds to a real one."""
    if any(
        node.parent and node.parent.parent and node.parent.parent.type == "program"
        for node in captures.get("static", ())
    ):
        return ()
    names = (_literal(node) for node in captures.get("ambient", ()))
    return tuple(sorted({name for name in names if name}))
