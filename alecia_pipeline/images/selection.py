"""Which files an app's image may see: its closure, what its Dockerfile names, and the root inputs."""

import posixpath
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from alecia_pipeline.source.glob import matches
from alecia_pipeline.source.tree import SYMLINK, Tree

_WILDCARD = re.compile(r"[*?\[\\]")
_TOKEN = re.compile(r"\*|\?|\[\^?\]?[^\]/]*\]|\\.|.", re.DOTALL)


@dataclass(frozen=True)
class Paths:
    """The paths of a tree in order, with quick answers to what is below a folder and what a pattern names."""

    ordered: Sequence[str]

    @classmethod
    def of(cls, tree: Tree) -> "Paths":
        """Index a tree."""
        return cls(sorted(tree.entries))

    def __contains__(self, path: str) -> bool:
        at = bisect_left(self.ordered, path)
        return at < len(self.ordered) and self.ordered[at] == path

    @cached_property
    def folders(self) -> frozenset[str]:
        """Every folder that holds a file, near or far; the root is not among them."""
        found: set[str] = set()
        for path in self.ordered:
            folder = posixpath.dirname(path)
            while folder and folder not in found:
                found.add(folder)
                folder = posixpath.dirname(folder)
        return frozenset(found)

    def below(self, folder: str) -> Sequence[str]:
        """Return the files below a folder (`.`: all)."""
        if folder == ".":
            return self.ordered
        return self.ordered[bisect_left(self.ordered, f"{folder}/") : bisect_left(self.ordered, f"{folder}0")]

    def named(self, source: str) -> Iterator[str]:
        """Yield the files and folders that a COPY source means: itself, or what its wildcards match."""
        if not _WILDCARD.search(source):
            yield source
            return
        pattern = re.compile("".join(_translate(token) for token in _TOKEN.findall(source)), re.DOTALL)
        for path in (*self.ordered, *sorted(self.folders)):
            if pattern.fullmatch(path):
                yield path


def _translate(token: str) -> str:
    """Translate a token of Go's filepath.Match, where a leading dot is nothing special."""
    if token in {"*", "?"}:
        return "[^/]" + token.replace("?", "")
    if token[0] == "[" and len(token) > 1:
        return "[" + token[1:-1].replace("[", r"\[") + "]"
    return re.escape(token[-1])


def closure_files(owners: Mapping[str, str], closure: frozenset[str]) -> set[str]:
    """Return the files of these packages, each without the packages inside it. The root package has no files here."""
    wanted = closure - {"."}
    return {path for path, owner in owners.items() if owner in wanted}


def copied_files(paths: Paths, owners: Mapping[str, str], sources: Iterable[str], closure: frozenset[str]) -> set[str]:
    """Return what the Dockerfile names. A folder with several packages is cut to those of the closure."""
    found: set[str] = set()
    for source in sources:
        for name in paths.named(source):
            found |= set(_copied(paths, owners, name, closure))
    return found


def _copied(paths: Paths, owners: Mapping[str, str], name: str, closure: frozenset[str]) -> Iterable[str]:
    if name in paths:
        return [name]
    below = paths.below(name)
    packages = {owner for owner in map(owners.__getitem__, below) if f"{owner}/".startswith(f"{name}/")}
    if name != "." and len(packages) <= 1:
        return below
    kept = closure - {"."} if name == "." else closure | {name, _enclosing(owners, below, packages)}
    return [path for path in below if owners[path] in kept]


def _enclosing(owners: Mapping[str, str], below: Sequence[str], packages: set[str]) -> str:
    """Return the package around a folder of packages, often the root: what lies beside them belongs to it."""
    return next((owners[path] for path in below if owners[path] not in packages), ".")


def globbed_files(paths: Paths, patterns: Iterable[str]) -> set[str]:
    """Return the files that globs of `alecia.yaml` or `turbo.json` name; a folder means all below it."""
    wanted = tuple(patterns)
    deep = tuple(f"{pattern.rstrip('/')}/**" for pattern in wanted)
    return {path for path in paths.ordered if matches(path, (*wanted, *deep))} if wanted else set()


def link_targets(paths: Paths, tree: Tree, files: Iterable[str]) -> set[str]:
    """Return what the symbolic links among `files` lead to, near and far."""
    found: set[str] = set()
    queue = [path for path in files if tree.entries[path].mode == SYMLINK]
    while queue:
        link = queue.pop()
        target = posixpath.normpath(posixpath.join(posixpath.dirname(link), tree.read(link).decode(errors="replace")))
        fresh = {path for path in (target, *paths.below(target)) if path in paths} - found
        queue += [path for path in fresh if tree.entries[path].mode == SYMLINK]
        found |= fresh
    return found
