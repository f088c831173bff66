"""Syntax trees of TypeScript and JavaScript. No code is run."""

from functools import cache

import tree_sitter_typescript
from tree_sitter import Language, Node, Parser, Query, QueryCursor

_PLAIN_TYPESCRIPT = (".ts", ".mts", ".cts")
"""Here `<T>x` is a cast; everywhere else JSX may stand, so the tsx grammar reads it."""


@cache
def _language(plain: bool) -> Language:  # noqa: FBT001 - a cache key
    return Language(tree_sitter_typescript.language_typescript() if plain else tree_sitter_typescript.language_tsx())


@cache
def _parser(plain: bool) -> Parser:  # noqa: FBT001 - a cache key
    return Parser(_language(plain))


@cache
def _query(plain: bool, text: str) -> Query:  # noqa: FBT001 - a cache key
    return Query(_language(plain), text)


def parse(data: bytes, extension: str) -> Node:
    """Return the root of a file's tree; what does not parse is an ERROR or MISSING node in it."""
    return _parser(extension in _PLAIN_TYPESCRIPT).parse(data).root_node


def captures(root: Node, extension: str, query: str) -> dict[str, list[Node]]:
    """Return the nodes that a query names, by name."""
    return QueryCursor(_query(extension in _PLAIN_TYPESCRIPT, query)).captures(root)


def literal(node: Node) -> str:
    """Return the text of a string; of a template with something put in, the text before that."""
    text = node.text or b""
    for child in node.named_children:
        if child.type == "template_substitution":
            return text[1 : child.start_byte - node.start_byte].decode(errors="replace")
    return text[1:-1].decode(errors="replace")


def is_template(node: Node) -> bool:
    """Tell whether something is put into a string."""
    return any(child.type == "template_substitution" for child in node.named_children)
