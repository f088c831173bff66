"""The pruned context: exactly the files an app's image may see. The same files are keyed and sent."""

import hashlib
import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from alecia_pipeline.images.lock import LockIndex, LockSlice
from alecia_pipeline.images.reads import Reads, dockerfile_reads
from alecia_pipeline.images.refusals import refusal
from alecia_pipeline.images.roots import root_inputs
from alecia_pipeline.images.selection import Paths, closure_files, copied_files, globbed_files, link_targets
from alecia_pipeline.images.tar import TarFile
from alecia_pipeline.source.apps import App
from alecia_pipeline.source.dockerfile import parse_dockerfile
from alecia_pipeline.source.ignore import DockerIgnore, ignore_for
from alecia_pipeline.source.lockfile import LOCKFILE, Lockfile
from alecia_pipeline.source.manifest import MANIFEST_FILE
from alecia_pipeline.source.slice import render_slice
from alecia_pipeline.source.tree import REGULAR, SUBMODULE, Entry, Tree
from alecia_pipeline.source.workspace import Workspace


@dataclass(frozen=True)
class Memory:
    """What commits share, so that nothing is hashed twice: file hashes by blob id, mode and path, and lockfiles."""

    digests: dict[tuple[str, int, str], str] = field(default_factory=dict)
    locks: dict[int, LockIndex] = field(default_factory=dict)

    def lock(self, lockfile: Lockfile) -> LockIndex:
        """Return the index of a lockfile. It holds the lockfile, so its identity is its own for good."""
        return self.locks.setdefault(id(lockfile), LockIndex(lockfile))


@dataclass(frozen=True)
class Snapshot:
    """A commit, read once for all of its apps."""

    tree: Tree
    workspace: Workspace
    lockfile: Lockfile | None
    memory: Memory = field(default_factory=Memory, repr=False, compare=False)

    @cached_property
    def paths(self) -> Paths:
        """The tree's paths, indexed."""
        return Paths.of(self.tree)

    @cached_property
    def owners(self) -> Mapping[str, str]:
        """The folder of the package that each path belongs to."""
        folders: dict[str, str] = {}
        for path in self.paths.ordered:
            folder = posixpath.dirname(path)
            if folder not in folders:
                folders[folder] = self.workspace.owner(path).dir
        return {path: folders[posixpath.dirname(path)] for path in self.paths.ordered}

    @cached_property
    def _ignores(self) -> dict[str | None, DockerIgnore]:
        return {}

    def ignore(self, dockerfile: str) -> DockerIgnore:
        """Return what a Dockerfile's builds ignore; apps with the same ignore file share its verdicts."""
        found = ignore_for(self.tree, dockerfile)
        return self._ignores.setdefault(found.path, found)

    @cached_property
    def root_closure(self) -> frozenset[str]:
        """The packages that the root itself needs: every install links them."""
        return frozenset(self.workspace.closure("."))


@dataclass(frozen=True, slots=True)
class ContextFile:
    """One file: git's mode and its content's SHA-256. `sliced` marks the lockfile, which is cut when it is sent."""

    path: str
    mode: int
    sha256: str
    sliced: bool = False


@dataclass(frozen=True)
class Context:
    """What one app's build gets. `ignored`: left out by .dockerignore; `lock`: the lockfile's slice, if it has one."""

    app: App
    reads: Reads
    files: tuple[ContextFile, ...]
    closure: tuple[str, ...]
    ignored: frozenset[str]
    importers: tuple[str, ...]
    lock: LockSlice | None


def pruned_context(snapshot: Snapshot, app: App, build_args: Mapping[str, str]) -> Context:
    """Return an app's context. Raises UsageError for files that cannot be sent and for input that does not parse."""
    dockerfile = parse_dockerfile(snapshot.tree.read(app.dockerfile), app.dockerfile)
    reads = dockerfile_reads(dockerfile, app.target, build_args)
    closure = frozenset(snapshot.workspace.closure(app.dir)) | snapshot.root_closure
    wanted = _wanted(snapshot, app, reads, closure)
    ignore = snapshot.ignore(app.dockerfile)
    ignored = frozenset(path for path in wanted if ignore.ignored(path))
    kept = (wanted - ignored) | {app.dockerfile}
    importers = _importers(snapshot, kept, closure)
    index = snapshot.memory.lock(snapshot.lockfile) if snapshot.lockfile and LOCKFILE in kept else None
    lock = index.slice(importers) if index else None
    return Context(
        app=app,
        reads=reads,
        files=tuple(_file(snapshot, path, lock) for path in sorted(kept)),
        closure=tuple(sorted(closure - {"."})),
        ignored=ignored,
        importers=importers,
        lock=lock,
    )


def context_files(snapshot: Snapshot, context: Context) -> Iterable[TarFile]:
    """Yield the files of a context with their bytes, as they are sent."""
    for file in context.files:
        if file.sliced and snapshot.lockfile:
            yield TarFile(file.path, REGULAR, render_slice(snapshot.lockfile, context.importers))
        else:
            yield TarFile(file.path, file.mode, snapshot.tree.read(file.path))


def _wanted(snapshot: Snapshot, app: App, reads: Reads, closure: frozenset[str]) -> set[str]:
    paths = snapshot.paths
    if app.config.context == "full":
        return set(paths.ordered)
    wanted = closure_files(snapshot.owners, closure)
    wanted |= copied_files(paths, snapshot.owners, reads.sources, closure)
    wanted |= root_inputs(paths, snapshot.tree, snapshot.workspace, closure)
    wanted |= globbed_files(paths, app.config.inputs)
    wanted |= {path for path in (LOCKFILE,) if path in paths}
    wanted |= link_targets(paths, snapshot.tree, wanted)
    return wanted | _patches(snapshot)


def _patches(snapshot: Snapshot) -> set[str]:
    """Return the patch files: pnpm reads all that are configured, whether the slice uses them or not."""
    patched = snapshot.lockfile.patched_dependencies if snapshot.lockfile else {}
    named = {str(entry.get("path")) for entry in patched.values() if isinstance(entry, Mapping)}
    return {path for path in named if path in snapshot.paths} | set(snapshot.paths.below("patches"))


def _importers(snapshot: Snapshot, kept: Iterable[str], closure: frozenset[str]) -> tuple[str, ...]:
    """Return the folders whose lockfile blocks an install in this context needs: those whose manifest is in it."""
    present = {path.removesuffix(MANIFEST_FILE).rstrip("/") for path in kept if path.endswith(f"/{MANIFEST_FILE}")}
    return tuple(sorted(closure | (present & snapshot.workspace.packages.keys())))


def _file(snapshot: Snapshot, path: str, lock: LockSlice | None) -> ContextFile:
    if path == LOCKFILE and lock:
        return ContextFile(path, REGULAR, lock.sha256, sliced=True)
    entry = snapshot.tree.entries[path]
    known = (entry.oid, entry.mode, path)
    digests = snapshot.memory.digests
    if known not in digests:
        digests[known] = _checked_digest(snapshot, entry)
    return ContextFile(path, entry.mode, digests[known])


def _checked_digest(snapshot: Snapshot, entry: Entry) -> str:
    data = b"" if entry.mode == SUBMODULE else snapshot.tree.read(entry.path)
    refused = refusal(entry, data)
    if refused:
        raise refused
    return hashlib.sha256(data).hexdigest()
