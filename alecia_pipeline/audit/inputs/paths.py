"""Files outside of a package that its sources reach in ways that no reference shows whole: in pieces, and by globs."""

import posixpath
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from alecia_pipeline.audit.inputs.joined import joined_paths
from alecia_pipeline.audit.inputs.sent import WILD, Sent
from alecia_pipeline.audit.sources.apart import MAX_BYTES
from alecia_pipeline.audit.sources.lines import Lines
from alecia_pipeline.source.glob import expand_braces, matches
from alecia_pipeline.source.tree import folder_of

_GLOB = re.compile(rb"(?<!\bnot )[\"'`]((?:\.\./)+[^\"'`\n$*{]*[*{][^\"'`\n$]*)[\"'`]")
_LEFT_OUT = re.compile(rb"(?:[\"'`]!|\bnot [\"'])((?:\.\./)+[^\"'`\n$]*)[\"'`]")
_SCANNED = re.compile(rb"(?:@source\s+|\bsource\(\s*)[\"']((?:\.\./)+[^\"'*{\n]*|\.\.)[\"']")
"""What Tailwind looks through for class names. A pattern is seen as any other; this is a folder, or a file."""

_SETTING = re.compile(rb"([\w$]+)[\"']?\s*[:=]\s*[^:=]*$")
_NOT_BUILT = re.compile(rb"watch|ignore|exclude|^include$|external", re.IGNORECASE)
"""In the names of settings whose globs no build reads: what a watcher looks at, what is left out, and the filter of a
plugin, which is asked of what was imported anyway.
"""

_AROUND = 300
"""Bytes before a glob in which the setting that it belongs to is looked for."""

_IN_TEXT = re.compile(rb"(?<![\w./])(?:\.\./)+[\w./@*{},-]+")


class Reach(NamedTuple):
    """A path or glob from the repository's root that a file names on a line.

    `read`: it is read whole, folder or not; `open`: it goes on with a value that is known only when it runs;
    `without`: globs of what is left out.
    """

    line: int
    path: str
    read: bool = True
    open: bool = False
    without: tuple[str, ...] = ()


def reaches(data: bytes, path: str, package: str) -> tuple[Reach, ...]:
    """Return what a source reaches outside of its package."""
    if len(data) > MAX_BYTES:
        return ()
    found = (*_in_pieces(data, path, package), *_by_globs(data, path))
    return tuple(reach for reach in found if _leaves(reach.path, package))


def _in_pieces(data: bytes, path: str, package: str) -> Iterator[Reach]:
    lines = Lines(data)
    for joined in joined_paths(data, path, package):
        if joined.read or not joined.open:
            is_whole = joined.read or WILD.search(joined.path) is not None
            yield Reach(lines.at(joined.offset), joined.path, is_whole, joined.open)


def _by_globs(data: bytes, path: str) -> Iterator[Reach]:
    lines, folder = Lines(data), folder_of(path)
    left_out = [_seen_from(folder, match[1]) for match in _LEFT_OUT.finditer(data)]
    without = tuple(each for named in left_out for each in (named, f"{named}/**"))
    for pattern in (_GLOB, _SCANNED):
        for match in pattern.finditer(data):
            if not _is_idle(data, match.start()):
                yield Reach(lines.at(match.start(1)), _seen_from(folder, match[1]), without=without)


def reaches_of_text(data: bytes, folder: str) -> tuple[Reach, ...]:
    """Return what a file that is no code, used in a folder, reaches outside of it."""
    lines = Lines(data)
    found = (
        Reach(lines.at(match.start()), _seen_from(folder, match[0].rstrip(b",.")), read=False)
        for match in _IN_TEXT.finditer(data)
    )
    return tuple(reach for reach in found if _leaves(reach.path, folder))


def lost(sent: Sent, reach: Reach) -> Sequence[str]:
    """Return the files that are reached and that an app's context lacks.

    A folder of several packages is searched by whoever wants to know what is there: lost is what a build that is sent
    everything would find in it. Where nothing reads it then and there, it is a place to start from.
    """
    if not reach.read and sent.is_shared(reach.path):
        return ()
    certain = [] if reach.open else [_certain(each) for each in expand_braces(reach.path)]
    named = [path for path in certain if not sent.is_shared(path)]
    names = (path for path in sent.lacking(reach.path) if not matches(path, reach.without))
    return [
        path for path in names if path in sent.standing or any(path == each or _is_below(path, each) for each in named)
    ]


def told(reach: Reach, names: Sequence[str]) -> str:
    """Return the message about the files that are lost of what is reached."""
    if reach.open:
        return f"what is read below {reach.path} is known only when it runs, and the build context lacks some of it"
    if list(names) == [reach.path]:
        return f"{reach.path} is named by a path that nothing follows, and the build context lacks it"
    return f"{reach.path} reaches what the build context lacks, {names[0]} for one"


def _certain(pattern: str) -> str:
    """Return what a pattern names up to its first wildcard, whole folders only."""
    wild = WILD.search(pattern)
    return (folder_of(pattern[: wild.start()]) or ".") if wild else pattern


def _is_idle(data: bytes, at: int) -> bool:
    """Tell whether what stands there is the value of a setting that no build follows."""
    setting = _SETTING.search(data[max(0, at - _AROUND) : at])
    return setting is not None and _NOT_BUILT.search(setting[1]) is not None


def _seen_from(folder: str, written: bytes) -> str:
    return posixpath.normpath(posixpath.join(folder, written.decode(errors="replace")))


def _leaves(path: str, folder: str) -> bool:
    """Tell whether a path is in the repository, and not in a folder."""
    return not path.startswith(("..", "/")) and path != folder and not _is_below(path, folder)


def _is_below(path: str, folder: str) -> bool:
    return path.startswith(f"{folder}/")
