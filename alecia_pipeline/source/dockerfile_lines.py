"""The lines of a Dockerfile as statements: directives, comments, continuations and here-documents resolved."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from alecia_pipeline.errors import UsageError
from alecia_pipeline.source.words import raw_words

_HEREDOC_KEYWORDS = frozenset({"ADD", "COPY", "RUN"})
_DIRECTIVE = re.compile(r"#\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(.+?)\s*")
_HEREDOC = re.compile(r"\d*<<(-?)([\"']?)([^<\"']+)\2")


@dataclass(frozen=True)
class Heredoc:
    """A here-document: `expand` is false when its name was quoted, `text` is its body."""

    name: str
    expand: bool
    text: str


@dataclass(frozen=True)
class Statement:
    """One instruction before its arguments are read: `keyword` in upper case, `rest` on one line."""

    keyword: str
    rest: str
    line: int
    heredocs: tuple[Heredoc, ...] = ()


def directives(lines: list[str]) -> Mapping[str, str]:
    """Read `# syntax=` and `# escape=`; only the first lines count, before any other comment or instruction.

    A shebang may stand before them.
    """
    found: dict[str, str] = {}
    for line in lines[1:] if lines[:1] and lines[0].startswith("#!") else lines:
        directive = _DIRECTIVE.fullmatch(line.strip())
        if directive is None:
            break
        found[directive[1].lower()] = directive[2]
    return found


def statements(lines: list[str], escape: str, path: str) -> Iterator[Statement]:
    """Yield every statement. Raises UsageError for a here-document without an end."""
    mark = re.escape(escape)
    continued = re.compile(rf"(?<!{mark}){mark}[ \t]*$")
    at = 0
    while at < len(lines):
        start = at
        text, at = _joined(lines, at, continued)
        if not text.strip():
            continue
        keyword, *rest = re.split(r"[\t\v\f\r ]+", text.strip(), maxsplit=1)
        body = "".join(rest)
        heredocs: tuple[Heredoc, ...] = ()
        if keyword.upper() in _HEREDOC_KEYWORDS:
            heredocs, at = _heredocs(body, lines, at, f"{path}:{start + 1}")
        yield Statement(keyword.upper(), body, start + 1, heredocs)


def _joined(lines: list[str], at: int, continued: re.Pattern[str]) -> tuple[str, int]:
    """Return one statement's text and the index after it. Inside it, comments and empty lines are left out."""
    first = at
    text = ""
    while at < len(lines):
        line = lines[at]
        at += 1
        if line.lstrip().startswith("#") or not line.strip():
            if at == first + 1:
                break
            continue
        kept = continued.sub("", line)
        text += kept
        if kept == line:
            break
    return text, at


def _heredocs(rest: str, lines: list[str], at: int, where: str) -> tuple[tuple[Heredoc, ...], int]:
    found = []
    for start in filter(None, map(_HEREDOC.fullmatch, raw_words(rest))):
        strip, name = bool(start[1]), start[3]
        body = []
        while at < len(lines) and _stripped(lines[at], strip=strip) != name:
            body.append(f"{_stripped(lines[at], strip=strip)}\n")
            at += 1
        if at >= len(lines):
            raise UsageError(
                f"the here-document {name} does not end",
                where=where,
                why="the file ends before it",
                fix=f"add a line {name}",
            )
        at += 1
        found.append(Heredoc(name, not start[2], "".join(body)))
    return tuple(found), at


def _stripped(line: str, *, strip: bool) -> str:
    return line.lstrip("\t") if strip else line
