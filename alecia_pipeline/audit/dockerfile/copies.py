"""What a Dockerfile copies: sources that are not there, that only exist below the app, or that are ignored."""

import posixpath
from collections.abc import Iterable, Iterator

from alecia_pipeline.audit.dockerfile.builds import Build
from alecia_pipeline.audit.dockerfile.state import MissingSource
from alecia_pipeline.audit.finding import Finding
from alecia_pipeline.audit.snapshot import Snapshot


def findings(snapshot: Snapshot) -> Iterable[Finding]:
    """Return every COPY that fails, and every file of a closure that an ignore file takes away."""
    for build in snapshot.builds:
        if not is_for_own_folder(snapshot, build):
            reported: set[str] = set()
            for missing in build.layout.missing:
                if missing.source not in reported and _is_sure(snapshot, build, missing.source):
                    yield _missing(snapshot, build, missing)
                reported.add(missing.source)
    yield from _ignored_imports(snapshot)


def is_for_own_folder(snapshot: Snapshot, build: Build) -> bool:
    """Tell whether a Dockerfile may well be built with its app's folder as context, after a build of the app there.

    So it is where it only packs what is there, or where all that it copies is there and the app needs no sibling.
    """
    sources = {*build.layout.found, *(missing.source for missing in build.layout.missing)}
    if snapshot.workspace.closure(build.app.dir, dev=False) != (build.app.dir,) and build.uses_workspace:
        return False
    return all(_stands_below(snapshot, build, source, or_ignored=True) for source in sources)


def _is_sure(snapshot: Snapshot, build: Build, source: str) -> bool:
    """Tell whether a source is surely lacking: what git ignores may be made before a build by others."""
    if not build.is_judged:
        return _stands_below(snapshot, build, source)
    path = posixpath.normpath(source.lstrip("/") or ".")
    is_made = snapshot.gitignore.ignored(path) and build.app.name not in snapshot.config.apps
    return snapshot.files.exists(path) or not is_made


def _stands_below(snapshot: Snapshot, build: Build, source: str, *, or_ignored: bool = False) -> bool:
    path = posixpath.normpath(posixpath.join(build.app.dir, source.lstrip("/")))
    return snapshot.files.exists(path) or (or_ignored and snapshot.gitignore.ignored(path))


def _missing(snapshot: Snapshot, build: Build, missing: MissingSource) -> Finding:
    line = missing.instruction.line
    path = posixpath.normpath(missing.source.lstrip("/") or ".")
    below = posixpath.join(build.app.dir, path)
    if path.startswith(".."):
        message = f"COPY {missing.source} leaves the build context"
        return build.finding("docker-context", line, message, fix=_from_root(build))
    if snapshot.files.exists(path):
        return _ignored(snapshot, build, path, line)
    if snapshot.files.exists(below):
        message = (
            f"COPY {missing.source} exists only below {build.app.dir}: the Dockerfile expects that folder as context"
        )
        fix = f"COPY {below} instead, and build from the root: {_from_root(build)}"
        return build.finding("docker-context", line, message, fix=fix)
    message = f"COPY {missing.source}: the commit has no such path"
    if snapshot.gitignore.ignored(path):
        message += " (git ignores it)"
    return build.finding("docker-copy-missing", line, message, fix=f"commit {path}, or delete this COPY")


def _from_root(build: Build) -> str:
    return f"docker build -f {build.app.dockerfile} ."


def _ignored(snapshot: Snapshot, build: Build, path: str, line: int | None) -> Finding:
    inside = [path, *(inner for inner in sorted(snapshot.tree.entries) if inner.startswith(f"{path}/"))]
    reason = next(filter(None, map(build.ignore.reason, reversed(inside))), None)
    pattern = f"`{reason.text}` (line {reason.line})" if reason else "a pattern"
    message = f"COPY {path}: {pattern} in {build.ignore.path} leaves it out of the build context"
    return build.finding("docker-ignore", line, message, fix=f"add `!{path}` to {build.ignore.path}")


def _ignored_imports(snapshot: Snapshot) -> Iterator[Finding]:
    """Yield imports between shipped files of a closure whose target the builder is not sent."""
    for build in snapshot.builds:
        needed = frozenset(build.closure)
        for use in snapshot.imports:
            target = use.target
            if use.outcome != "file" or not target or use.source.package not in needed or use.source.role != "source":
                continue
            reason = build.ignore.reason(target)
            if reason and not build.ignore.ignored(use.source.path):
                place = {"package": snapshot.package_name(use.source.package), "dir": use.source.package}
                yield Finding(
                    rule="docker-ignore",
                    **place,
                    file=use.source.path,
                    line=use.item.line,
                    message=f"{target} is imported, but {build.ignore.path}:{reason.line} ignores it",
                    fix=f"add `!{target}` to {build.ignore.path}",
                )
