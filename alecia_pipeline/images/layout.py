"""Where the files of a commit lie: by path, by folder, by package. Found out once per commit, whoever asks."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from alecia_pipeline.source.glob import certain_part, matches, with_folders
from alecia_pipeline.source.links import follow
from alecia_pipeline.source.tree import SUBMODULE, SYMLINK, Entry, Tree, folder_of
from alecia_pipeline.source.wildcards import STAR, joined
from alecia_pipeline.source.workspace import Workspace

ROOT = "."

_WILDCARD = re.compile(r"[*?\[\\]")
_TOKEN = re.compile(r"\*|\?|\[\^?\]?[^\]/]*\]|\\.|.", re.DOTALL)


@dataclass(frozen=True)
class Paths:
    """The paths of a tree in order, with quick answers to what is below a folder and what a pattern names."""

    ordered: Sequence[str]
    _copied: dict[str, frozenset[str]] = field(default_factory=dict, repr=False, compare=False)
    _globbed: dict[tuple[str, ...], frozenset[str]] = field(default_factory=dict, repr=False, compare=False)
    _owned: dict[frozenset[str], dict[str, list[str]]] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def meant(self) -> dict[str, str | None]:
        """A memory for whoever looks for the file that an import means."""
        return {}

    @cached_property
    def folders(self) -> frozenset[str]:
        """Every folder that holds a file, near or far; the root is not among them."""
        found: set[str] = set()
        for path in self.ordered:
            folder = folder_of(path)
            while folder and folder not in found:
                found.add(folder)
                folder = folder_of(folder)
        return frozenset(found)

    def below(self, folder: str) -> Sequence[str]:
        """Return the files below a folder (`.`: all)."""
        return self.ordered if folder == ROOT else _below(self.ordered, folder)

    def owned(self, workspace: Workspace) -> Mapping[str, Sequence[str]]:
        """Return the files of each package by its folder, in path order. Most commits have the packages of another."""
        folders = frozenset(workspace.packages)
        if folders not in self._owned:
            found: dict[str, list[str]] = {}
            by_folder: dict[str, list[str]] = {}
            for path in self.ordered:
                folder = folder_of(path)
                files = by_folder.get(folder)
                if files is None:
                    files = by_folder[folder] = found.setdefault(workspace.owner(path).dir, [])
                files.append(path)
            self._owned[folders] = found
        return self._owned[folders]

    def named(self, source: str) -> Iterable[str]:
        """Return the files and folders that a COPY source means: itself, or what its wildcards match."""
        if not is_wildcard(source):
            return (source,)
        if source not in self._copied:
            pattern = re.compile(joined([_translate(token) for token in _TOKEN.findall(source)], "", ""), re.DOTALL)
            self._copied[source] = frozenset(filter(pattern.fullmatch, (*self.ordered, *self.folders)))
        return self._copied[source]

    def globbed(self, patterns: Iterable[str]) -> frozenset[str]:
        """Return the files that globs of `alecia.yaml` or `turbo.json` name; a folder means all below it."""
        wanted = tuple(patterns)
        if wanted not in self._globbed:
            deep = with_folders(wanted)
            places = {certain_part(pattern).rstrip("/") for pattern in wanted if not pattern.startswith("!")}
            candidates = {path for place in places for path in (*self._at(place), *self.below(place or ROOT))}
            self._globbed[wanted] = frozenset(path for path in candidates if matches(path, deep, dotted=True))
        return self._globbed[wanted]

    def _at(self, path: str) -> Sequence[str]:
        at = bisect_left(self.ordered, path)
        return [path] if self.ordered[at : at + 1] == [path] else []


def is_wildcard(source: str) -> bool:
    """Tell whether a COPY source is a pattern."""
    return _WILDCARD.search(source) is not None


def _below(ordered: Sequence[str], folder: str) -> Sequence[str]:
    return ordered[bisect_left(ordered, f"{folder}/") : bisect_left(ordered, f"{folder}0")]


def _translate(token: str) -> str:
    """Translate a token of Go's filepath.Match, where a leading dot is nothing special."""
    if token == "*":  # noqa: S105 - a wildcard, not a password
        return STAR
    if token == "?":  # noqa: S105
        return "[^/]"
    if token[0] == "[" and len(token) > 1:
        return "[" + token[1:-1].replace("[", r"\[") + "]"
    return re.escape(token[-1])


@dataclass(frozen=True)
class Layout:
    """The files of a commit and the packages they belong to."""

    tree: Tree
    workspace: Workspace
    paths: Paths

    @cached_property
    def packages(self) -> Mapping[str, tuple[Entry, ...]]:
        """The files of each package by its folder, in path order, without those of the packages inside it."""
        entries = self.tree.entries
        owned = self.paths.owned(self.workspace)
        return {folder: tuple(map(entries.__getitem__, paths)) for folder, paths in owned.items()}

    def owner(self, path: str) -> str:
        """Return the folder of the package that a file or folder belongs to."""
        return self.workspace.owner(path).dir

    def passed(self, path: str) -> tuple[str, ...]:
        """Return the links that a path leads through, then the path behind them; alone where it leads nowhere."""
        linked = path in self._links or path.startswith(self._linked)
        route = follow(self.tree, path) if linked else None
        return (*route.links, route.path or ROOT) if route else (path,)

    def named(self, source: str) -> Iterator[str]:
        """Yield the files and folders that a COPY source means, and the links on the way there."""
        wild = _WILDCARD.search(source)
        certain = source[: wild.start()].rpartition("/")[0] if wild else source
        *links, real = self.passed(certain)
        yield from links
        yield from self.paths.named(f"{real}{source[len(certain) :]}" if certain else source)

    def globbed(self, patterns: Iterable[str]) -> frozenset[str]:
        """Return the files that globs name, folders that are links on the way among them."""
        found: set[str] = set()
        behind: list[str] = []
        for pattern in patterns:
            mark = pattern[: len(pattern) - len(pattern.lstrip("!"))]
            certain = certain_part(pattern[len(mark) :]).rstrip("/")
            *links, real = self.passed(certain) if certain else (ROOT,)
            found |= set(links) if not mark else set()
            rest = pattern[len(mark) :].removeprefix("./")[len(certain) :]
            behind.append(f"{mark}{real}{rest}" if links else pattern)
        return frozenset(found | self.paths.globbed(behind))

    def submodule(self, path: str) -> str | None:
        """Return the git submodule that a path leads into, or None: what is in it, the commit has not."""
        return next((module for module in self._submodules if path.startswith(f"{module}/")), None)

    @cached_property
    def _links(self) -> frozenset[str]:
        return frozenset(path for path, entry in self.tree.entries.items() if entry.mode == SYMLINK)

    @cached_property
    def _linked(self) -> tuple[str, ...]:
        return tuple(f"{link}/" for link in self._links)

    @cached_property
    def nesting(self) -> frozenset[str]:
        """The packages with packages inside of their folder."""
        return frozenset(folder for folder in self._folders if self.nested(folder))

    def nested(self, package: str) -> Sequence[str]:
        """Return the packages inside of a package's folder."""
        return _below(self._folders, package)

    @cached_property
    def _submodules(self) -> Sequence[str]:
        return [path for path, entry in self.tree.entries.items() if entry.mode == SUBMODULE]

    def beyond(self, name: str, closure: frozenset[str]) -> Iterator[str]:
        """Yield the file `name`, or those below the folder, that are in no package of the closure.

        A folder with several packages, or the root, is cut to those of the closure and what lies beside them.
        """
        if name in self.tree.entries:
            yield name
        elif name != ROOT:
            inside = _within(self._folders, name)
            around = self.owner(name)
            kept = {around} if len(inside) > 1 else {around, *inside}
            yield from (path for path in self._owned(kept - closure | ({ROOT} & kept)) if path.startswith(f"{name}/"))

    @cached_property
    def _folders(self) -> Sequence[str]:
        return sorted(self.workspace.packages)

    def _owned(self, packages: Iterable[str]) -> Iterator[str]:
        for folder in packages:
            yield from (entry.path for entry in self.packages.get(folder, ()))


def _within(folders: Sequence[str], name: str) -> Sequence[str]:
    """Return `name`, if it is one of the folders, and those below it."""
    own = [name] if folders[bisect_left(folders, name) :][:1] == [name] else []
    return [*own, *_below(folders, name)]
