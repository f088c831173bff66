"""Installs that a change of a source file repeats, or that fetch every package anew: they work, but slowly."""

from collections.abc import Iterable, Iterator

from alecia_pipeline.audit.dockerfile.builds import Build
from alecia_pipeline.audit.dockerfile.commands import pnpm_call
from alecia_pipeline.audit.dockerfile.state import Run
from alecia_pipeline.audit.finding import Finding
from alecia_pipeline.audit.snapshot import Snapshot
from alecia_pipeline.source.dockerfile import mounts
from alecia_pipeline.source.manifest import MANIFEST_FILE

_FEW = 3
"""So many other files of the app do not make its sources: a patch, a postinstall script."""


def findings(snapshot: Snapshot) -> Iterable[Finding]:
    """Return at most one finding of each kind per Dockerfile."""
    for build in snapshot.builds:
        if build.is_judged:
            yield from _of_build(build)


def _of_build(build: Build) -> Iterator[Finding]:
    installs = [run for run in build.layout.runs if (call := pnpm_call(run.command)) and call.is_install]
    fetched = any((call := pnpm_call(run.command)) and call.subcommand == "fetch" for run in build.layout.runs)
    late = next((run for run in installs if _sees_sources(build, run)), None)
    if late and not fetched:
        message = "the sources are copied before pnpm install: a change of any file installs everything again"
        fix = "COPY the manifests and the lockfile first, then RUN pnpm install, then COPY the sources"
        yield build.finding("docker-cache", late.instruction.line, message, fix=fix)
    uncached = next((run for run in installs if not _has_cache(run)), None)
    if uncached and not fetched:
        message = "pnpm install has no cache mount: after a change of the lockfile every package is fetched again"
        fix = "RUN --mount=type=cache,id=pnpm,target=/pnpm/store pnpm install --store-dir=/pnpm/store …"
        yield build.finding("docker-cache", uncached.instruction.line, message, fix=fix)


def _sees_sources(build: Build, run: Run) -> bool:
    """Tell whether an install stands behind the app's own sources in the Dockerfile."""
    below = f"{build.app.dir}/"
    files = [path for path in run.files.known.values() if path.startswith(below) and not path.endswith(MANIFEST_FILE)]
    return len(files) > _FEW


def _has_cache(run: Run) -> bool:
    return any(mount.kind == "cache" for mount in mounts(run.instruction))
