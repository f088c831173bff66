"""Which imports of a file are left after compiling and run when it is loaded: the edges of a circle that is real.

`import { Props } from "./card"` is gone when Props only stands where types stand, with or without the word `type`;
`require` inside of a function comes later.
"""

import re
from collections.abc import Iterator

from tree_sitter import Node

from alecia_pipeline.audit.sources.code import MAX_PARSED, read_code
from alecia_pipeline.audit.sources.imports import Import, Imports
from alecia_pipeline.audit.sources.syntax import parse

LOADED = "loaded"
"""The tool's name in the kind of a file that is asked for this."""

ERASING = (".ts", ".tsx", ".mts", ".cts")
"""Files whose compiler leaves out what is only a type. In others an import always runs."""

_STATEMENTS = frozenset({"import_statement", "export_statement"})
_VALUES = frozenset({"identifier", "shorthand_property_identifier"})
_NO_VALUE = frozenset({"import_statement", "type_query", "nested_type_identifier"})
_AROUND_NAMES = _NO_VALUE | {
    "import_specifier", "named_imports", "import_clause", "namespace_import", "member_expression", "nested_identifier",
}  # fmt: skip


def read_loaded(data: bytes, extension: str) -> Imports:
    """Return the imports of a file that run with it. Of a file too large to be read by its syntax, none."""
    if len(data) > MAX_PARSED:
        return Imports()
    found = [item for item in read_code(data, extension).found if not (item.type_only or item.optional)]
    required = [item for item in found if item.kind == "require" and _is_top_level(data, item)]
    static = [item for item in found if item.kind == "import"]
    gone = _erased(data, extension, {item.line for item in static}) if static and extension in ERASING else set()
    return Imports((*(item for item in static if item.line not in gone), *required))


def _is_top_level(data: bytes, item: Import) -> bool:
    """Tell whether the line of a call is not indented: what a function or a block does may come later, or never."""
    return data.split(b"\n", item.line)[item.line - 1][:1] not in {b" ", b"\t"}


def _erased(data: bytes, extension: str, lines: set[int]) -> set[int]:
    """Return the lines of import statements none of whose names is used as a value, or that declare a module."""
    root = parse(data, extension)
    statements = [node for node in root.named_children if node.type in _STATEMENTS]
    names = {_line(node): set(_names(clause)) for node in statements if (clause := _clause(node)) is not None}
    names = {line: bound for line, bound in names.items() if line in lines}
    used = _used(data, root, set().union(*names.values())) if names else set()
    unused = {line for line, bound in names.items() if not bound & used}
    return unused | (lines - set(map(_line, statements)))


def _line(statement: Node) -> int:
    """Return the line of the module's name, by which an import goes."""
    source = statement.child_by_field_name("source")
    return source.start_point.row + 1 if source else 0


def _clause(statement: Node) -> Node | None:
    return next((child for child in statement.named_children if child.type == "import_clause"), None)


def _names(clause: Node) -> Iterator[bytes]:
    """Yield the local names that an import binds, as far as it does not call them types."""
    for child in clause.named_children:
        if child.type == "named_imports":
            yield from filter(None, map(_local, child.named_children))
        else:
            yield (child.named_children[-1] if child.type == "namespace_import" else child).text or b""


def _local(specifier: Node) -> bytes | None:
    if specifier.type != "import_specifier" or any(child.type == "type" for child in specifier.children):
        return None
    name = specifier.child_by_field_name("alias") or specifier.child_by_field_name("name")
    return name.text if name else None


def _used(data: bytes, root: Node, names: set[bytes]) -> set[bytes]:
    """Return which of the names stand anywhere as values."""
    used: set[bytes] = set()
    for match in re.finditer(rb"[\w$]+", data):
        name = match[0]
        if name in names and name not in used:
            node = root.descendant_for_byte_range(match.start(), match.end())
            if node is not None and node.type in _VALUES and not _is_type(node):
                used.add(name)
    return used


def _is_type(node: Node) -> bool:
    """Tell whether an identifier belongs to a type, or to an import itself."""
    parent = node.parent
    while parent is not None and parent.type in _AROUND_NAMES:
        if parent.type in _NO_VALUE:
            return True
        parent = parent.parent
    return parent is not None and parent.type == "export_specifier" and _is_type_export(parent)


def _is_type_export(specifier: Node) -> bool:
    """Tell whether `export { x }` has the word `type`, before the name or before the braces."""
    statement = specifier.parent.parent if specifier.parent else None
    return any(child.type == "type" for node in (specifier, statement) if node for child in node.children)
