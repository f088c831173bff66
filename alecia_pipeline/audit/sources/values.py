"""The literal values of a configuration file, whatever its language: JSON, YAML, or JavaScript read without running."""

from collections.abc import Iterator
from typing import Any

from tree_sitter import Node

from alecia_pipeline.audit.sources.syntax import captures, is_template, literal, parse
from alecia_pipeline.errors import UsageError
from alecia_pipeline.source.jsonc import parse_jsonc
from alecia_pipeline.source.yaml_document import load_yaml

MAX_DEPTH = 24
"""Levels of a value that are read; settings that name packages stand higher."""

_WRAPPED = frozenset({"as_expression", "satisfies_expression", "parenthesized_expression", "non_null_expression"})
_OUTER = """
(object) @object
(variable_declarator name: (identifier) value: (_)) @variable
(call_expression function: (member_expression property: (property_identifier)) arguments: (arguments)) @call
"""


def document_values(data: bytes, path: str) -> tuple[Any, ...]:
    """Return the values of a JSON or YAML file; nothing when it is neither."""
    try:
        return (parse_jsonc(data, path),)
    except UsageError:
        pass
    try:
        return (load_yaml(data, path),)
    except UsageError:
        return ()


def code_values(data: bytes, extension: str) -> tuple[Any, ...]:
    """Return the outermost objects of a script, its variables by name, and `x.method("a")` as `{method: ["a"]}`."""
    nodes = captures(parse(data, extension), extension, _OUTER)
    objects = [_value(node, 0) for node in _outermost(nodes.get("object", []))]
    variables = [_pair(node, "name", "value", 0) for node in nodes.get("variable", ())]
    return (*objects, *variables, *(_call(node) for node in nodes.get("call", ())))


def _outermost(nodes: list[Node]) -> Iterator[Node]:
    end = -1
    for node in sorted(nodes, key=lambda item: item.start_byte):
        if node.start_byte >= end:
            end = node.end_byte
            yield node


def _text(node: Node | None) -> str:
    """Return a name as text: a key, a variable, a method."""
    if node is not None and node.type == "string":
        return literal(node)
    return (node.text or b"").decode(errors="replace") if node else ""


def _pair(node: Node, key: str, value: str, depth: int) -> dict[str, Any]:
    return {_text(node.child_by_field_name(key)): _value(node.child_by_field_name(value), depth)}


def _call(node: Node) -> dict[str, Any]:
    """Return a method call with its texts; `compat.extends("next")` sets what `extends: ["next"]` does."""
    function, arguments = node.child_by_field_name("function"), node.child_by_field_name("arguments")
    method = function.child_by_field_name("property") if function else None
    children = arguments.named_children if arguments else []
    return {_text(method): [literal(child) for child in children if child.type == "string"]}


def _value(node: Node | None, depth: int) -> Any:
    """Return a literal as Python has it; None for what only running would tell."""
    if node is None or depth > MAX_DEPTH:
        return None
    if node.type in {"string", "template_string"}:
        return None if is_template(node) else literal(node)
    if node.type in {"true", "false"}:
        return node.type == "true"
    if node.type == "object":
        return _object(node, depth + 1)
    if node.type == "array":
        return [_value(child, depth + 1) for child in node.named_children]
    return _value(_inner(node), depth + 1)


def _inner(node: Node) -> Node | None:
    """Return what an expression amounts to: `x as T`, `on ? x : y`, `on && x`, `[x].filter(Boolean)`, `...x`."""
    if node.type in _WRAPPED or node.type == "spread_element":
        return next(iter(node.named_children), None)
    if node.type == "ternary_expression":
        return node.child_by_field_name("consequence")
    if node.type == "binary_expression":
        return node.child_by_field_name("right")
    if node.type in {"call_expression", "member_expression"}:
        inner = node.child_by_field_name("function" if node.type == "call_expression" else "object")
        return inner if inner is not None and inner.type in {"member_expression", "array"} else None
    return None


def _object(node: Node, depth: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for child in node.named_children:
        if child.type == "pair":
            found |= _pair(child, "key", "value", depth)
        elif child.type == "spread_element":
            spread = _value(child, depth)
            found |= spread if isinstance(spread, dict) else {}
    return found
