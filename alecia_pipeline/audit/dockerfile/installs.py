"""What `pnpm install` finds and leaves out in a Dockerfile: manifests of the closure, and devDependencies."""

import posixpath
import re
from collections.abc import Iterable, Iterator

from alecia_pipeline.audit.dockerfile.builds import Build
from alecia_pipeline.audit.dockerfile.commands import parse_commands, pnpm_call
from alecia_pipeline.audit.dockerfile.layout import Run
from alecia_pipeline.audit.finding import Finding
from alecia_pipeline.audit.snapshot import Snapshot
from alecia_pipeline.source.lockfile import LOCKFILE
from alecia_pipeline.source.manifest import MANIFEST_FILE, Manifest
from alecia_pipeline.source.workspace import WORKSPACE_FILE

BINARIES = {
    "tsc": "typescript", "webpack": "webpack-cli", "nest": "@nestjs/cli", "remix": "@remix-run/dev",
    "react-router": "@react-router/dev", "swc": "@swc/cli", "babel": "@babel/cli", "ng": "@angular/cli",
}  # fmt: skip
"""Programs that are not called like their package."""

_BUILD_SCRIPT = re.compile(r"build(?::\S+)?")


def findings(snapshot: Snapshot) -> Iterable[Finding]:
    """Return manifests that an install lacks, and installs without the devDependencies that a later build needs."""
    for build in snapshot.builds:
        reported: set[tuple[int, str]] = set()
        for run in build.layout.runs:
            call = pnpm_call(run.command)
            if call and call.is_install and not run.opaque:
                yield from _manifests(snapshot, build, run)
            yield from _dev_tools(snapshot, build, run, reported)


def _manifests(snapshot: Snapshot, build: Build, run: Run) -> Iterator[Finding]:
    call = pnpm_call(run.command)
    folder = posixpath.normpath(posixpath.join(run.folder, (call and call.value("-C", "--dir")) or "."))
    for path, why in _wanted(snapshot, build):
        if run.files.get(posixpath.normpath(posixpath.join(folder, path))) == path:
            continue
        owner = snapshot.workspace.owner(path)
        dependency = owner.name if owner.dir not in {".", build.app.dir} else None
        yield _lacking(build, run, path, why, dependency)


def _lacking(build: Build, run: Run, path: str, why: str, dependency: str | None) -> Finding:
    line = run.instruction.line
    reason = build.ignore.reason(path)
    if reason:
        message = (
            f"{path} is needed by the install, but `{reason.text}` in {build.ignore.path}:{reason.line} ignores it"
        )
        return build.finding(
            "docker-ignore", line, message, fix=f"add `!{path}` to {build.ignore.path}", dependency=dependency
        )
    fix = f"COPY {path} {posixpath.dirname(path) or '.'}/ before this RUN"
    return build.finding(
        "docker-manifest-missing", line, f"pnpm install runs without {path}: {why}", fix=fix, dependency=dependency
    )


def _wanted(snapshot: Snapshot, build: Build) -> Iterator[tuple[str, str]]:
    """Yield the files that an install of the app's closure reads, and what goes wrong without each."""
    yield MANIFEST_FILE, "it does not find the workspace's root"
    for path, why in ((LOCKFILE, "versions are not locked"), (WORKSPACE_FILE, "workspace packages are not linked")):
        if path in snapshot.files.files:
            yield path, why
    for folder in build.closure:
        name = snapshot.workspace.package(folder).name
        yield f"{folder}/{MANIFEST_FILE}", f"{name} and its dependencies are not installed"


def _dev_tools(snapshot: Snapshot, build: Build, run: Run, reported: set[tuple[int, str]]) -> Iterator[Finding]:
    install = run.install
    if install is None or not install.production:
        return
    for package, tool in _tools(snapshot, build, run):
        if (install.instruction.line, tool) in reported:
            continue
        reported.add((install.instruction.line, tool))
        message = (
            f"the install leaves devDependencies out, but line {run.instruction.line} runs {tool}, "
            f"a devDependency of {package}"
        )
        fix = "pnpm install --frozen-lockfile --prod=false"
        line = install.instruction.line
        yield build.finding("docker-dev-dependencies", line, message, dependency=tool, fix=fix)


def _tools(snapshot: Snapshot, build: Build, run: Run) -> Iterator[tuple[str, str]]:
    """Yield (package, tool) for the devDependencies whose programs a build command starts."""
    root = snapshot.workspace.root.manifest
    programs = [word.partition("@")[0] for word in run.command.words]
    if "turbo" in programs and _is_dev_only(root, root, "turbo"):
        yield root.name or ".", "turbo"
    if not _builds(programs):
        for program in programs[:1]:
            tool = BINARIES.get(program, program)
            if _is_dev_only(root, root, tool):
                yield root.name or ".", tool
        return
    for folder in (".", *build.closure):
        manifest = snapshot.workspace.package(folder).manifest
        for tool in script_programs(manifest):
            owner = manifest if tool in manifest.declared() else root
            if _is_dev_only(manifest, root, tool):
                yield owner.name or ".", tool


def _builds(words: list[str]) -> bool:
    return bool(words) and words[0] in {"pnpm", "npm", "yarn", "turbo"} and any(map(_BUILD_SCRIPT.fullmatch, words))


def script_programs(manifest: Manifest) -> list[str]:
    """Return the packages whose programs the build scripts of a manifest start."""
    scripts = [str(text) for name, text in manifest.scripts.items() if _BUILD_SCRIPT.fullmatch(name)]
    programs = {command.program for text in scripts for command in parse_commands(text)}
    return sorted(BINARIES.get(program, program) for program in programs)


def _is_dev_only(manifest: Manifest, root: Manifest, tool: str) -> bool:
    kept = {*manifest.dependencies, *manifest.optional_dependencies, *root.dependencies, *root.optional_dependencies}
    return tool not in kept and (tool in manifest.dev_dependencies or tool in root.dev_dependencies)
