"""Plain values as YAML that every reader understands alike: block mappings, everything else in one line.

Written by hand because PyYAML takes four times as long, and leaves `12e4567` (a hash) unquoted, which JavaScript reads
as a number.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

_PLAIN = re.compile(r"(?:[A-Za-z_/]|[0-9]+\.[0-9]+\.[0-9])[\w./@+()=-]*", re.ASCII)
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})


def render_yaml(document: Mapping[str, Any]) -> str:
    """Return the document's text; mappings keep their order."""
    return "".join(_lines(document, ""))


def _lines(mapping: Mapping[str, Any], indent: str) -> Iterator[str]:
    for key, value in mapping.items():
        if isinstance(value, Mapping) and value:
            yield f"{indent}{_string(key)}:\n"
            yield from _lines(value, indent + "  ")
        else:
            yield f"{indent}{_string(key)}: {_inline(value)}\n"


def _inline(value: Any) -> str:
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_string(key)}: {_inline(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_inline, value)) + "]"
    if isinstance(value, float) and not math.isfinite(value):
        return ".nan" if math.isnan(value) else f"{value:+}"[0] + ".inf"
    return json.dumps(value)


def _string(text: str) -> str:
    """Return `text` bare where no reader could take it for anything else, and in double quotes elsewhere."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return re.sub(r"[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]", lambda found: f"\\u{ord(found[0]):04x}", quoted)
