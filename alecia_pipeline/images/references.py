"""References: what the files of a context name by a relative path, inside their package and out of it.

Every string that begins with `./` or `../` counts, whether it is an import, an `extends`, a project reference, a
stylesheet's `url()` or a glob: what it names is in the context, so it cannot matter which of them the build reads.
"""

import posixpath
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from alecia_pipeline.errors import UsageError
from alecia_pipeline.images.layout import ROOT, Layout
from alecia_pipeline.images.turbo import TURBO_FILES, root_inputs
from alecia_pipeline.source.glob import certain_part
from alecia_pipeline.source.jsonc import parse_jsonc
from alecia_pipeline.source.manifest import MANIFEST_FILE
from alecia_pipeline.source.tree import SYMLINK, Entry, Tree, folder_of

MAX_BYTES = 2_000_000
"""A larger file is a bundle or data."""

_RELATIVE = re.compile(rb"[\"'`(]\s*!?((?:\.{1,2}/)+[^\"'`()\s*{}<>|;,?#]*)(.?)", re.DOTALL)
_IN_SCRIPTS = re.compile(rb"((?:\.\./)+[\w./@-]+)()")
"""In package.json, where a path may stand in the midst of a command: `node ../../scripts/build.mjs`."""

_OPEN = frozenset({b"*", b"{"})
_SOURCES = (".ts", ".tsx", ".d.ts", ".mts", ".cts")
_OTHERS = ".js .jsx .mjs .cjs .json .css .scss .sass .less .vue .svelte .astro .mdx"
_ENDINGS = (*_SOURCES, *_OTHERS.split())
_SETTINGS = (".babelrc", ".swcrc", ".postcssrc", ".parcelrc", ".lessrc")
"""Settings of compilers in JSON whose whole name stands behind the dot."""

_READ = frozenset({*_ENDINGS, *_SETTINGS, ".jsonc", ".json5", ".pcss", ".html", ".prisma", ".graphql"})
_KINDS = {MANIFEST_FILE: "manifest", **dict.fromkeys(TURBO_FILES, "turbo")}
_COMPILED = re.compile(r"\.(?:[mc]?js|jsx)$")


class Reference(NamedTuple):
    """A relative path as a file writes it; an `open` one goes on with a wildcard or a value.

    One that begins with `/` is from the repository's root.
    """

    path: str
    open: bool

    @property
    def climbs(self) -> int:
        """How many folders up it goes; one from the repository's root leaves every package."""
        return sys.maxsize if self.path.startswith("/") else self.path.split("/").count("..")

    def seen_from(self, folder: str) -> "Reference":
        """Return it as a path from the repository's root; of an open one, the folder that is certain."""
        written = self.path if not self.open or self.path.endswith("/") else folder_of(self.path)
        return Reference(posixpath.normpath(posixpath.join(folder, written)).lstrip("/") or ROOT, self.open)


class Referenced:
    """The references of each blob, found once."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], tuple[Reference, ...]] = {}
        self._leaving: dict[tuple[Entry, str], Sequence[Reference]] = {}

    def learn(self, package: str, leaving: Mapping[Entry, Sequence[Reference]]) -> None:
        """Take what another run has found out: file of a package -> what it names outside of it."""
        self._leaving.update(((entry, package), named) for entry, named in leaving.items())

    def leaving(self, tree: Tree, entry: Entry, package: str) -> Sequence[Reference]:
        """Return what a file of a package names outside of it, as paths from the repository's root."""
        known = self._leaving.get((entry, package))
        if known is None:
            depth = entry.path.count("/") - package.count("/") - 1
            folder = folder_of(entry.path)
            found = (reference for reference in self.of(tree, entry) if reference.climbs > depth)
            known = self._leaving[entry, package] = tuple(reference.seen_from(folder) for reference in found)
        return known

    def of(self, tree: Tree, entry: Entry, *, loose: bool = False) -> tuple[Reference, ...]:
        """Return the relative paths that a file names; none for what is no source. UsageError for an absent source.

        Of a `loose` JSON file, outside of the app's packages, only what it extends: it names much that editors read.
        """
        kind = _kind(entry.path, loose=loose) if entry.is_file or entry.is_absent else None
        if kind is None:
            return ()
        if (entry.oid, kind) not in self._known:
            self._known[entry.oid, kind] = tuple(dict.fromkeys(_READERS[kind](tree.read(entry.path))))
        return self._known[entry.oid, kind]


def is_unknown(entry: Entry) -> bool:
    """Tell whether what a file names cannot be known: it is a source, and this clone has not its content."""
    return entry.is_absent and _kind(entry.path, loose=False) is not None


def _kind(path: str, *, loose: bool) -> str | None:
    _, dot, ending = path.rpartition(".")
    if f"{dot}{ending.lower()}" not in _READ:
        return None
    if ending == "json" and loose:
        return "extends"
    return _KINDS.get(path.rpartition("/")[2], "source")


def relative_paths(data: bytes, pattern: re.Pattern[bytes] = _RELATIVE) -> Iterator[Reference]:
    """Yield every relative path in quotes or brackets."""
    if len(data) <= MAX_BYTES and b"./" in data:
        for match in pattern.finditer(data):
            yield Reference(match[1].decode(errors="replace"), match[2] in _OPEN)


def _in_scripts(data: bytes) -> Iterator[Reference]:
    return relative_paths(data, _IN_SCRIPTS)


def _extended(data: bytes) -> Iterator[Reference]:
    """Yield what a tsconfig extends."""
    document = _document(data) if b'"extends"' in data else None
    value = document.get("extends") if isinstance(document, dict) else None
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, str) and item.startswith("."):
            yield Reference(item, open=False)


def _turbo(data: bytes) -> Iterator[Reference]:
    """Yield what a package's turbo.json names: by relative paths, and in the root as the input of any of its tasks.

    Which of them run before its build, the root's turbo.json decides too.
    """
    yield from relative_paths(data)
    for item in root_inputs(_document(data) if b"$TURBO_ROOT$" in data else None):
        certain = certain_part(item)
        yield Reference(f"/{certain}", open=certain != item)


def _document(data: bytes) -> object:
    """Parse JSON with comments; None for what does not parse, which whoever reads it will say."""
    try:
        return parse_jsonc(data, "a file of the commit")
    except UsageError:
        return None


_READERS: Mapping[str, Callable[[bytes], Iterator[Reference]]] = {
    "source": relative_paths,
    "manifest": _in_scripts,
    "turbo": _turbo,
    "extends": _extended,
}


@dataclass(frozen=True)
class Search:
    """Follows references through the files that are in no package of the closure."""

    layout: Layout
    closure: frozenset[str]
    known: Referenced

    @cached_property
    def _parts(self) -> frozenset[str]:
        """The packages whose files are in anyway."""
        return self.closure - {ROOT}

    def beyond(self, first: Iterable[Reference], files: Iterable[str]) -> set[str]:
        """Return what `first`, and the links and references of `files`, lead to, near and far; `files` among it."""
        found = set(files) | self._resolved(first)
        queue = list(found)
        while queue:
            path = queue.pop()
            fresh = {*self._linked(path), *self._resolved(self._loose(path))} - found
            found |= fresh
            queue += fresh
        return found

    def inward(self, packages: Mapping[str, Iterable[Entry]]) -> Iterator[Reference]:
        """Yield what packages name in packages that lie inside of them and are not needed, with their manifests."""
        for package, files in packages.items():
            nested = [folder for folder in self.layout.nested(package) if folder not in self._parts]
            for entry in files if nested else ():
                for reference in self.known.of(self.layout.tree, entry):
                    seen = reference.seen_from(folder_of(entry.path))
                    folder = next((each for each in nested if f"{seen.path}/".startswith(f"{each}/")), None)
                    if folder:
                        yield from (seen, Reference(f"{folder}/{MANIFEST_FILE}", open=False))

    def _linked(self, path: str) -> Iterator[str]:
        """Yield what a symbolic link leads to, and the links on the way there."""
        if self.layout.tree.entries[path].mode == SYMLINK:
            for name in self.layout.passed(path):
                files = (name,) if name in self.layout.tree.entries else self.layout.paths.below(name)
                yield from (file for file in files if self.layout.owner(file) not in self._parts)

    def _loose(self, path: str) -> Iterator[Reference]:
        found = self.known.of(self.layout.tree, self.layout.tree.entries[path], loose=True)
        return (reference.seen_from(folder_of(path)) for reference in found)

    def _resolved(self, references: Iterable[Reference]) -> set[str]:
        found: set[str] = set()
        for written, is_open in references:
            *links, path = self.layout.passed(written)
            found.update(link for link in links if self.layout.owner(link) not in self._parts)
            file = None if is_open else _file(self.layout, path)
            if file and self.layout.owner(file) not in self._parts:
                found.add(file)
            elif not file and not path.startswith(".."):
                found |= set(self.layout.beyond(path, self.closure))
        return found


def _file(layout: Layout, target: str) -> str | None:
    """Return the file that an import of `target` means, as TypeScript and bundlers look for it."""
    meant = layout.paths.meant
    if target not in meant:
        meant[target] = next((path for path in _candidates(target) if path in layout.tree.entries), None)
    return meant[target]


def _candidates(target: str) -> Iterator[str]:
    stem = _COMPILED.sub("", target)
    yield target
    yield from (target + ending for ending in _ENDINGS)
    yield from (stem + ending for ending in _SOURCES)
    yield from (f"{target}/index{ending}" for ending in _ENDINGS)
