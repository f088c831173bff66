"""Which pnpm is meant: rules differ between its major versions, and a repository rarely says all."""

import re

from alecia_pipeline.audit.manifests.ranges import overlap
from alecia_pipeline.source.documents import as_mapping
from alecia_pipeline.source.lockfile import Lockfile
from alecia_pipeline.source.manifest import Manifest

KNOWN = (6, 7, 8, 9, 10, 11, 12)
"""The major versions whose rules are known."""

_FORMATS = {6: (5,), 7: (5,), 8: (6,), 9: (6, 9)}
_NEWEST_FORMAT = (9,)
_PINNED = re.compile(r"pnpm@\D{0,2}(\d+)\b.*", re.DOTALL)

OBEYS_NODE_ENV = 9
"""The last pnpm that leaves devDependencies out because of NODE_ENV=production (tried with 9 to 12)."""


def majors(root: Manifest, lockfile: Lockfile | None) -> tuple[int, ...]:
    """Return the major versions of pnpm that may be meant: the pinned one, else those that read the lockfile's format.

    A lockfile that the pinned pnpm cannot read is `package-manager-mismatch`; its content is judged all the same.
    """
    allowed = _allowed(root)
    readers = tuple(major for major in KNOWN if lockfile is None or lockfile.major in formats_of(major))
    return tuple(major for major in readers if major in allowed) or readers or KNOWN[-1:]


def _allowed(manifest: Manifest) -> tuple[int, ...]:
    """Return the major versions that the root's package.json lets in, by the first of three fields that says so."""
    found = _PINNED.fullmatch(manifest.package_manager or "")
    if found:
        return (int(found[1]),)
    engines = as_mapping(manifest.raw.get("devEngines"), manifest.path, "devEngines").get("packageManager")
    named = [item for item in (engines if isinstance(engines, list) else [engines]) if isinstance(item, dict)]
    ranges = [str(item.get("version", "")) for item in named if item.get("name") == "pnpm"]
    ranges.append(str(as_mapping(manifest.raw.get("engines"), manifest.path, "engines").get("pnpm", "")))
    text = next(filter(None, ranges), "*")
    return tuple(major for major in KNOWN if overlap(f"{major}.x", text))


def formats_of(major: int) -> tuple[int, ...]:
    """Return the lockfile formats that a version of pnpm installs from without writing them anew (tried)."""
    return _FORMATS.get(major, _NEWEST_FORMAT)
