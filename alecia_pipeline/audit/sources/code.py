"""What a TypeScript or JavaScript file imports, by its syntax tree. No code is run, and no input raises."""

import re
from collections.abc import Callable, Iterator, Mapping

from tree_sitter import Node

from alecia_pipeline.audit.sources.imports import Import, Imports, Kind, in_order
from alecia_pipeline.audit.sources.lines import Lines
from alecia_pipeline.audit.sources.query import METHODS, QUERY
from alecia_pipeline.audit.sources.syntax import captures, is_template, literal, parse

EXTENSIONS = (".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs")

MAX_PARSED = 600_000
"""Bytes. What is larger was made by a program; its tree would take 150 times as much memory as the file."""

MAX_OPEN_COMMENTS = 1_000
"""Beginnings of comments after the last end of one: the parser looks to the file's end for each (250 kB: 28 s)."""

MAX_BROKEN = 10_000
"""Pieces of a file that does not parse at all. A query over more takes time by their square (200,000: a minute)."""

MAX_ABOVE = 64
"""How many levels above an import are asked what it stands in; each costs as much as the tree is deep."""

_NO_LETTER_NEXT = re.compile(rb"(?!\w)")
_STRING_NEXT = re.compile(rb"\s*[\"'/]")
_MEMBER_NEXT = re.compile(rb"\s*[.?/]")
_TOKENS = (
    (b"import", _NO_LETTER_NEXT),
    (b"require", _NO_LETTER_NEXT),
    (b"from", _STRING_NEXT),
    (b"module", _STRING_NEXT),
    (b"jest", _MEMBER_NEXT),
    (b"vi", _MEMBER_NEXT),
    (b"vitest", _MEMBER_NEXT),
    (b"mock", _MEMBER_NEXT),
)
"""Whatever the query finds holds one of these words and what follows it: a comment may stand wherever white space may,
hence the `/`. Inside longer words they are found too, which does no harm.
"""

_NEXT_STATEMENT = re.compile(rb"\n(?=[A-Za-z/@])")
"""Where a statement of the top level usually begins."""

_TYPE_CONTEXT = frozenset(
    {"type_annotation", "type_alias_declaration", "type_query", "type_arguments", "type_parameters"}
)
_TRY = frozenset({"try_statement"})

_LOOKS_LIKE = re.compile(rb"\b(?:from|import|require\s*\(|import\s*\()\s*[\"']([^\"'\s]+)[\"']")
_REFERENCE = re.compile(rb"^[ \t]*///\s*<reference\s+types\s*=\s*[\"']([^\"'\n]+)[\"']", re.MULTILINE)
_JSX_SOURCE = re.compile(rb"^[ \t/*]*@jsxImportSource[ \t]+([@\w./-]+)", re.MULTILINE)


def read_code(data: bytes, extension: str) -> Imports:
    """Return the imports of a file. What does not parse is read as far as the grammar recovers."""
    last = _last_token(data)
    if last < 0:
        return Imports(in_order(list(_comments(data))))
    if len(data) > MAX_PARSED or data.count(b"/*", data.rfind(b"*/") + 1) > MAX_OPEN_COMMENTS:
        return _by_pattern(data)
    root = _tree(data, last, extension)
    if root.type == "ERROR" and root.child_count > MAX_BROKEN:
        return _by_pattern(data)
    nodes = captures(root, extension, QUERY)
    found = [item for name, read in _READERS.items() for node in nodes.get(name, ()) for item in read(node)]
    return Imports(in_order([*_comments(data), *found]), _ambient(nodes))


def _last_token(data: bytes) -> int:
    """Return where the last thing that may import ends, -1 without any. Searched from the end: that is soon found."""
    last = -1
    for word, following in _TOKENS:
        at = data.rfind(word, max(last, 0))
        while at >= 0:
            if match := following.match(data, at + len(word)):
                last = match.end()
                break
            at = data.rfind(word, max(last, 0), at)
    return last


def _tree(data: bytes, last: int, extension: str) -> Node:
    """Parse a file as far as it can import anything, else whole.

    Most files import at the top only. The start of a file up to the end of a line parses without an error exactly when
    no statement, comment or template is open there: then what follows cannot change what was read.
    """
    end = _NEXT_STATEMENT.search(data, last)
    if end and end.start() < len(data) * 3 // 4:
        root = parse(data[: end.start()], extension)
        if not root.has_error:
            return root
    return parse(data, extension)


def _by_pattern(data: bytes) -> Imports:
    """Return what looks like an import in a file without a tree. Some of it may stand in texts: all is optional."""
    lines = Lines(data)
    found: dict[str, Import] = {}
    for match in _LOOKS_LIKE.finditer(data):
        name = match[1].decode(errors="replace")
        if name not in found:
            found[name] = Import(name, lines.at(match.start(1)), "import", optional=True)
    return Imports(in_order(list(found.values())))


def _comments(data: bytes) -> Iterator[Import]:
    """Yield what comments import: `/// <reference types>` and the JSX pragma."""
    lines = Lines(data)
    for marker, pattern in ((b"<reference", _REFERENCE), (b"@jsxImportSource", _JSX_SOURCE)):
        for match in pattern.finditer(data) if marker in data else ():
            name = match[1].decode(errors="replace")
            yield Import(name, lines.at(match.start(1)), "reference", type_only=pattern is _REFERENCE)


def _line(node: Node) -> int:
    return node.start_point.row + 1


def _static(node: Node) -> Iterator[Import]:
    if text := literal(node):
        yield Import(text, _line(node), "import", type_only=_is_type_statement(node))


def _require(node: Node) -> Iterator[Import]:
    """Yield what `require` loads; `require.resolve(x, {paths})` looks in other places than this package's."""
    elsewhere = node.next_named_sibling is not None and node.next_named_sibling.type != "comment"
    for item in _called(node, "require", type_only=False):
        yield item._replace(optional=item.optional or elsewhere)


def _dynamic(node: Node) -> Iterator[Import]:
    yield from _called(node, "dynamic", type_only=_inside(node, _TYPE_CONTEXT))


def _method(node: Node) -> Iterator[Import]:
    """Yield what `object.method(node, …)` names, as far as the object is one of those that have the method."""
    call = node.parent.parent if node.parent else None
    called = call.child_by_field_name("function") if call else None
    method, owner = (called.child_by_field_name(name) if called else None for name in ("property", "object"))
    if method is None or owner is None:
        return  # pragma: no cover - the query asks for both
    name = (method.text or b"").decode()
    target = "import.meta" if owner.type == "meta_property" else (owner.text or b"").decode(errors="replace")
    if target not in METHODS[name]:
        return
    if name == "resolve":
        yield from (_require if target == "require" else _dynamic)(node) if node.type != "array" else ()
    else:
        read = _glob if target == "import.meta" else _mock
        strings = node.named_children if node.type == "array" and read is _glob else [node]
        yield from (item for string in strings if string.type == "string" for item in read(string))


def _called(node: Node, kind: Kind, *, type_only: bool) -> Iterator[Import]:
    """Yield what a call loads. A template gives the folder that its start names, if it names a whole one."""
    text = literal(node)
    if is_template(node):
        text = _folder(text)
    if text:
        yield Import(text, _line(node), kind, type_only, optional=_inside(node, _TRY))


def _folder(prefix: str) -> str:
    folder = prefix[: prefix.rfind("/") + 1]
    return "" if folder.startswith("@") and folder.count("/") < 2 else folder  # noqa: PLR2004 - `@scope/name/`


def _mock(node: Node) -> Iterator[Import]:
    """Yield a mocked module. With a factory beside it, the real one need not be there."""
    alone = node.parent is None or node.parent.named_child_count == 1
    if text := literal(node):
        yield Import(text, _line(node), "mock", optional=not alone)


def _url(node: Node) -> Iterator[Import]:
    """Yield a file beside this one; a URL takes `x` for `./x`, and a missing one is no error of a build."""
    text = literal(node)
    if text and not re.match(r"[\w+.-]*:|/", text):
        yield Import(text if text.startswith(".") else f"./{text}", _line(node), "url", optional=True)


def _glob(node: Node) -> Iterator[Import]:
    if text := literal(node):
        yield Import(text, _line(node), "glob", optional=True)


_READERS: Mapping[str, Callable[[Node], Iterator[Import]]] = {
    "static": _static, "require": _require, "dynamic": _dynamic, "method": _method, "url": _url,
}  # fmt: skip


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


def _ambient(nodes: dict[str, list[Node]]) -> tuple[str, ...]:
    """Return the modules declared here. In a file that is a module itself, `declare module` only adds to a real one."""
    if any(_is_top_level(node) for node in nodes.get("static", ())):
        return ()
    names = (literal(node) for node in nodes.get("ambient", ()))
    return tuple(sorted({name for name in names if name}))


def _is_top_level(node: Node) -> bool:
    statement = node.parent
    return statement is not None and statement.parent is not None and statement.parent.type == "program"
