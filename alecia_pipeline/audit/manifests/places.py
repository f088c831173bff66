"""Where in its package.json a package declares something."""

from typing import TypedDict

from alecia_pipeline.audit.snapshot import Snapshot
from alecia_pipeline.audit.sources.lines import Lines
from alecia_pipeline.source.manifest import ALL_KINDS, DependencyKind


class Place(TypedDict):
    """The fields of a finding that say where it stands."""

    package: str | None
    dir: str
    file: str
    line: int
    dependency: str


def declaration(snapshot: Snapshot, folder: str, name: str, kinds: tuple[DependencyKind, ...] = ALL_KINDS) -> Place:
    """Return the place where the package of `folder` declares `name`, in the first of the sections that has it."""
    manifest = snapshot.workspace.package(folder).manifest
    data = snapshot.tree.read(manifest.path)
    kind = next(kind for kind in kinds if name in manifest.declared(kind))
    line = Lines(data).of(name, max(data.find(f'"{kind}"'.encode()), 0))
    return {"package": manifest.name, "dir": folder, "file": manifest.path, "line": line, "dependency": name}
