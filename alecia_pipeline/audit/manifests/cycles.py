"""Files that import each other in a circle when they are loaded: madge's job, without what is only a type."""

import posixpath
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from alecia_pipeline.audit.finding import Finding
from alecia_pipeline.audit.manifests.declared import is_type_use
from alecia_pipeline.audit.manifests.graph import circles, shortest_circle
from alecia_pipeline.audit.resolution.resolver import Resolved
from alecia_pipeline.audit.snapshot import Snapshot
from alecia_pipeline.audit.sources.code import EXTENSIONS
from alecia_pipeline.audit.sources.loaded import LOADED

Edges = Mapping[str, Mapping[str, Resolved]]
"""File -> file that it imports -> the first import that does so."""

FIX = "move what both need into a file of its own, or import it only where it is used: `await import(…)`"

MAX_SHOWN = 8
"""How many files of a circle a message names."""


def findings(snapshot: Snapshot) -> Iterable[Finding]:
    """Return one finding per group of files that all lead to each other, at the import that closes its shortest way."""
    edges = _lasting(snapshot, _edges(snapshot))
    for nodes in circles(edges):
        yield _finding(snapshot, edges, nodes)


def _edges(snapshot: Snapshot) -> Edges:
    """Return what shipped files load of each other as they are loaded; `import()` comes later, and breaks circles."""
    shipped = {source.path for source in snapshot.sources if source.role == "source"}
    edges: defaultdict[str, dict[str, Resolved]] = defaultdict(dict)
    for use in snapshot.imports:
        if use.target in shipped and use.source.path in shipped and is_loaded(use):
            edges[use.source.path].setdefault(use.target, use)
    return edges


def is_loaded(use: Resolved) -> bool:
    """Tell whether an import runs its module with the file; `x?raw` and `x?worker` do not."""
    loads = use.item.kind in {"import", "require"} and not use.item.optional and not is_type_use(use)
    return loads and use.outcome in {"file", "package"} and "?" not in use.item.specifier


def _lasting(snapshot: Snapshot, edges: Edges) -> Edges:
    """Return, of the edges in circles, those that compiling leaves. Only the files in circles are read for it."""
    groups = [set(nodes) for nodes in circles(edges)]
    loaded = loaded_lines(snapshot, [path for nodes in groups for path in nodes])
    return {
        path: {t: use for t, use in edges[path].items() if t in nodes and is_lasting(use, loaded)}
        for nodes in groups
        for path in nodes
    }


def is_lasting(use: Resolved, loaded: Mapping[str, frozenset[int]]) -> bool:
    """Tell whether an import is left after compiling. What markup imports, its template may use: that stays."""
    path = use.source.path
    return not path.endswith(EXTENSIONS) or use.item.line in loaded[path]


def loaded_lines(snapshot: Snapshot, paths: Iterable[str]) -> Mapping[str, frozenset[int]]:
    """Return, per file of code, the lines whose imports run when the file is loaded."""
    kinds = {path: LOADED + posixpath.splitext(path)[1] for path in paths if path.endswith(EXTENSIONS)}
    found = snapshot.extractor(snapshot.tree, kinds)
    return {path: frozenset(item.line for item in imports.found) for path, imports in found.items()}


def _finding(snapshot: Snapshot, edges: Edges, nodes: list[str]) -> Finding:
    way = shortest_circle(edges, nodes)
    use = edges[way[-1]][way[0]]
    owner = snapshot.workspace.owner(use.source.path)
    return Finding(
        rule="import-cycle",
        package=owner.manifest.name,
        dir=owner.dir,
        file=use.source.path,
        line=use.item.line,
        message=f"files import each other in a circle: {' → '.join(_shown(way))}{_size(nodes, way)}",
        fix=FIX,
    )


def _shown(way: list[str]) -> Iterator[str]:
    yield from way[:MAX_SHOWN]
    if len(way) > MAX_SHOWN:
        yield f"{len(way) - MAX_SHOWN} more"
    yield way[0]


def _size(nodes: list[str], way: list[str]) -> str:
    return f" (the shortest of the circles among {len(nodes)} files)" if len(nodes) > len(way) else ""
