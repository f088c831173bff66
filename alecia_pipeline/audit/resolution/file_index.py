"""The paths of a commit, indexed for module resolution: files, folders, and names without regard to case."""

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

SOURCE_ENDINGS = (".ts", ".tsx", ".d.ts", ".mts", ".cts", ".d.mts", ".d.cts", ".js", ".jsx", ".mjs", ".cjs", ".json")
"""What may be left out of a specifier, in the order in which compilers try."""

_MORE_ENDINGS = (
    ".vue",
    ".svelte",
    ".astro",
    ".mdx",
    ".node",
    ".css",
    ".scss",
    ".web.ts",
    ".web.tsx",
    ".native.ts",
    ".native.tsx",
)
_COMPILED = {".js": (".ts", ".tsx", ".d.ts"), ".jsx": (".tsx",), ".mjs": (".mts", ".d.mts"), ".cjs": (".cts", ".d.cts")}


class FileIndex:
    """Answers whether a path exists, and what an import of it would open."""

    def __init__(self, paths: Iterable[str]) -> None:
        self.files = frozenset(paths)
        self.folders = frozenset(_parents(self.files))

    @cached_property
    def _by_lower(self) -> Mapping[str, str]:
        return {path.lower(): path for path in sorted(self.files | self.folders)}

    def exists(self, path: str) -> bool:
        """Tell whether a file or folder is there, in exactly these letters."""
        return path in self.files or path in self.folders

    def module(self, path: str) -> str | None:
        """Return the file that an import of `path` opens (endings and index files tried), or None."""
        return next((candidate for candidate in candidates(path) if candidate in self.files), None) or self._manifest(
            path
        )

    def module_any_case(self, path: str) -> str | None:
        """Return what `module` would on a file system that ignores case; None where that finds nothing either."""
        found = (self._by_lower.get(candidate.lower()) for candidate in candidates(path))
        return next((path for path in found if path in self.files), None)

    def _manifest(self, path: str) -> str | None:
        """Return the package.json of a folder: it names its entry, often one that a build makes."""
        manifest = posixpath.join(path, "package.json")
        return manifest if manifest in self.files else None


def candidates(path: str) -> Iterator[str]:
    """Yield every file that an import of `path` may mean, most likely first."""
    yield path
    base, ending = posixpath.splitext(path)
    for compiled in _COMPILED.get(ending, ()):
        yield base + compiled
    if ending:
        yield f"{base}.d{ending}.ts"
    for more in (*SOURCE_ENDINGS, *_MORE_ENDINGS):
        yield path + more
    for more in SOURCE_ENDINGS:
        yield posixpath.join(path, f"index{more}")


def _parents(paths: Iterable[str]) -> Iterator[str]:
    seen: set[str] = {""}
    for path in paths:
        folder = posixpath.dirname(path)
        while folder not in seen:
            seen.add(folder)
            yield folder
            folder = posixpath.dirname(folder)
    yield "."
