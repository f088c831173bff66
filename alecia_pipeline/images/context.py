"""The pruned context: exactly the files an app's image may see. The same files are keyed and sent."""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from alecia_pipeline.images.layout import ROOT, Layout, is_wildcard
from alecia_pipeline.images.lock import LockSlice
from alecia_pipeline.images.parts import Memory, Part
from alecia_pipeline.images.reads import Reads, dockerfile_reads
from alecia_pipeline.images.references import Reference, Search
from alecia_pipeline.images.roots import root_inputs
from alecia_pipeline.images.tar import TarFile
from alecia_pipeline.source.apps import App
from alecia_pipeline.source.dockerfile import parse_dockerfile
from alecia_pipeline.source.ignore import DockerIgnore, ignore_for
from alecia_pipeline.source.links import read_file
from alecia_pipeline.source.lockfile import LOCKFILE, Lockfile
from alecia_pipeline.source.manifest import MANIFEST_FILE
from alecia_pipeline.source.slice import render_slice
from alecia_pipeline.source.tree import REGULAR, Entry, Tree, folder_of
from alecia_pipeline.source.workspace import Workspace


@dataclass(frozen=True)
class Snapshot:
    """A commit, read once for all of its apps."""

    tree: Tree
    workspace: Workspace
    lockfile: Lockfile | None
    memory: Memory = field(default_factory=Memory, repr=False, compare=False)
    _parts: dict[int, tuple[DockerIgnore, dict[str, Part]]] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def layout(self) -> Layout:
        """Where its files lie."""
        return Layout(self.tree, self.workspace, self.memory.paths(self.tree))

    @cached_property
    def roots(self) -> frozenset[str]:
        """The root inputs. Raises UsageError for a turbo.json that does not parse."""
        return root_inputs(self.layout, self.lockfile)

    @cached_property
    def root_closure(self) -> frozenset[str]:
        """The packages that the root itself needs: every install links them."""
        return frozenset(self.workspace.closure(ROOT))

    def parts(self, ignore: DockerIgnore, packages: Iterable[str]) -> dict[str, Part]:
        """Return what of these packages a build sees. Raises UsageError for a file that cannot be sent."""
        owned = self.layout.packages
        _, known = self._parts.setdefault(id(ignore), (ignore, {}))
        wanted = [folder for folder in packages if folder in owned]
        fresh = {folder: owned[folder] for folder in wanted if folder not in known}
        known.update(self.memory.parts(self.tree, ignore, fresh))
        return {folder: known[folder] for folder in wanted}


@dataclass(frozen=True)
class Context:
    """What one app's build gets: the `parts` of the closure's packages, and loose files outside of them.

    `ignored`: left out by .dockerignore; `lock`: the lockfile's slice, if it has one, for the folders of `importers`;
    `cut`: the root files that are sent cut to that slice, by path; `missing`: what the Dockerfile copies and a build
    would not find.
    """

    app: App
    reads: Reads
    closure: tuple[str, ...]
    parts: Mapping[str, Part]
    loose: tuple[Entry, ...]
    ignored: frozenset[str]
    importers: tuple[str, ...]
    lock: LockSlice | None
    cut: Mapping[str, bytes]
    missing: tuple[str, ...] = ()

    @cached_property
    def files(self) -> tuple[Entry, ...]:
        """Every file, in path order."""
        return tuple(sorted((*(entry for part in self.parts.values() for entry in part.files), *self.loose)))

    @cached_property
    def absent(self) -> tuple[str, ...]:
        """The files of which this clone has no content, in path order: nothing can be built here."""
        files = (entry for part in self.parts.values() for entry in part.files)
        return tuple(sorted(entry.path for entry in (*files, *self.loose) if entry.is_absent))


def pruned_context(snapshot: Snapshot, app: App, build_args: Mapping[str, str]) -> Context:
    """Return an app's context. Raises UsageError for files that cannot be sent and for input that does not parse."""
    dockerfile = parse_dockerfile(read_file(snapshot.tree, app.dockerfile), app.dockerfile)
    reads = dockerfile_reads(dockerfile, app.target, build_args)
    linked: frozenset[str] = frozenset()
    while True:
        context = _context(snapshot, app, reads, linked)
        more = _linked(snapshot, context) - linked - {ROOT, app.dir, *context.closure}
        if not more:
            return context
        linked |= more


def _linked(snapshot: Snapshot, context: Context) -> frozenset[str]:
    """Return what the lockfile says that an install needs of the repository.

    Of packages whose manifest alone is there, for the install to be told of them all, the links are of no use.
    """
    if snapshot.lockfile is None or context.lock is None:
        return frozenset()
    return context.lock.local | snapshot.memory.lock(snapshot.lockfile).links((ROOT, *context.closure))


def _context(snapshot: Snapshot, app: App, reads: Reads, linked: frozenset[str]) -> Context:
    """Return an app's context. `linked`: packages, folders and archives that the lockfile alone says it needs."""
    tree, layout, workspace = snapshot.tree, snapshot.layout, snapshot.workspace
    needed = (workspace.closure(folder) for folder in (app.dir, *(linked & workspace.packages.keys())))
    closure = snapshot.root_closure.union(*needed)
    workspace.check(closure)
    ignore = ignore_for(tree, app.dockerfile)
    full = app.config.context == "full"
    parts = snapshot.parts(ignore, layout.packages if full else sorted(closure - {ROOT}))
    names = {*linked, *(name for source in reads.sources for name in layout.named(source))}
    wanted = set() if full else _wanted(snapshot, app, names, closure, Seen(ignore, parts))
    ignored = frozenset(path for path in wanted if ignore.ignored(path)).union(*(p.ignored for p in parts.values()))
    hidden = {path for path in layout.passed(app.dockerfile) if path in ignored or layout.owner(path) not in parts}
    loose = tuple(tree.entries[path] for path in sorted(wanted - ignored | hidden))
    snapshot.memory.check(tree, loose)
    importers = _importers(snapshot, loose, closure)
    lock = _lock(snapshot, loose, importers)
    cut = {} if full else _cut(snapshot, lock)
    missing = tuple(source for source in reads.sources if not _visible(layout, source, ignore))
    return Context(app, reads, tuple(sorted(closure - {ROOT})), parts, loose, ignored, importers, lock, cut, missing)


def _visible(layout: Layout, source: str, ignore: DockerIgnore) -> bool:
    """Tell whether a COPY source is there. Wildcards may match nothing beside a source that does."""
    if source == ROOT or is_wildcard(source):
        return True
    *links, real = layout.passed(source)
    files = (real,) if real in layout.tree.entries else layout.paths.below(real)
    return not any(map(ignore.ignored, links)) and any(not ignore.ignored(path) for path in files)


@dataclass(frozen=True)
class Seen:
    """What a build sees of the packages in its closure, and what it ignores elsewhere."""

    ignore: DockerIgnore
    parts: Mapping[str, Part]

    def leaving(self) -> Iterator[Reference]:
        """Yield what the packages name outside of themselves."""
        for part in self.parts.values():
            yield from part.leaving

    def links(self) -> Iterator[str]:
        """Yield the symbolic links in the packages."""
        for part in self.parts.values():
            yield from part.links


def context_files(snapshot: Snapshot, context: Context) -> Iterable[TarFile]:
    """Yield the files of a context with their bytes, as they are sent."""
    for path, mode, _ in context.files:
        if path == LOCKFILE and context.lock and snapshot.lockfile:
            yield TarFile(path, REGULAR, render_slice(snapshot.lockfile, context.importers))
        else:
            yield TarFile(path, mode, context.cut[path] if path in context.cut else snapshot.tree.read(path))


def _wanted(snapshot: Snapshot, app: App, names: Iterable[str], closure: frozenset[str], seen: Seen) -> set[str]:
    """Return the loose files that `names`, the root inputs, the configuration and all of them lead to."""
    layout = snapshot.layout
    named = {path for name in names for path in layout.beyond(layout.submodule(name) or name, closure)}
    named |= snapshot.roots | layout.globbed(app.config.inputs)
    loose = {path for path in named if layout.owner(path) not in seen.parts}
    visible = [path for path in loose if not seen.ignore.ignored(path)]
    search = Search(layout, closure, snapshot.memory.referenced)
    around = {package: seen.parts[package].files for package in layout.nesting & seen.parts.keys()}
    first = itertools.chain(seen.leaving(), search.inward(around))
    found = loose | search.beyond(first, (*seen.links(), *visible))
    return {path for path in found if layout.owner(path) not in seen.parts}


def _importers(snapshot: Snapshot, loose: Iterable[Entry], closure: frozenset[str]) -> tuple[str, ...]:
    """Return the folders whose lockfile blocks an install in this context needs: those whose manifest is in it."""
    present = {folder_of(entry.path) for entry in loose if entry.path.endswith(f"/{MANIFEST_FILE}")}
    return tuple(sorted(closure | (present & snapshot.workspace.packages.keys())))


def _lock(snapshot: Snapshot, loose: Iterable[Entry], importers: tuple[str, ...]) -> LockSlice | None:
    if snapshot.lockfile is None or all(entry.path != LOCKFILE for entry in loose):
        return None
    return snapshot.memory.lock(snapshot.lockfile).slice(importers)


def _cut(snapshot: Snapshot, lock: LockSlice | None) -> Mapping[str, bytes]:
    if snapshot.lockfile is None or lock is None:
        return {}
    return snapshot.memory.cuts(snapshot.tree, snapshot.lockfile, lock.part)
