"""Edits of a `package.json` as pnpm would make them, with everything else left as it is written, byte for byte."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from json.decoder import JSONDecoder
from typing import Any

from alecia_pipeline.source.manifest import DependencyKind, parse_manifest

_BLANK = re.compile(r"[ \t\r\n]*")
_INDENT = re.compile(r"\{[ \t]*\r?\n([ \t]+)\"")
_BOM = b"\xef\xbb\xbf"


def with_dependencies(data: bytes, path: str, kind: DependencyKind, added: Mapping[str, str]) -> bytes:
    """Return a manifest that declares `added` (name → specifier) too, its names sorted as pnpm sorts them.

    Raises UsageError when it is not a manifest.
    """
    parse_manifest(data, path)
    text = data.removeprefix(_BOM).decode()
    style = _Style.of(text)
    members = list(_members(text))
    section = next((member for member in reversed(members) if member.key == kind), None)
    if section:
        wanted = {**(section.value or {}), **added}
        new = text[: section.start] + style.block(wanted) + text[section.end :]
    else:
        colon = ":" if style.indent is None else ": "
        new = _appended(text, members, style, f"{json.dumps(kind)}{colon}{style.block(added)}")
    return (_BOM if data.startswith(_BOM) else b"") + new.encode()


@dataclass(frozen=True)
class _Style:
    """How a file is written: its indent (None: all in one line) and the end of its lines."""

    indent: str | None
    newline: str

    @classmethod
    def of(cls, text: str) -> "_Style":
        found = _INDENT.search(text)
        return cls(found[1] if found else None, "\r\n" if "\r\n" in text else "\n")

    def block(self, values: Mapping[str, Any]) -> str:
        """Return a member's value: an object one level deep, sorted by code point."""
        ordered = {name: values[name] for name in sorted(values)}
        if self.indent is None:
            return json.dumps(ordered, ensure_ascii=False, separators=(",", ":"))
        lines = json.dumps(ordered, ensure_ascii=False, indent=self.indent).split("\n")
        return (self.newline + self.indent).join(lines)


@dataclass(frozen=True)
class _Member:
    """A key of the manifest, its value, and where the value stands."""

    key: str
    value: Any
    start: int
    end: int


def _members(text: str) -> Iterator[_Member]:
    """Yield the members of an object that is known to parse."""
    decoder = JSONDecoder()
    at = _after_blank(text, _after_blank(text, 0) + 1)
    while text[at] != "}":
        key, at = decoder.raw_decode(text, at)
        start = _after_blank(text, _after_blank(text, at) + 1)
        value, end = decoder.raw_decode(text, start)
        yield _Member(key, value, start, end)
        at = _after_blank(text, end)
        at = _after_blank(text, at + 1) if text[at] == "," else at


def _after_blank(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return found.end() if found else at


def _appended(text: str, members: list[_Member], style: _Style, member: str) -> str:
    """Return the object with one more member behind its last one."""
    line = "" if style.indent is None else style.newline + style.indent
    if members:
        end = members[-1].end
        return f"{text[:end]},{line}{member}{text[end:]}"
    start = text.index("{") + 1
    return f"{text[:start]}{line}{member}{style.newline if style.indent else ''}{text[text.rindex('}') :]}"
