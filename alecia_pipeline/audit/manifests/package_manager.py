"""One pnpm or several: `packageManager` against engines, the lockfile's format, and what Dockerfiles install."""

import re
from collections.abc import Iterable, Iterator

from alecia_pipeline.audit.dockerfile.builds import Build
from alecia_pipeline.audit.dockerfile.state import Run
from alecia_pipeline.audit.finding import Finding
from alecia_pipeline.audit.manifests.pnpm_versions import KNOWN, formats_of
from alecia_pipeline.audit.manifests.ranges import overlap, parse_range, satisfies
from alecia_pipeline.audit.snapshot import Snapshot
from alecia_pipeline.audit.sources.lines import Lines
from alecia_pipeline.source.documents import as_mapping
from alecia_pipeline.source.lockfile import LOCKFILE
from alecia_pipeline.source.manifest import MANIFEST_FILE
from alecia_pipeline.source.words import expand

RULE = "package-manager-mismatch"

_PINNED = re.compile(r"pnpm@(\d+\.\d+\.\d+)(?:\+.*)?")
_NAMED = re.compile(r"pnpm@([^\s\"'+]+)(?:\+.*)?")
_INSTALLERS = frozenset({"npm", "yarn", "bun", "pnpm", "prepare", "use", "install", "up"})
"""Programs that install pnpm; what follows `corepack` is taken for the program."""


def findings(snapshot: Snapshot) -> Iterable[Finding]:
    """Return whatever asks for another pnpm than the one that the root's package.json pins or allows."""
    pinned = _pinned(snapshot)
    if pinned:
        yield from (_in_manifest(snapshot, pinned, why) for why in _against(snapshot, pinned))
    seen: set[tuple[str, int, str]] = set()
    for build in snapshot.builds:
        for run in build.layout.runs:
            for wanted in installed(run):
                place = (build.app.dockerfile, run.instruction.line, wanted)
                why = None if place in seen else _reason(snapshot, pinned, wanted)
                seen.add(place)
                if why:
                    yield _in_dockerfile(build, run, wanted, why, pinned)


def _pinned(snapshot: Snapshot) -> str | None:
    """Return the version that `packageManager` pins; a prerelease is not judged."""
    match = _PINNED.fullmatch(snapshot.workspace.root.manifest.package_manager or "")
    return match[1] if match else None


def _against(snapshot: Snapshot, pinned: str) -> Iterator[str]:
    for name, wanted in _engines(snapshot):
        if not satisfies(pinned, wanted):
            yield f"{name} asks for {wanted}"
    lockfile = snapshot.lockfile
    if lockfile and lockfile.major not in formats_of(int(pinned.partition(".")[0])):
        yield f"{LOCKFILE} has format {lockfile.version}, which another major version writes"


def _engines(snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    """Yield the ranges of pnpm that the root's package.json allows, by the name of the field."""
    manifest = snapshot.workspace.root.manifest
    engines = as_mapping(manifest.raw.get("engines"), manifest.path, "engines")
    found = [("engines.pnpm", engines.get("pnpm"))]
    named = as_mapping(manifest.raw.get("devEngines"), manifest.path, "devEngines").get("packageManager")
    items = [item for item in (named if isinstance(named, list) else [named]) if isinstance(item, dict)]
    found += [("devEngines.packageManager", item.get("version")) for item in items if item.get("name") == "pnpm"]
    yield from ((name, text) for name, text in found if isinstance(text, str) and parse_range(text) is not None)


def installed(run: Run) -> Iterator[str]:
    """Yield the versions of pnpm that a command installs, or starts by its version, as ranges. Tags are none."""
    words = [expand(word, run.env) for word in run.command.words]
    if run.command.program in _INSTALLERS:
        for match in filter(None, map(_NAMED.fullmatch, words)):
            if parse_range(match[1]) is not None:
                yield match[1]


def _reason(snapshot: Snapshot, pinned: str | None, wanted: str) -> str | None:
    """Return why a Dockerfile's pnpm is not the repository's; None when it may be."""
    if pinned:
        return None if satisfies(pinned, wanted) else f"packageManager pins {pinned}"
    for name, allowed in _engines(snapshot):
        if not overlap(wanted, allowed):
            return f"{name} asks for {allowed}"
    majors = [major for major in KNOWN if overlap(f"{major}.x", wanted)]
    lockfile = snapshot.lockfile
    if lockfile and majors and all(lockfile.major not in formats_of(major) for major in majors):
        return f"{LOCKFILE} has format {lockfile.version}, which it cannot install from"
    return None


def _in_manifest(snapshot: Snapshot, pinned: str, why: str) -> Finding:
    return Finding(
        rule=RULE,
        package=snapshot.package_name("."),
        dir=".",
        file=MANIFEST_FILE,
        line=Lines(snapshot.tree.read(MANIFEST_FILE)).of("packageManager"),
        dependency="pnpm",
        message=f"packageManager pins pnpm {pinned}, but {why}",
        fix="let both name the same version, then `pnpm install --lockfile-only`",
    )


def _in_dockerfile(build: Build, run: Run, wanted: str, why: str, pinned: str | None) -> Finding:
    message = f"pnpm@{wanted} is installed here, but {why}"
    fix = f"RUN npm install -g pnpm@{pinned}" if pinned else "pin pnpm by `packageManager` in package.json"
    return build.finding(RULE, run.instruction.line, message, fix, dependency="pnpm")
