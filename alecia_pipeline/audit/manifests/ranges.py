"""npm's version ranges, as far as overrides and workspace links need them: what satisfies, what overlaps.

Source: the grammar of node-semver's README. Versions are compared as tuples, ranges as sets of intervals.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

Key = tuple[int, int, int, tuple[tuple[int, int, str], ...]]
"""A version that sorts as semver says: a release behind all of its prereleases."""

_RELEASE = ((2, 0, ""),)
_FIRST = ((0, 0, ""),)
"""What stands before every prerelease, as in `<2.0.0-0`."""

_PRERELEASE = r"(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?"
_VERSION = re.compile(rf"[v=\s]*(\d+)\.(\d+)\.(\d+){_PRERELEASE}\s*")
_COMPARATOR = re.compile(
    rf"(\^|~>?|>=|<=|>|<|=|)\s*[v=]*(\d+|[xX*])(?:\.(\d+|[xX*])(?:\.(\d+|[xX*]){_PRERELEASE})?)?(?:\s+|$)"
)
_HYPHEN = re.compile(r"(\S+)\s+-\s+(\S+)")


@dataclass(frozen=True, slots=True)
class Interval:
    """Versions from `low` (inclusive) to `high` (exclusive; None: without end)."""

    low: Key
    high: Key | None
    prereleases: frozenset[tuple[int, int, int]] = frozenset()

    def __and__(self, other: "Interval") -> "Interval":
        highs = [high for high in (self.high, other.high) if high is not None]
        return Interval(max(self.low, other.low), min(highs) if highs else None, self.prereleases | other.prereleases)

    @property
    def is_empty(self) -> bool:
        """Whether no version lies in it."""
        return self.high is not None and self.low >= self.high

    def holds(self, version: Key) -> bool:
        """Tell whether a version satisfies it; a prerelease only counts where the range names one of its release."""
        inside = self.low <= version and (self.high is None or version < self.high)
        return inside and (version[3] == _RELEASE or version[:3] in self.prereleases)


_ALL = Interval((0, 0, 0, ()), None)
_NONE = Interval((0, 0, 0, _RELEASE), (0, 0, 0, ()))


def parse_version(text: str) -> Key | None:
    """Return a whole version, None for anything else."""
    match = _VERSION.fullmatch(text)
    return _key(int(match[1]), int(match[2]), int(match[3]), match[4]) if match else None


@lru_cache(maxsize=4096)
def parse_range(text: str) -> tuple[Interval, ...] | None:
    """Return the intervals of a range (`*` and nothing: all versions), None for what is no range: tags, links, URLs."""
    found = []
    for part in text.split("||"):
        interval = _conjunction(part.strip())
        if interval is None:
            return None
        found.append(interval)
    return tuple(found)


def satisfies(version: str | None, text: str) -> bool:
    """Tell whether a version lies in a range; what cannot be read does not."""
    key, intervals = parse_version(version or ""), parse_range(text)
    return key is not None and intervals is not None and any(interval.holds(key) for interval in intervals)


def overlap(one: str, other: str) -> bool:
    """Tell whether some version may lie in both ranges; what is no range overlaps nothing."""
    left, right = parse_range(one), parse_range(other)
    return any(_meet(a, b) for a in left or () for b in right or ())


def _meet(one: Interval, other: Interval) -> bool:
    """Tell whether two intervals overlap; of a single prerelease the other one must know the release."""
    for this, that in ((one, other), (other, one)):
        if this.prereleases and this.high == _next(this.low):
            return that == _ALL or that.holds(this.low)
    return not (one & other).is_empty


def _conjunction(text: str) -> Interval | None:
    hyphen = _HYPHEN.fullmatch(text)
    if hyphen:
        text = f">={hyphen[1]} <={hyphen[2]}"
    interval, at = _ALL, 0
    while at < len(text):
        match = _COMPARATOR.match(text, at)
        if match is None:
            return None
        interval &= _comparator(match)
        at = match.end()
    return interval


def _comparator(match: re.Match[str]) -> Interval:
    numbers = list(_numbers(match))
    prerelease = match[5] if len(numbers) == 3 else None  # noqa: PLR2004 - major, minor, patch
    operator = match[1] or "="
    if not numbers:
        return _NONE if operator in {"<", ">"} else _ALL
    major, minor, patch = [*numbers, 0, 0][:3]
    low = _key(major, minor, patch, prerelease)
    named = frozenset({low[:3]}) if prerelease else frozenset()
    bounds = _BOUNDS["~" if operator == "~>" else operator](low, numbers)
    return Interval(*bounds, named)


def _numbers(match: re.Match[str]) -> Iterator[int]:
    for text in match.group(2, 3, 4):
        if text is None or not text.isdecimal():
            return
        yield int(text)


_Bounds = tuple[Key, Key | None]


def _caret(low: Key, numbers: list[int]) -> _Bounds:
    significant = next((at for at, number in enumerate(numbers) if number), len(numbers) - 1)
    return low, _after(numbers[: significant + 1])


def _greater(low: Key, numbers: list[int]) -> _Bounds:
    return (_after(numbers) if len(numbers) < 3 else _next(low)), None  # noqa: PLR2004 - a whole version


def _at_most(low: Key, numbers: list[int]) -> _Bounds:
    return _ALL.low, _after(numbers) if len(numbers) < 3 else _next(low)  # noqa: PLR2004 - a whole version


def _below(low: Key, numbers: list[int]) -> _Bounds:
    return _ALL.low, low if len(numbers) == 3 else (*low[:3], _FIRST)  # noqa: PLR2004 - a whole version


def _equal(low: Key, numbers: list[int]) -> _Bounds:
    return low, _after(numbers) if len(numbers) < 3 else _next(low)  # noqa: PLR2004 - a whole version


_BOUNDS: dict[str, Callable[[Key, list[int]], _Bounds]] = {
    "^": _caret,
    "~": lambda low, numbers: (low, _after(numbers[:2])),
    ">=": lambda low, _: (low, None),
    ">": _greater,
    "<=": _at_most,
    "<": _below,
    "=": _equal,
}


def _after(numbers: list[int]) -> Key:
    """Return the bound behind every version that begins with `numbers`: the next one's first prerelease."""
    major, minor, patch = [*numbers[:-1], numbers[-1] + 1, 0, 0][:3]
    return major, minor, patch, _FIRST


def _next(version: Key) -> Key:
    """Return the bound right behind one version."""
    return (*version[:3], (*version[3], (-1, 0, "")))


def _key(major: int, minor: int, patch: int, prerelease: str | None) -> Key:
    if prerelease is None:
        return major, minor, patch, _RELEASE
    parts = prerelease.split(".")
    return major, minor, patch, tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts)
