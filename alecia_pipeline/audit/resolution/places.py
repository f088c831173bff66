"""What becomes of a path that an import leads to: there, elsewhere in letter case, made by a build, or missing."""

import posixpath
import re
from dataclasses import dataclass
from typing import Literal

from alecia_pipeline.audit.repository.gitignore import GitIgnore
from alecia_pipeline.audit.resolution.file_index import FileIndex, candidates

Outcome = Literal["file", "package", "missing", "case", "generated", "closed", "fine"]
"""`case`: only a file system without letter case finds it. `generated`: git ignores it, or its name says so. `closed`:
the package's `exports` do not give it. `fine`: no file of ours, or nothing that can be judged."""

_BUILT = re.compile(
    r"(?:^|/)(?:dist|build|out|node_modules|__generated__|\.next|\.nuxt|\.output|\.svelte-kit|\.astro|\+types)(?:/|$)"
    r"|\.gen(?:\.[cm]?[jt]sx?)?$"
)

_SAYS_GENERATED = re.compile(r"(?:^|/)[_.]?generated(?:/|$)")
"""A folder whose name says that a program writes what is in it, such as Convex's `_generated`."""

_TYPED_BESIDE = re.compile(r"(?:^|/)\$types(?:\.[jd.ts]+)?$")
"""SvelteKit's types of a route, which seem to lie beside it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Where one import leads: `target` is a path (of the file, or where it should be), `name` a package."""

    outcome: Outcome
    target: str | None = None
    name: str | None = None


FINE = Verdict("fine")


@dataclass(frozen=True)
class Places:
    """Judges paths by the files of one commit."""

    files: FileIndex
    gitignore: GitIgnore

    def judge(self, paths: tuple[str, ...]) -> Verdict:
        """Judge a path that must be in the repository; of several, one is enough."""
        for path in paths:
            if found := self.found(path):
                return Verdict("file", found)
        known = [path for path in map(self.files.real, paths) if path is not None]
        if len(known) < len(paths) or any(map(self._unjudged, known)):
            return FINE
        for path in known:
            if other := self.files.module_any_case(path):
                return Verdict("case", other)
        made = next((path for path in known if _SAYS_GENERATED.search(path) or self.ignored(path)), None)
        return Verdict("generated", made) if made else Verdict("missing", known[0])

    def found(self, path: str) -> str | None:
        """Return the file that a path opens, or None."""
        if found := self.files.module(path):
            return found
        real = self.files.real(path) if self.files.links else None
        return self.files.module(real) if real is not None and real != path else None

    def _unjudged(self, path: str) -> bool:
        return self.files.exists(path) or self.built(path) or _TYPED_BESIDE.search(path) is not None

    def built(self, path: str) -> bool:
        """Tell whether a path lies where builds write."""
        return _BUILT.search(path) is not None

    def ignored(self, path: str) -> bool:
        """Tell whether git ignores what an import of `path` may open."""
        return not path.startswith("..") and any(self.gitignore.ignored(item) for item in candidates(path))

    def made(self, path: str) -> bool:
        """Tell whether a build makes what an import of `path` opens."""
        return path.startswith("..") or self.built(path) or self.ignored(path)


def beside(folder: str, path: str) -> str:
    """Return a path written in a folder (`` or `.` for the root), from the repository's root."""
    return posixpath.normpath(posixpath.join("" if folder == "." else folder, path))
