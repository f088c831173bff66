"""`exports` and `imports` of a package.json: which files a subpath or a `#name` may open, under any condition."""

from collections.abc import Mapping
from typing import Any


def export_targets(exports: Any, subpath: str) -> tuple[str, ...] | None:
    """Return the targets of `.` or `./x`, whatever the condition; None when the map closes that subpath."""
    is_table = isinstance(exports, dict) and any(key.startswith(".") for key in exports)
    return table_targets(exports if is_table else {".": exports}, subpath)


def table_targets(table: Mapping[str, Any], key: str) -> tuple[str, ...] | None:
    """Return the targets of an entry, exact or by the longest pattern; None when there is none, or it is null."""
    if key in table:
        return _leaves(table[key]) or None
    best = max((pattern for pattern in table if _fits(pattern, key)), key=len, default=None)
    if best is None:
        return None
    before, _, after = best.partition("*")
    middle = key[len(before) : len(key) - len(after)]
    folder = "" if "*" in best else middle
    return tuple(target.replace("*", middle) + folder for target in _leaves(table[best])) or None


def _fits(pattern: str, key: str) -> bool:
    before, star, after = pattern.partition("*")
    if not star:
        return pattern.endswith("/") and key.startswith(pattern)  # a whole folder, as Node 16 still took it
    return key.startswith(before) and key.endswith(after) and len(key) > len(before) + len(after)


def _leaves(value: Any) -> tuple[str, ...]:
    """Return every string in a tree of conditions and alternatives, in order."""
    found: list[str] = []
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            found.append(item)
        elif isinstance(item, dict):
            stack += reversed(item.values())
        elif isinstance(item, list):
            stack += reversed(item)
    return tuple(dict.fromkeys(found))
