"""The paths of a commit, indexed for module resolution: files, folders, links, and names without regard to case."""

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from alecia_pipeline.source.tree import SUBMODULE, SYMLINK, Tree

SOURCE_ENDINGS = (".ts", ".tsx", ".d.ts", ".mts", ".cts", ".d.mts", ".d.cts", ".js", ".jsx", ".mjs", ".cjs", ".json")
"""What may be left out of a specifier, in the order in which compilers try."""

_MORE_ENDINGS = (
    ".vue", ".svelte", ".astro", ".mdx", ".node", ".css", ".scss", ".sass", ".less", ".pcss", ".svelte.ts",
    ".svelte.js", ".web.ts", ".web.tsx", ".native.ts", ".native.tsx", ".ios.ts", ".ios.tsx", ".android.ts",
    ".android.tsx", ".web.js",
    ".native.js", ".ios.js", ".android.js",
)  # fmt: skip
_COMPILED = {
    ".js": (".ts", ".tsx", ".d.ts", ".jsx"),
    ".jsx": (".tsx", ".d.ts"),
    ".mjs": (".mts", ".d.mts"),
    ".cjs": (".cts", ".d.cts"),
    ".ts": (".d.ts", ".tsx"),
    ".tsx": (".d.ts",),
}
"""What a written ending may stand for, as TypeScript has it."""

_PARTIALS = (".scss", ".sass")
"""Sass opens `_name.scss` for `name`."""

MAX_LINKS = 16
"""Links passed through before a path is held to be a circle."""


class FileIndex:
    """Answers whether a path exists, and what an import of it would open. Links are followed inside the commit."""

    def __init__(self, paths: Iterable[str], links: Mapping[str, str] | None = None) -> None:
        self.files = frozenset(paths)
        self.folders = frozenset(_parents(self.files))
        self.links = links or {}

    @cached_property
    def _by_lower(self) -> Mapping[str, str]:
        return {path.lower(): path for path in sorted(self.files | self.folders)}

    def exists(self, path: str) -> bool:
        """Tell whether a file or folder is there, in exactly these letters."""
        return path in self.files or path in self.folders

    def real(self, path: str) -> str | None:
        """Return a path with its links followed; None when one leads out of what the commit itself holds."""
        for _ in range(MAX_LINKS if self.links else 0):
            if path.startswith("/"):
                return None
            link = next((part for part in _upwards(path) if part in self.links), None)
            if link is None:
                return path
            target = self.links[link]
            if target.startswith(".."):
                return None
            path = posixpath.normpath(posixpath.join(target, path[len(link) + 1 :]))
        return None if self.links else path

    def module(self, path: str) -> str | None:
        """Return the file that an import of `path` opens (endings and index files tried), or None."""
        for candidate in candidates(path):
            if candidate in self.files:
                return candidate
        return self._manifest(path)

    def module_any_case(self, path: str) -> str | None:
        """Return what `module` would on a file system that ignores case; None where that finds nothing either."""
        found = (self._by_lower.get(candidate.lower()) for candidate in candidates(path))
        return next((path for path in found if path in self.files), None)

    def _manifest(self, path: str) -> str | None:
        """Return the package.json of a folder: it names its entry, often one that a build makes."""
        manifest = posixpath.join(path, "package.json")
        return manifest if manifest in self.files else None


def index_tree(tree: Tree) -> FileIndex:
    """Index a commit. What a submodule holds is not in the commit: it counts as a link that leads out."""
    links = {}
    for path, entry in tree.entries.items():
        if entry.mode == SYMLINK:
            written = tree.read(path).decode(errors="replace")
            inside = posixpath.normpath(posixpath.join(posixpath.dirname(path), written))
            links[path] = ".." if written.startswith("/") else inside
        elif entry.mode == SUBMODULE:
            links[path] = ".."
    return FileIndex(tree.entries, links)


def candidates(path: str) -> Iterator[str]:
    """Yield every file that an import of `path` may mean, most likely first."""
    yield path
    base, ending = posixpath.splitext(path)
    for compiled in _COMPILED.get(ending, ()):
        yield base + compiled
    if ending:
        yield f"{base}.d{ending}.ts"
    for more in SOURCE_ENDINGS:
        yield path + more
    inner = "" if path == "." else f"{path}/"
    for more in SOURCE_ENDINGS:
        yield f"{inner}index{more}"
    for more in _MORE_ENDINGS:
        yield path + more
    yield from _partials(path)


def _partials(path: str) -> Iterator[str]:
    folder, name = posixpath.split(path)
    for ending in _PARTIALS:
        yield posixpath.join(folder, f"_{name.removesuffix(ending)}{ending}")
        yield f"{path}/_index{ending}"
        yield f"{path}/index{ending}"


def _upwards(path: str) -> Iterator[str]:
    while path.strip("/"):
        yield path
        path = posixpath.dirname(path)


def _parents(paths: Iterable[str]) -> Iterator[str]:
    seen: set[str] = {""}
    for path in paths:
        folder = posixpath.dirname(path)
        while folder not in seen:
            seen.add(folder)
            yield folder
            folder = posixpath.dirname(folder)
    yield "."
