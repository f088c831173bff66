"""Paths that code puts together from where it stands: `path.join(process.cwd(), "..", "..", "content", name)`.

A path that stands in one string is a reference, which brings its file into the context; one in pieces is not. Nor is
one that starts from the folder in which a program runs, which is its package's, and not from that of the file.
"""

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from alecia_pipeline.source.tree import folder_of

_STRING = rb"\"[^\"\n]*\"|'[^'\n]*'|`[^`\n]*`"
_UP = rb"[\"'`](?=\.\.(?:/|[\"'`]))[^\"'`\n]*[\"'`]"
_NAME = rb"[A-Za-z_$][\w$.]*(?:\(\))?"
_READ = rb"(?:(?:read|createReadStream|scandir|opendir|glob)\w*|fg|fastGlob)"

_JOIN = re.compile(
    rb"(?<![\w$.])(?:path\.|posix\.|nodePath\.)*(?:join|resolve)\(\s*(?P<base>" + _NAME + rb"|" + _UP + rb")\s*"
    rb"(?P<rest>(?:,\s*(?:" + _STRING + rb"|[^(),\"'`]*)\s*)*)(?P<end>\)?)"
)
_TEMPLATE = re.compile(rb"`\$\{\s*(?P<base>" + _NAME + rb")\s*\}(?P<rest>/[^`$\n]*)(?P<end>`?)")
_CALL = re.compile(rb"(?<=\()\s*(?P<base>" + _UP + rb")\s*(?P<rest>)(?P<end>[,)])")
_URL = re.compile(
    rb"\bnew URL\(\s*`(?P<rest>(?:\.\./)+[^`$\n]*)\$\{[^`\n]*`\s*,\s*(?P<base>import\.meta\.url)(?P<end>)"
)
_PIECE = re.compile(_STRING + rb"|[^,\s][^,]*")
_BOUND = re.compile(rb"\b(?:const|let|var)\s+([\w$]+)\s*=\s*$")
_NAMED = re.compile(
    rb"\b(?:const|let|var)\s+([\w$]+)\s*=\s*(?:(process\.cwd\(\))|(?:path\.)?dirname\(\s*(?:url\.)?fileURLToPath\()"
)
_AROUND = re.compile(rb"([\w$]+)\(\s*$")
_READERS = re.compile(_READ)
_WRITERS = re.compile(rb"(?:write|createWriteStream|mkdir|rm|unlink|append|output|ensure)\w*")


class Joined(NamedTuple):
    """A path from the repository's root; an `open` one goes on with a value. `read`: a call reads it then and there."""

    offset: int
    path: str
    open: bool
    read: bool


def joined_paths(data: bytes, path: str, package: str) -> Iterator[Joined]:
    """Yield the paths that the file at `path` puts together from its folder or from that of its package."""
    here = folder_of(path)
    bases = {"__dirname": here, "import.meta.dirname": here, "import.meta.url": here, "process.cwd()": package}
    for match in _NAMED.finditer(data):
        bases[match[1].decode()] = package if match[2] else here
    for match in sorted(_matches(data), key=lambda found: found.start()):
        found = _joined(match, bases, package)
        before = data[max(0, match.start() - 80) : match.start()]
        name = _BOUND.search(before)
        if found and name and not found.open:
            bases[name[1].decode()] = found.path
        around = _AROUND.search(before)
        if found and not _is_written(data, around, name):
            yield found._replace(read=around is not None and _READERS.fullmatch(around[1]) is not None)


def _matches(data: bytes) -> Iterator[re.Match[bytes]]:
    for pattern in (_JOIN, _TEMPLATE, _URL):
        yield from pattern.finditer(data)
    # Any function may be given a string: only one that reads opens it from where the program runs.
    for match in _CALL.finditer(data):
        around = _AROUND.search(data[max(0, match.start() - 80) : match.start()])
        if around and _READERS.fullmatch(around[1]):
            yield match


def _joined(match: re.Match[bytes], bases: Mapping[str, str], package: str) -> Joined | None:
    """Return the path that a match puts together; what begins with a string begins in the folder of the package."""
    first = match["base"].decode(errors="replace")
    base = posixpath.join(package, first[1:-1]) if first[0] in "\"'`" else bases.get(first)
    if base is None or "$" in base:
        return None
    if match.re in {_TEMPLATE, _URL}:
        is_open = match.re is _URL or not match["end"]
        known = [_in_template(match["rest"], is_open=is_open)]
    else:
        certain = [_text(piece.strip()) for piece in _PIECE.findall(match["rest"])]
        known = [text for text in certain[: certain.index(None) if None in certain else None] if text]
        is_open = None in certain or not match["end"]
    path = posixpath.normpath(posixpath.join(base, *known))
    return None if path.startswith(("/", "..")) else Joined(match.start(), path, is_open, read=False)


def _in_template(rest: bytes, *, is_open: bool) -> str:
    """Return what follows the first value of a template, whole folders only if it goes on with another value."""
    written = rest.decode(errors="replace").lstrip("/")
    return folder_of(written) if is_open else written


def _text(piece: bytes) -> str | None:
    """Return what a plain string says; None for any other expression."""
    if piece[:1] not in {b'"', b"'", b"`"} or b"$" in piece:
        return None
    return piece[1:-1].decode(errors="replace")


def _is_written(data: bytes, around: re.Match[bytes] | None, name: re.Match[bytes] | None) -> bool:
    """Tell whether a path is that of a result: it is written where it stands, or by its name and never read."""
    if around is not None:
        return _WRITERS.fullmatch(around[1]) is not None
    if name is None:
        return False
    uses = [match[1] for match in re.finditer(rb"([\w$]+)\(\s*" + re.escape(name[1]) + rb"\b", data)]
    return any(map(_WRITERS.fullmatch, uses)) and not any(map(_READERS.fullmatch, uses))
