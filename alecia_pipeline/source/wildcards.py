"""Regular expressions of globs that end in time.

`*a*a*a*…` translated word for word is tried in every way there is before it fails: sixty stars in a repository's
`.dockerignore` would keep an audit busy for years. But where a wildcard is followed by another of its kind, its first
fit is as good as any, because the next one can skip whatever lies between; so each takes it and never looks back.
"""

import re
from collections.abc import Sequence
from functools import cache

STAR = "[^/]*"
"""The translation of `*`."""

NO_DOT = r"(?!\.)"
"""What stands before a wildcard that does not match a dotted name."""


MAX_FREE = 3
"""Wildcards in one folder's name, or `**` in one pattern, that must look back. Nobody writes more by hand."""


def joined(pieces: Sequence[str], deep: str, lazy: str) -> str:
    """Join the translated parts of a pattern, one part a character or a wildcard.

    `deep` is the part that stands for any number of whole folders (`**/`), and `lazy` the same taking few first. Raises
    re.error for what could take too long even so.
    """
    first, *runs = _split(pieces, deep)
    out = _run(first)
    free = 0
    for before, run, after in zip([first, *runs], runs, [*runs[1:], None], strict=False):
        held = after is not None and _is_whole(run) and before[-1:] in ([], ["/"])
        out += f"(?>{lazy}{_run(run)})" if held else deep + _run(run)
        free += not held
    if free > MAX_FREE:
        raise re.error("too many ** in one pattern")
    return out


def _split(pieces: Sequence[str], deep: str) -> list[list[str]]:
    """Return what stands between the `deep` parts; several in a row are one."""
    runs: list[list[str]] = [[]]
    for piece, following in zip(pieces, [*pieces[1:], ""], strict=False):
        if piece != deep:
            runs[-1].append(piece)
        elif following != deep:
            runs.append([])
    return runs


def _is_whole(run: list[str]) -> bool:
    """Tell whether a run matches whole folders, always the same number of them."""
    return run[-1:] == ["/"] and all(piece in {"/", STAR, NO_DOT} or _is_plain(piece) for piece in run)


@cache
def _is_plain(piece: str) -> bool:
    """Tell whether a part matches one character, and never a slash."""
    character = len(piece.removeprefix("\\")) == 1 or (piece[0] == "[" and piece != STAR)
    return character and piece not in {"^", "$"} and re.fullmatch(piece, "/") is None


def _run(run: list[str]) -> str:
    """Join parts without `deep`; of two stars with plain characters between them, the first takes its first fit."""
    out = ""
    free = at = 0
    while at < len(run):
        end = _next_star(run, at) if run[at] == STAR else None
        out += f"(?>{STAR}?{''.join(run[at + 1 : end])})" if end else run[at]
        free = 0 if run[at] == "/" else free + (run[at] == STAR and not end)
        at = end or at + 1
        if free > MAX_FREE:
            raise re.error("too many wildcards in one name")
    return out


def _next_star(run: list[str], star: int) -> int | None:
    """Return where the next star is, when plain characters alone lie between."""
    end = star + 1
    while end < len(run) and _is_plain(run[end]):
        end += 1
    return end if run[end : end + 1] == [STAR] else None
