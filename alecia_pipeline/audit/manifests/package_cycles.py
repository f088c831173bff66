"""Workspace packages that need each other in a circle, by what they declare and by what their code imports."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from alecia_pipeline.audit.finding import Finding
from alecia_pipeline.audit.manifests.cycles import is_lasting, is_loaded, loaded_lines
from alecia_pipeline.audit.manifests.graph import circles, shortest_circle
from alecia_pipeline.audit.manifests.places import declaration
from alecia_pipeline.audit.resolution.resolver import Resolved
from alecia_pipeline.audit.snapshot import Snapshot

Imported = Mapping[str, Mapping[str, list[Resolved]]]
"""Package folder -> folder of a package that its shipped code imports -> those imports."""

FIX = "move what both need into a package of its own, or turn one of the two dependencies around"


def findings(snapshot: Snapshot) -> Iterable[Finding]:
    """Return one finding per group of packages that all need each other, where its shortest circle closes."""
    imported = _imported(snapshot)
    declared = {folder: set(_declared(snapshot, folder)) for folder in snapshot.workspace.packages}
    wide = {folder: declared[folder] | set(imported.get(folder, ())) for folder in declared}
    folders = [folder for nodes in circles(wide) for folder in nodes]
    loaded = loaded_lines(snapshot, _doubtful(folders, declared, imported))
    graph = {folder: set(_sure(folder, declared, imported, loaded)) for folder in folders}
    for nodes in circles(graph):
        way = shortest_circle(graph, nodes)
        message = "packages need each other in a circle: " + " → ".join(
            snapshot.workspace.package(folder).name for folder in (*way, way[0])
        )
        yield _finding(snapshot, way, message, imported)


def _declared(snapshot: Snapshot, folder: str) -> Iterator[str]:
    """Yield the folders of the packages that one installs with itself. A peer is for who uses it to bring."""
    manifest = snapshot.workspace.package(folder).manifest
    for target in snapshot.workspace.direct(folder, dev=False):
        if snapshot.workspace.package(target).name in manifest.declared("dependencies", "optionalDependencies"):
            yield target


def _imported(snapshot: Snapshot) -> Imported:
    found: defaultdict[str, defaultdict[str, list[Resolved]]] = defaultdict(lambda: defaultdict(list))
    for use in snapshot.imports:
        sibling = snapshot.workspace.by_name(use.name) if use.outcome == "package" and use.name else None
        if sibling and sibling.dir != use.source.package and use.source.role == "source" and _counts(snapshot, use):
            found[use.source.package][sibling.dir].append(use)
    return found


def _counts(snapshot: Snapshot, use: Resolved) -> bool:
    """Tell whether an import loads code of what is no peer: a plugin may well ask for the program that brings it."""
    peers = snapshot.workspace.package(use.source.package).manifest.peer_dependencies
    return is_loaded(use) and not use.item.specifier.endswith(".json") and use.name not in peers


def _doubtful(folders: Iterable[str], declared: Mapping[str, set[str]], imported: Imported) -> set[str]:
    """Return the files that import what their package does not declare: compiling may leave nothing of that."""
    return {
        use.source.path
        for folder in folders
        for target, uses in imported.get(folder, {}).items()
        if target not in declared[folder]
        for use in uses
    }


def _sure(
    folder: str, declared: Mapping[str, set[str]], imported: Imported, loaded: Mapping[str, frozenset[int]]
) -> Iterator[str]:
    """Yield what a package surely needs: what it declares, and what its code loads after compiling."""
    yield from declared[folder]
    for target, uses in imported.get(folder, {}).items():
        if target not in declared[folder] and any(is_lasting(use, loaded) for use in uses):
            yield target


def _finding(snapshot: Snapshot, way: list[str], message: str, imported: Imported) -> Finding:
    last, first = way[-1], snapshot.workspace.package(way[0])
    if first.name in snapshot.workspace.package(last).manifest.declared():
        place = declaration(snapshot, last, first.name)
        return Finding(rule="import-cycle", **place, message=message, fix=FIX)
    use = imported[last][first.dir][0]
    return Finding(
        rule="import-cycle",
        package=snapshot.package_name(last),
        dir=last,
        file=use.source.path,
        line=use.item.line,
        dependency=first.name,
        message=message,
        fix=FIX,
    )
