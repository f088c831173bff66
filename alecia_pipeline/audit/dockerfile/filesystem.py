"""The files of one stage, as far as they are known: what surely stands where, and where anything may stand."""

import fnmatch
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from alecia_pipeline.source.dockerfile import Instruction
from alecia_pipeline.source.glob import matches

Files = Mapping[str, str]
"""Absolute path in a container -> the path in the repository that it came from."""

WILDCARD = re.compile(r"[*?\[]")


@dataclass
class FileSystem:
    """`known` holds the repository's files by absolute path; below a folder of `vague` there may be anything.

    `known` is never changed in place, so that thousands of commands can share it.
    """

    known: Files = field(default_factory=dict)
    vague: set[str] = field(default_factory=set)

    def copy(self) -> "FileSystem":
        """Return one that changes on its own."""
        return FileSystem(self.known, set(self.vague))

    def is_vague(self, path: str) -> bool:
        """Tell whether something unknown may stand at an absolute path."""
        return any(is_below(path, folder) for folder in self.vague)

    def lacks(self, path: str, origin: str) -> bool:
        """Tell whether a repository's file surely does not stand at an absolute path."""
        return self.known.get(path) != origin and not self.is_vague(path)

    def receive(self, other: "FileSystem", source: str, target: str) -> None:
        """Take over what is unknown below `source` of another stage, copied to `target`."""
        for folder in other.vague:
            if is_below(source, folder):
                self.vague.add(target)
            elif is_below(folder, source):
                self.vague.add(posixpath.normpath(target + folder[len(source.rstrip("/")) :]))


def is_below(path: str, folder: str) -> bool:
    """Tell whether a normal absolute path is a folder, or stands in it."""
    return folder in {"/", path} or path.startswith(f"{folder}/")


class Copied(NamedTuple):
    """One file that a COPY takes: where it goes below the destination (`` for a lone file), and its origin."""

    inner: str
    origin: str
    is_sure: bool = True


def copies(files: Files, source: str, instruction: Instruction) -> Iterator[tuple[str, Copied]]:
    """Yield (path where it comes from, what is copied) for one source of a COPY or ADD."""
    keep = "parents" in instruction.flags
    pivot, _, rest = source.partition("/./") if keep and "/./" in source else ("", "", source)
    pattern = normal("/", pivot, rest)
    depth = 0 if pattern == "/" else pattern.count("/")
    is_wild = WILDCARD.search(pattern) is not None
    start = len((normal("/", pivot) if keep else pattern).rstrip("/")) + 1
    for path in _taken(files, pattern, depth):
        inner = path[len(_head(path, depth)) + 1 :] if is_wild and not keep else path[start:]
        yield path, Copied(inner, files[path], not _is_excluded(path, inner, instruction))


def _taken(files: Files, pattern: str, depth: int) -> list[str]:
    """Return the paths that a pattern takes: a file, all below a folder, or what a wildcard matches at its depth."""
    if WILDCARD.search(pattern):
        return [path for path in files if _matches(_head(path, depth), pattern)]
    if pattern in files:
        return [pattern]
    below = pattern.rstrip("/") + "/"
    return [path for path in files if path.startswith(below)]


def _head(path: str, depth: int) -> str:
    return "/".join(path.split("/")[: depth + 1]) if depth else "/"


def _is_excluded(path: str, inner: str, instruction: Instruction) -> bool:
    """Tell whether `--exclude` may leave a file out: seen from the source, or from the context."""
    patterns = instruction.flags.get("exclude", ())
    if not patterns:
        return False
    seen = (path.lstrip("/"), inner, posixpath.basename(path))
    parents = [name[: match.start()] for name in seen for match in re.finditer("/", name)]
    return any(matches(name, [pattern.strip("/")]) for pattern in patterns for name in (*seen, *parents) if name)


def _matches(path: str, pattern: str) -> bool:
    pairs = zip(path.split("/"), pattern.split("/"), strict=False)
    return path.count("/") == pattern.count("/") and all(fnmatch.fnmatchcase(name, glob) for name, glob in pairs)


def place(system: FileSystem, copied: Mapping[str, Copied], target: str, folder: str, *, several: bool) -> None:
    """Put copied files under a destination, as the builder does: `x/`, `.` and folders that exist take files in."""
    root = posixpath.normpath(posixpath.join(folder, target))
    base = root.rstrip("/")
    into = several or target.endswith(("/", ".")) or root == folder or _is_folder(system, root)
    fresh = {}
    for path, item in copied.items():
        lone = posixpath.basename(path) if into or len(copied) > 1 else ""
        where = f"{base}/{item.inner or lone}".rstrip("/") or "/"
        if item.is_sure:
            fresh[where] = item.origin
        else:
            system.vague.add(where)
    system.known = {**system.known, **fresh}


def _is_folder(system: FileSystem, path: str) -> bool:
    return any(is_below(known, path) and known != path for known in system.known)


def bound(files: Files, source: str, root: str) -> Iterator[tuple[str, str]]:
    """Yield the files that a bind mount of `source` shows below `root`."""
    for path, origin in files.items():
        if is_below(path, source):
            yield posixpath.normpath(root + path[len(source.rstrip("/")) :]), origin


def normal(folder: str, *parts: str) -> str:
    """Return an absolute path without `.` and `..`."""
    return posixpath.normpath(posixpath.join("/", folder, *parts))


def sources_of(words: Iterable[str]) -> list[str]:
    """Return the words of a COPY without its here-documents."""
    return [word for word in words if not word.startswith("<<")]
