"""Builds in an image whose install left the devDependencies out that they need."""

from collections.abc import Iterable, Iterator

from alecia_pipeline.audit.dockerfile.builds import Build, global_tools
from alecia_pipeline.audit.dockerfile.scripts import Started, started
from alecia_pipeline.audit.dockerfile.state import Install
from alecia_pipeline.audit.finding import Finding
from alecia_pipeline.audit.snapshot import Snapshot


def findings(snapshot: Snapshot) -> Iterable[Finding]:
    """Return, per install and tool, that a later command needs a devDependency which is not there."""
    for build in snapshot.builds:
        if build.is_judged:
            yield from _of_build(snapshot, build)


def _of_build(snapshot: Snapshot, build: Build) -> Iterator[Finding]:
    reported: set[tuple[int, str]] = set()
    everywhere = {name[: name.find("@", 1)] if name.find("@", 1) > 0 else name for name in global_tools(build)}
    for run in build.layout.runs:
        if run.install is None or not run.install.production:
            continue
        for item in started(snapshot, build, run):
            key = (run.install.instruction.line, item.tool)
            package = _owner(snapshot, item)
            if package is None or item.tool in everywhere or key in reported:
                continue
            reported.add(key)
            yield _finding(build, run.install, run.instruction.line, item.tool, package)


def _finding(build: Build, install: Install, line: int, tool: str, package: str) -> Finding:
    message = f"the install leaves devDependencies out, but line {line} runs {tool}, a devDependency of {package}"
    fix = "pnpm install --frozen-lockfile --prod=false"
    return build.finding("docker-dev-dependencies", install.instruction.line, message, dependency=tool, fix=fix)


def _owner(snapshot: Snapshot, item: Started) -> str | None:
    """Return the package that has a tool as devDependency only, and on whose behalf it runs: its own, or the root."""
    root = snapshot.workspace.root.manifest
    manifest = snapshot.workspace.package(item.folder).manifest
    for owner in (manifest, root):
        if item.tool in {*owner.dependencies, *owner.optional_dependencies}:
            return None
    return next((owner.name or "." for owner in (manifest, root) if item.tool in owner.dev_dependencies), None)
