"""`${KEY}` references in compose values: which keys a value refers to, and what it says with values put in."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from alecia_pipeline.errors import UsageError

_REFERENCE = re.compile(
    r"\$(?:(?P<escaped>\$)|(?P<plain>[A-Za-z_]\w*)|\{(?P<braced>[A-Za-z_]\w*)(?:(?P<how>:?[-?+])(?P<rest>[^{}]*))?\})"
)

_START = re.compile(r"\$(?:\$|\{?(?P<key>[A-Za-z_]\w*))")
"""Where a reference begins; enough to see those that stand in another one's default."""


def references(value: Any) -> frozenset[str]:
    """Return the keys that a YAML value refers to anywhere inside, also within defaults."""
    return frozenset(match["key"] for text in _strings(value) for match in _START.finditer(text) if match["key"])


def interpolate(text: str, values: Mapping[str, str], where: str) -> str:
    """Return `text` with every reference replaced as docker compose does. Raises UsageError for a required key."""

    def replace(match: re.Match[str]) -> str:
        return "$" if match["escaped"] else _value(match, values, where)

    return _REFERENCE.sub(replace, text)


def _value(match: re.Match[str], values: Mapping[str, str], where: str) -> str:
    key = match["plain"] or match["braced"]
    how, rest = match["how"] or "", match["rest"] or ""
    value = values.get(key)
    present = bool(value) if how.startswith(":") else value is not None
    if how.endswith("+"):
        return rest if present else ""
    if present:
        return value or ""
    if how.endswith("?"):
        raise UsageError(
            f"{key} has no value", where=where, why=rest or "compose requires it", fix=f"set {key} in the environment"
        )
    return rest


def _flattened(text: str) -> str:
    """Turn `${A:-${B}}` into `${A:-}${B}`, so that nested references are seen too."""
    while (opened := re.search(r"(\$\{\w+:?[-?+][^{}$]*)(\$\{[^{}]*\})([^{}]*\})", text)) is not None:
        text = f"{text[: opened.start()]}{opened[1]}{opened[3]}{opened[2]}{text[opened.end() :]}"
    return text


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _strings(key)
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)


def required(value: Any) -> frozenset[str]:
    """Return the keys that a YAML value refers to without saying what else would do: they must have a value."""
    return frozenset(
        match["plain"] or match["braced"]
        for text in _strings(value)
        for match in _REFERENCE.finditer(_flattened(text))
        if not match["escaped"] and not (match["how"] or "").endswith(("-", "+"))
    )
