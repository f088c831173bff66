"""Variables that are baked into the browser's code while the image is built, and that no Dockerfile lets in.

`process.env.NEXT_PUBLIC_X` is replaced by its value when Next.js builds; without an ARG or ENV that is `undefined`, in
every environment, and no variable of the running container changes it.
"""

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping

from alecia_pipeline.audit.dockerfile.builds import Build
from alecia_pipeline.audit.dockerfile.scripts import Started, started
from alecia_pipeline.audit.finding import Finding
from alecia_pipeline.audit.snapshot import Snapshot
from alecia_pipeline.audit.sources.lines import Lines

_READ = re.compile(
    rb"process\.env\.(NEXT_PUBLIC_[A-Z0-9_]+)(?![A-Za-z0-9_])\s*(\?\?|\|\||\?(?!\.)|===?|!==?|&&|=(?!=))?"
)
_ASKED = re.compile(rb"(?:\bif\s*\(|!|&&|\?)\s*$")
"""What only asks whether a variable is there works without it."""

_SET = re.compile(r"^\s*(?:export\s+)?([A-Z][A-Z0-9_]*)\s*=", re.MULTILINE)
_WORD = re.compile(r"[A-Z][A-Z0-9_]{2,}")
_PLATFORM = ("NEXT_PUBLIC_VERCEL_",)
"""Set by the platform where there is one; nobody sets them in an image."""

_FRAMEWORK = "next"
_ENV_FILES = (".env", ".env.production", ".env.local", ".env.production.local")


def findings(snapshot: Snapshot) -> Iterable[Finding]:
    """Return, per app and variable, the first place that reads a variable which the Dockerfile does not let in."""
    for build in snapshot.builds:
        manifest = snapshot.workspace.package(build.app.dir).manifest
        if build.is_judged and build.uses_workspace and _FRAMEWORK in manifest.declared():
            yield from _of_build(snapshot, build)


def _of_build(snapshot: Snapshot, build: Build) -> Iterator[Finding]:
    known = _known(snapshot, build)
    if known is None:
        return
    for name, (path, line) in sorted(_reads(snapshot, build, known).items()):
        package = snapshot.workspace.owner(path)
        yield Finding(
            rule="build-env-undeclared",
            package=package.manifest.name,
            dir=package.dir,
            file=path,
            line=line,
            dependency=None,
            message=f"{name} is read, but {build.app.dockerfile} has no ARG or ENV {name} before the build: "
            "the build replaces it by undefined",
            fix=f"ARG {name} and ENV {name}=${name} before the build",
        )


def _reads(snapshot: Snapshot, build: Build, known: frozenset[str]) -> Mapping[str, tuple[str, int]]:
    """Return name -> first place of shipped code that needs it; a read with a default or in a test needs nothing."""
    found: dict[str, tuple[str, int]] = {}
    for source in snapshot.sources:
        if source.role != "source" or source.package not in build.closure:
            continue
        data = snapshot.tree.read(source.path)
        lines = Lines(data)
        for match in _READ.finditer(data) if b"NEXT_PUBLIC_" in data else ():
            name = match[1].decode()
            asked = match[2] or _ASKED.search(data[: match.start()][-20:])
            if name not in known and not asked and not name.startswith(_PLATFORM):
                found.setdefault(name, (source.path, lines.at(match.start())))
    return found


def _known(snapshot: Snapshot, build: Build) -> frozenset[str] | None:
    """Return every name that the build of the app has; None where nobody sees it start, or a file may set some more."""
    runs = [run for run in build.layout.runs if Started(build.app.dir, _FRAMEWORK) in started(snapshot, build, run)]
    texts = [instruction.text for stage in build.dockerfile.stages for instruction in stage.instructions]
    if not runs or any(map(_brings_environment, texts)):
        return None
    names = set(build.app.config.build_args)
    for run in runs:
        names.update(run.env)
        names.update(_WORD.findall(f"{run.instruction.text} {run.instruction.script}"))
    for folder in (".", build.app.dir):
        for file in _ENV_FILES:
            path = posixpath.normpath(posixpath.join(folder, file))
            if path in snapshot.tree.entries:
                names.update(_SET.findall(snapshot.tree.read(path).decode(errors="replace")))
    return frozenset(names)


def _brings_environment(text: str) -> bool:
    """Tell whether an environment file is made, mounted or copied: what it sets cannot be seen."""
    return re.search(r"\.env(?:\.[\w.-]+)?(?=[\s\"',;]|$)", text) is not None
