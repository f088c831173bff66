"""Which names are packages for certain: declared somewhere in the workspace, or locked."""

import re
from collections.abc import Iterator, Mapping

from alecia_pipeline.source.lockfile import Lockfile
from alecia_pipeline.source.workspace import Workspace

_KEY = re.compile(r"/?(@[^@/]+/[^@/]+|[^@/]+)[@/]")


def known_names(workspace: Workspace, lockfile: Lockfile | None) -> frozenset[str]:
    """Return the names of all packages that some manifest declares or the lockfile holds, and of the workspace's."""
    return frozenset(_names(workspace, lockfile))


def locked_names(lockfile: Lockfile) -> Mapping[str, frozenset[str]]:
    """Return folder -> the dependencies that the lockfile has for the package there."""
    return {folder: frozenset(importer.all()) for folder, importer in lockfile.importers.items()}


def _names(workspace: Workspace, lockfile: Lockfile | None) -> Iterator[str]:
    for package in (workspace.root, *workspace.packages.values()):
        yield package.name
        yield from package.manifest.declared()
    if lockfile is None:
        return
    for importer in lockfile.importers.values():
        yield from importer.all()
    for match in map(_KEY.match, lockfile.packages):
        if match:
            yield match[1]
