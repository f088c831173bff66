"""Words and variables of a Dockerfile, by the rules of its own small shell."""

import re
from collections.abc import Mapping

WORD = re.compile(r"(?:\"(?:[^\"\\]|\\.)*\"|'[^']*'|\\.|[^\s\"'\\]|[\"'\\])+", re.DOTALL)
"""A run of text without white space outside quotes."""

_PIECE = re.compile(r"\"((?:[^\"\\]|\\.)*)\"|'([^']*)'|\\(.)", re.DOTALL)
_VARIABLE = re.compile(r"\\\$|\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?:(:?[-+?])((?:[^{}]|\$\{[^{}]*\})*))?\})")


def raw_words(text: str) -> list[str]:
    """Split at white space outside quotes; the quotes stay."""
    return WORD.findall(text)


def split_words(text: str) -> list[str]:
    r"""Split at white space outside quotes, and take the quotes away; a `$` that they protect is written `\\\\$`."""
    return [_PIECE.sub(_unquoted, word) for word in raw_words(text)]


def _unquoted(match: re.Match[str]) -> str:
    double, single, escaped = match.groups()
    if double is not None:
        return re.sub(r"\\([\"\\])", r"\1", double)
    if single is not None:
        return single.replace("$", "\\$")
    return "\\$" if escaped == "$" else escaped


def expand(text: str, variables: Mapping[str, str | None]) -> str:
    """Replace `$a`, `${a}`, `${a:-default}`, `${a:+other}`. An unknown one is empty, an escaped dollar a dollar."""

    def value(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        if name is None:
            return "$"
        known = variables.get(name)
        operator = match[3] or ""
        is_set = bool(known) if operator.startswith(":") else known is not None
        if operator.endswith("+"):
            return expand(match[4], variables) if is_set else ""
        if operator.endswith("-") and not is_set:
            return expand(match[4], variables)
        return known or ""

    return _VARIABLE.sub(value, text)


def is_determined(text: str, variables: Mapping[str, str | None]) -> bool:
    """Tell whether every variable in a text is one of `variables`, and its syntax one that `expand` knows."""
    names = (match[1] or match[2] for match in _VARIABLE.finditer(text))
    return all(name in variables for name in names if name) and "${" not in _VARIABLE.sub("", text)
