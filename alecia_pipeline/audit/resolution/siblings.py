"""What an import of another workspace package opens, by that package's manifest and files."""

import re
from dataclasses import dataclass

from alecia_pipeline.audit.resolution.exports import export_targets
from alecia_pipeline.audit.resolution.places import Places, Verdict, beside
from alecia_pipeline.audit.resolution.specifier import Specifier
from alecia_pipeline.source.workspace import Package

_BUILDS = re.compile(r"build|compile|prepare|prepack|prepublish|postinstall|gen|dist|bundle|watch|css|tsc|rollup|vite")
"""What a script that writes files is called, or calls; where there is one, a missing file proves nothing."""


@dataclass(frozen=True)
class Siblings:
    """Opens workspace packages by the files of one commit."""

    places: Places

    def open(self, package: Package, specifier: Specifier) -> Verdict:
        """Return the package with the file that the import opens; `closed` or `missing` only for certain."""
        subpath = specifier.subpath
        given = Verdict("package", None, specifier.name)
        if package.manifest.exports is None:
            targets: tuple[str, ...] | None = (subpath,) if subpath != "." else None
        else:
            targets = export_targets(package.manifest.exports, subpath)
            if targets is None:
                certain = subpath != "./package.json"
                return Verdict("closed", beside(package.dir, "package.json"), specifier.name) if certain else given
        paths = tuple(beside(package.dir, target) for target in targets or ())
        found = next(filter(None, map(self.places.found, paths)), None)
        if found or not paths or any(map(self._may_be_made, paths)) or _is_built(package):
            return Verdict("package", found, specifier.name)
        return Verdict("missing", paths[0], specifier.name)

    def _may_be_made(self, path: str) -> bool:
        return self.places.made(path) or self.places.files.exists(path) or self.places.files.real(path) is None


def _is_built(package: Package) -> bool:
    return any(_BUILDS.search(f"{name} {command}") for name, command in package.manifest.scripts.items())
