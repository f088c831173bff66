"""Which packages the files look up that an app loads when it runs: its own, and those of siblings that they import."""

import posixpath
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from alecia_pipeline.audit.resolution.resolver import Resolved
from alecia_pipeline.audit.snapshot import Snapshot

Uses = Mapping[str, Mapping[str, list[Resolved]]]
"""Folder of the package that uses it -> name of what is used -> its imports, in the order in which they are reached."""

_LOADING = frozenset({"import", "require", "dynamic"})
_ENDINGS = (".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs")


def reached(snapshot: Snapshot, app: str) -> Uses:
    """Return what the shipped files of an app's folder use, and the files that they load, near and far."""
    graph = _Graph(snapshot, _by_file(snapshot))
    queue = sorted(path for path, uses in graph.files.items() if uses[0].source.package == app)
    seen = set(queue)
    found: defaultdict[str, defaultdict[str, list[Resolved]]] = defaultdict(lambda: defaultdict(list))
    for path in queue:  # grows while it is walked
        for use in graph.files[path]:
            if use.name:
                found[use.source.package][use.name].append(use)
            fresh = [target for target in graph.targets(use) if target not in seen]
            seen.update(fresh)
            queue += fresh
    return found


def _by_file(snapshot: Snapshot) -> Mapping[str, list[Resolved]]:
    """Return the imports of shipped files that load something when they run."""
    files: defaultdict[str, list[Resolved]] = defaultdict(list)
    for use in snapshot.imports:
        item = use.item
        if use.source.role == "source" and item.kind in _LOADING and not (item.type_only or item.optional):
            files[use.source.path].append(use)
    return files


@dataclass(frozen=True)
class _Graph:
    snapshot: Snapshot
    files: Mapping[str, list[Resolved]]

    def targets(self, use: Resolved) -> Iterator[str]:
        """Yield the shipped file that an import loads; of a sibling without `exports`, the one that is built from."""
        if use.target:
            yield from (path for path in [use.target] if path in self.files)
            return
        package = self.snapshot.workspace.by_name(use.name) if use.name else None
        if package is None:
            return
        inner = use.item.specifier.removeprefix(package.name).strip("/")
        main = inner or str(package.manifest.raw.get("main") or "index")
        for stem in (main, f"src/{inner or 'index'}", f"src/{inner}/index"):
            base = posixpath.normpath(posixpath.join(package.dir, stem))
            yield from (path for path in (base, *(base + ending for ending in _ENDINGS)) if path in self.files)
