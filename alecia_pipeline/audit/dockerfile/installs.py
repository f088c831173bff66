"""What `pnpm install` finds in a Dockerfile: the lockfile, what it refers to, and the manifests of the closure."""

import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from alecia_pipeline.audit.dockerfile.builds import Build
from alecia_pipeline.audit.dockerfile.commands import PnpmCall, filter_values, pnpm_call
from alecia_pipeline.audit.dockerfile.filesystem import normal
from alecia_pipeline.audit.dockerfile.layout import is_known
from alecia_pipeline.audit.dockerfile.state import Run
from alecia_pipeline.audit.finding import Finding
from alecia_pipeline.audit.manifests.pnpm_settings import read_settings
from alecia_pipeline.audit.manifests.pnpm_versions import majors
from alecia_pipeline.audit.snapshot import Snapshot
from alecia_pipeline.source.lockfile import LOCKFILE
from alecia_pipeline.source.manifest import MANIFEST_FILE, Manifest
from alecia_pipeline.source.words import expand
from alecia_pipeline.source.workspace import WORKSPACE_FILE

_HOOKS = (".pnpmfile.cjs", ".pnpmfile.mjs")


@dataclass(frozen=True, slots=True)
class Need:
    """A file that an install reads, and what goes wrong without it."""

    path: str
    why: str


def findings(snapshot: Snapshot) -> Iterable[Finding]:
    """Return the files that an install lacks, unless a later install of the same image finds them."""
    for build in snapshot.builds:
        if build.is_judged:
            yield from _of_build(snapshot, build)


def _of_build(snapshot: Snapshot, build: Build) -> Iterator[Finding]:
    runs = [(run, call) for run in build.layout.runs if (call := pnpm_call(run.command)) and _reads_workspace(call)]
    for at, (run, call) in enumerate(runs):
        needs = _fetch_needs(snapshot) if call.subcommand == "fetch" else install_needs(snapshot, build, run, call)
        for need in needs:
            later = [other for other, _ in runs[at + 1 :] if run.lineage[0] in other.lineage]
            if _lacks(run, call, need.path) and all(_lacks(other, call, need.path) for other in later):
                yield _lacking(snapshot, build, run, need)


def _reads_workspace(call: PnpmCall) -> bool:
    return (call.is_install or call.subcommand == "fetch") and "--ignore-workspace" not in call.flags


def _lacks(run: Run, call: PnpmCall, path: str) -> bool:
    return run.files.lacks(_place(run, call, path), path)


def _place(run: Run, call: PnpmCall, path: str) -> str:
    """Return where an install looks for a path of the repository."""
    return normal(run.folder, call.value("-C", "--dir") or ".", path)


def _lacking(snapshot: Snapshot, build: Build, run: Run, need: Need) -> Finding:
    owner = snapshot.workspace.owner(need.path)
    dependency = owner.name if owner.dir not in {".", build.app.dir} else None
    line = run.instruction.line
    reason = build.ignore.reason(need.path)
    if reason:
        message = f"{need.path} is needed by the install, but `{reason.text}` in {build.ignore.path}:{reason.line} "
        fix = f"add `!{need.path}` to {build.ignore.path}"
        return build.finding("docker-ignore", line, f"{message}ignores it", fix=fix, dependency=dependency)
    fix = f"COPY {need.path} {posixpath.dirname(need.path) or '.'}/ before this RUN"
    message = f"pnpm install runs without {need.path}: {need.why}"
    return build.finding("docker-manifest-missing", line, message, fix=fix, dependency=dependency)


def install_needs(snapshot: Snapshot, build: Build, run: Run, call: PnpmCall) -> Iterator[Need]:
    """Yield the files that an install of the app's closure reads."""
    root = run.files.known.get(_place(run, call, MANIFEST_FILE))
    if root not in {None, MANIFEST_FILE}:
        return  # one package, put where the root would be, is installed by itself
    yield Need(MANIFEST_FILE, "it does not find the workspace's root")
    yield from _fetch_needs(snapshot)
    if WORKSPACE_FILE in snapshot.tree.entries:
        yield Need(WORKSPACE_FILE, "workspace packages are not linked")
    for folder in _closure(snapshot, build, run, call):
        if _is_needed(snapshot, build, folder, frozen=_is_frozen(run, call)):
            name = snapshot.workspace.package(folder).name
            yield Need(f"{folder}/{MANIFEST_FILE}", f"{name} and its dependencies are not installed")


def _fetch_needs(snapshot: Snapshot) -> Iterator[Need]:
    """Yield the lockfile and the files whose checksums it holds."""
    if snapshot.lockfile is None:
        return
    yield Need(LOCKFILE, "versions are not locked")
    for path in sorted(_patches(snapshot)):
        yield Need(path, "the lockfile names this patch")
    if snapshot.lockfile.raw.get("pnpmfileChecksum"):
        found = [path for path in _HOOKS if path in snapshot.tree.entries]
        yield from (Need(path, "the lockfile holds its checksum") for path in found[:1])


def _patches(snapshot: Snapshot) -> set[str]:
    """Return the patch files that the settings name and the commit has."""
    pnpm = majors(snapshot.workspace.root.manifest, snapshot.lockfile)
    named = {path.removeprefix("./") for path in read_settings(snapshot, pnpm[0]).patches.values()}
    return {path for path in named if path in snapshot.tree.entries}


def _closure(snapshot: Snapshot, build: Build, run: Run, call: PnpmCall) -> Iterable[str]:
    """Return the folders that an install is about: those of its filters, else the app's."""
    given = [value for _, value in filter_values(call.command)]
    if not given:
        return _sure_closure(snapshot, build)
    names = {expand(text, run.env).strip(".^") for text in given if is_known(text, run.env)}
    found = [package.dir for name in names if (package := snapshot.workspace.by_name(name))]
    return _sure_closure(snapshot, build) if build.app.dir in found else ()


def _sure_closure(snapshot: Snapshot, build: Build) -> tuple[str, ...]:
    """Return the closure without the packages that are only optional: an install leaves these out silently."""
    seen = {build.app.dir}
    queue = [build.app.dir]
    while queue:
        manifest = snapshot.workspace.package(queue.pop()).manifest
        names = {**manifest.dependencies, **manifest.dev_dependencies}.keys() - manifest.optional_dependencies.keys()
        near = {package.dir for name in names if (package := snapshot.workspace.by_name(name))} & set(build.closure)
        queue += sorted(near - seen)
        seen |= near
    return tuple(sorted(seen))


def _is_frozen(run: Run, call: PnpmCall) -> bool:
    """Tell whether an install takes the lockfile as it is: asked for, or because CI is set."""
    flags = set(call.flags)
    if flags & {"--no-frozen-lockfile", "--frozen-lockfile=false"}:
        return False
    return bool(flags & {"--frozen-lockfile", "--offline"}) or run.env.get("CI") not in {None, "", "false", "0"}


def _is_needed(snapshot: Snapshot, build: Build, folder: str, *, frozen: bool) -> bool:
    """Tell whether an install surely goes wrong without a manifest.

    One that is not frozen takes what is no `workspace:` dependency from the registry. A frozen one links a missing
    workspace package all the same and leaves out its dependencies (tried with pnpm 9 to 12); it is one without any, or
    one that only settings use, that is not missed.
    """
    if folder == build.app.dir:
        return True
    if not frozen:
        return any(_links(snapshot.workspace.package(other).manifest, snapshot, folder) for other in build.closure)
    manifest = snapshot.workspace.package(folder).manifest
    if not manifest.declared("dependencies", "devDependencies", "optionalDependencies"):
        return False
    return folder in snapshot.workspace.closure(build.app.dir, dev=False) or folder in _imported(snapshot, build)


def _links(manifest: Manifest, snapshot: Snapshot, folder: str) -> bool:
    """Tell whether a manifest asks for the package of a folder by a protocol that only the workspace answers."""
    declared = manifest.declared("dependencies", "devDependencies")
    return declared.get(snapshot.workspace.package(folder).name, "").startswith(("workspace:", "link:", "file:"))


def _imported(snapshot: Snapshot, build: Build) -> set[str]:
    """Return the folders of the workspace packages that shipped files of the closure import."""
    by_name = {snapshot.workspace.package(folder).name: folder for folder in build.closure}
    uses = (use for use in snapshot.imports if use.source.role == "source" and use.source.package in build.closure)
    return {by_name[use.name] for use in uses if use.name in by_name}
