"""`.dockerignore` exactly as BuildKit applies it: moby/patternmatcher's patterns, parents first, the last hit wins."""

import posixpath
import re
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from alecia_pipeline.errors import UsageError
from alecia_pipeline.source.glob import class_members
from alecia_pipeline.source.links import read_file
from alecia_pipeline.source.text import decode
from alecia_pipeline.source.tree import Tree, folder_of
from alecia_pipeline.source.wildcards import STAR, joined

IGNORE_FILE = ".dockerignore"


@dataclass(frozen=True)
class Pattern:
    """One line: `text` as cleaned by the builder, without its `!`."""

    text: str
    exception: bool
    line: int
    regex: re.Pattern[str]


@dataclass(frozen=True)
class DockerIgnore:
    """The patterns of one ignore file, in order."""

    path: str | None
    patterns: tuple[Pattern, ...]
    _verdicts: dict[str, tuple[bool, tuple[bool, ...]]] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def parse(cls, data: bytes, path: str = IGNORE_FILE) -> "DockerIgnore":
        """Read an ignore file. Raises UsageError with path and line for a pattern the builder refuses."""
        lines = decode(data, path).split("\n")
        found = (_pattern(line, number, path) for number, line in enumerate(lines, start=1))
        return cls(path, tuple(pattern for pattern in found if pattern))

    def ignored(self, path: str) -> bool:
        """Tell whether the builder leaves the file or folder out of the context."""
        return self._verdict(path)[0]

    def reason(self, path: str) -> Pattern | None:
        """Return the pattern that leaves `path` out, or None when it is in."""
        verdict, hits = self._verdict(path)
        found = zip(reversed(self.patterns), reversed(hits), strict=True)
        return next((pattern for pattern, hit in found if hit and not pattern.exception), None) if verdict else None

    def _verdict(self, path: str) -> tuple[bool, tuple[bool, ...]]:
        """Return the verdict and which patterns hit; a folder's hits hold for all that is below it."""
        known = self._verdicts.get(path)
        if known:
            return known
        above = self._verdicts.get(folder_of(path))
        ends = () if above else [match.start() for match in re.finditer("/", path)]
        hits = above[1] if above else self._none
        for end in (*ends, len(path)):
            part = path[:end]
            if part not in self._verdicts:
                self._verdicts[part] = self._evaluate(part, hits)
            hits = self._verdicts[part][1]
        return self._verdicts[path]

    @cached_property
    def _none(self) -> tuple[bool, ...]:
        return (False,) * len(self.patterns)

    @cached_property
    def _any(self) -> re.Pattern[str]:
        """Hits what any pattern hits that is no exception: most files are hit by none, which is soon told."""
        return re.compile(
            "|".join(f"(?:{p.regex.pattern})" for p in self.patterns if not p.exception) or "(?!)", re.DOTALL
        )

    def _evaluate(self, path: str, inherited: tuple[bool, ...]) -> tuple[bool, tuple[bool, ...]]:
        if inherited is self._none and not self._any.fullmatch(path):
            return False, self._none
        matched = False
        hits = []
        for pattern, hit in zip(self.patterns, inherited, strict=True):
            # The builder skips a pattern that could not change the verdict, and then notes no hit for it.
            match = hit or (pattern.exception == matched and pattern.regex.fullmatch(path) is not None)
            hits.append(match)
            if match:
                matched = not pattern.exception
        return matched, tuple(hits)


def ignore_for(tree: Tree, dockerfile: str) -> DockerIgnore:
    """Return what applies to builds of `dockerfile` from the root: its own ignore file, else the root's.

    Raises UsageError for one that does not parse, or is a link to nowhere.
    """
    for path in (f"{dockerfile}{IGNORE_FILE}", IGNORE_FILE):
        if path in tree.entries:
            return _parsed(read_file(tree, path), path)
    return _NOTHING


_NOTHING = DockerIgnore(None, ())
"""One for all, so that what is remembered by ignore file is shared where there is none."""


@lru_cache(maxsize=128)
def _parsed(data: bytes, path: str) -> DockerIgnore:
    """Parse a file once for all the Dockerfiles that share it, so that they share its verdicts too."""
    return DockerIgnore.parse(data, path)


def _pattern(line: str, number: int, path: str) -> Pattern | None:
    text = line.strip()
    if line.startswith("#") or not text:
        return None
    exception = text.startswith("!")
    text = text.removeprefix("!").strip() if exception else text
    if not text:
        raise _illegal(line, number, path, "`!` needs a pattern behind it")
    clean = _clean(text)
    try:
        return Pattern(clean, exception, number, re.compile(_regex(clean), re.DOTALL))
    except re.error as error:
        raise _illegal(line, number, path, str(error)) from error


def _illegal(line: str, number: int, path: str, why: str) -> UsageError:
    return UsageError(
        f"{path} has a pattern that the builder refuses: {line.strip()!r}",
        where=f"{path}:{number}",
        why=why,
        fix="mend or delete that line",
    )


def _clean(text: str) -> str:
    """Do what Go's filepath.Clean and the ignore reader do; `/a`, `a/` and `./a` all mean `a`."""
    clean = posixpath.normpath(text)
    return clean.lstrip("/") or "/"


_TOKEN = re.compile(r"\*\*/?|\*|\?|\[\^?[^\]]+\]|\\.|.", re.DOTALL)
_DEEP = "(?:.*/)?"
_WILD = re.compile(r"[*?\[\]\\]")


def _regex(pattern: str) -> str:
    """Translate as moby/patternmatcher does, with its shortcuts for patterns that only begin or end with `**`."""
    if not _WILD.search(pattern):
        return re.escape(pattern)
    if pattern.startswith("**/") and not _WILD.search(pattern[3:]):
        return "(?:.*/)?" + re.escape(pattern[3:])
    if pattern.startswith("**") and not _WILD.search(pattern[2:]):
        return ".*" + re.escape(pattern[2:])  # `**.log` is a suffix, at any depth
    if pattern.endswith("**") and not _WILD.search(pattern[:-2]):
        return re.escape(pattern[:-2]) + ".*"
    tokens = _TOKEN.findall(pattern)
    pieces = [_translate(token, last=index == len(tokens) - 1) for index, token in enumerate(tokens)]
    return joined(pieces, _DEEP, "(?:.*?/)??")


def _translate(token: str, *, last: bool) -> str:
    if token.startswith("**"):
        return ".*" if last else _DEEP
    if token == "[":  # noqa: S105 - a glob, not a password
        raise re.error("a [ without its ]")
    if token.startswith("["):
        negated = token.startswith("[^")
        return ("[^" if negated else "[") + class_members(token[1 + negated : -1]) + "]"
    if token == "^":  # noqa: S105 - the builder does not escape it: beside a wildcard it is an anchor, and never hits
        return token
    # Not followed: the builder hands `\a` to its regex engine, which sees a control character and not the letter.
    return {"*": STAR, "?": "[^/]"}.get(token) or re.escape(token[-1])
