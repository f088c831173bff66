"""Path globs as pnpm, turbo and `alecia.yaml` mean them: `*`, `**`, `?`, `[a-z]`, `{a,b}`."""

import re
from collections.abc import Iterable
from functools import lru_cache

from alecia_pipeline.source.wildcards import NO_DOT, STAR, joined

MAX_ALTERNATIVES = 256
"""`{a,b}{a,b}{a,b}…` doubles with each pair; what expands to more than this is not a path."""


def matches(path: str, patterns: Iterable[str], *, dotted: bool = False) -> bool:
    """Tell whether one of `patterns` matches `path` and none that starts with `!` does, whatever their order.

    `dotted`: wildcards match names that begin with a dot too, as turbo has it; pnpm does not.
    """
    wanted = False
    for pattern in patterns:
        hit = _compiled(pattern.removeprefix("!"), dotted=dotted).fullmatch(path) is not None
        if hit and pattern.startswith("!"):
            return False
        wanted = wanted or hit
    return wanted


def with_folders(patterns: Iterable[str]) -> tuple[str, ...]:
    """Return the patterns and, for each, what lies below the folders that it names."""
    given = tuple(patterns)
    return (*given, *(f"{pattern.rstrip('/')}/**" for pattern in given))


def certain_part(pattern: str) -> str:
    """Return what every path that a pattern matches begins with: whole folders, with a slash behind, or all of it."""
    return _UNCERTAIN.sub("", pattern.removeprefix("./"))


@lru_cache(maxsize=4096)
def _compiled(pattern: str, *, dotted: bool) -> re.Pattern[str]:
    clean = pattern.removeprefix("./").rstrip("/") or "."
    try:
        return re.compile("|".join(_regex(alternative, dotted=dotted) for alternative in expand_braces(clean)))
    except re.error:  # a range such as [z-a] holds nothing
        return re.compile(re.escape(clean))


def expand_braces(pattern: str) -> list[str]:
    """Return every alternative of `{a,b}` groups, nested ones included; at most MAX_ALTERNATIVES of them."""
    done: list[str] = []
    queue = [pattern]
    while queue:
        text = queue.pop(0)
        group = re.search(r"\{([^{}]*,[^{}]*)\}", text)
        if group is None or len(queue) + len(done) > MAX_ALTERNATIVES:
            done.append(text)
            continue
        queue += [text[: group.start()] + part + text[group.end() :] for part in group[1].split(",")]
    return done


def _regex(pattern: str, *, dotted: bool) -> str:
    """Translate one pattern without braces. A `**` segment stands for any number of folders, none included."""
    guard = "" if dotted else NO_DOT
    deep = f"(?:{guard}[^/]+/)*"
    pieces: list[str] = []
    *folders, name = pattern.split("/")
    for folder in folders:
        pieces += [deep] if folder == "**" else [*_segment(folder, guard), "/"]
    pieces += [f"{guard}[^/]+(?:/{guard}[^/]+)*"] if name == "**" else _segment(name, guard)
    return joined(pieces, deep, f"{deep}?")


_UNCERTAIN = re.compile(r"[^/]*[*?\[{\\].*", re.DOTALL)
_TOKEN = re.compile(r"\*+|\?|\[[!^]?\]?[^\]/]*\]|\\.|.", re.DOTALL)


def _segment(segment: str, guard: str) -> list[str]:
    first = [guard] if guard and segment[:1] in {"*", "?", "["} else []
    return [*first, *map(_token, _TOKEN.findall(segment))]


def class_members(text: str) -> str:
    """Return the inside of `[…]` for a regular expression: ranges stay, everything else stands for itself."""
    return re.sub(r"[^\w-]|(?<=-)-", r"\\\g<0>", text)


def _token(token: str) -> str:
    if token[0] == "*":
        return STAR
    if token == "?":  # noqa: S105 - a glob, not a password
        return "[^/]"
    if token[0] == "[" and len(token) > 1:
        negated = token[1] in {"!", "^"}
        return ("[^" if negated else "[") + class_members(token[1 + negated : -1]) + "]"
    return re.escape(token[-1])
