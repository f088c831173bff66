"""Links to what is not in the commit, where a build walks into them: it fails, as on the missing `convex/`."""

import posixpath
import re
import shlex
from collections.abc import Iterable, Iterator

from alecia_pipeline.audit.finding import Finding
from alecia_pipeline.audit.snapshot import Snapshot
from alecia_pipeline.source.tree import SYMLINK

_WALKED = re.compile(r"(?:^|/)(?:(?![A-Z_-]+$)[^./][^./]*|[^/]+\.(?:[cm]?[jt]sx?|vue|svelte|astro|mdx|s?css|json))$")
"""Folders and code. A dead link to a text or to `.env` stops no compiler, linter or bundler."""


def findings(snapshot: Snapshot) -> Iterable[Finding]:
    """Return every dead link to a folder or to code that the builder is sent."""
    for path, entry in snapshot.tree.entries.items():
        if entry.mode == SYMLINK and _WALKED.search(path) and _is_dead(snapshot, path) and _is_sent(snapshot, path):
            yield from _finding(snapshot, path)


def _is_dead(snapshot: Snapshot, path: str) -> bool:
    """Tell whether a link leads to what neither the commit has nor something else makes."""
    target = snapshot.files.links[path]
    real = snapshot.files.real(target)
    return real is not None and not snapshot.files.exists(real) and not snapshot.gitignore.ignored(real)


def _finding(snapshot: Snapshot, path: str) -> Iterator[Finding]:
    written = snapshot.tree.read(path).decode(errors="replace").strip()
    owner = snapshot.workspace.owner(posixpath.dirname(path))
    yield Finding(
        rule="generated-path-missing",
        package=owner.manifest.name,
        dir=owner.dir,
        file=path,
        message=f"{path} links to {written}, which is not in the commit",
        fix=f"add `{path}` to .dockerignore, or `git rm {shlex.quote(path)}`",
    )


def _is_sent(snapshot: Snapshot, path: str) -> bool:
    ignores = list(snapshot.ignores.values())
    return not ignores or any(not ignore.ignored(path) for ignore in ignores)
