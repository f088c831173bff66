"""The name of a layer cache: one for all commits between which installs see the same files."""

import hashlib
import json
from posixpath import basename

from alecia_pipeline.images.context import Context
from alecia_pipeline.images.fields import BuildFields
from alecia_pipeline.source.lockfile import LOCKFILE
from alecia_pipeline.source.manifest import MANIFEST_FILE

_DIGITS = 16

_INSTALL_FILES = frozenset({
    MANIFEST_FILE, LOCKFILE, "pnpm-workspace.yaml", ".npmrc", ".pnpmfile.cjs", "package-lock.json", "yarn.lock"
})  # fmt: skip
"""What package managers read: what they make of it is worth keeping, and a line of source leaves it valid."""

_PATCHES = "patches/"


def cache_tag(context: Context, fields: BuildFields) -> str:
    """Return the tag of an app's layer cache.

    Written once for each: exporting takes 11 s for a website even when the registry has every layer already, and what
    a one-line change adds to it, no other build could use. It only says where to look; what is a hit, BuildKit decides.
    """
    seen = (entry for entry in context.files if _is_of_install(entry.path, fields.dockerfile))
    files = {entry.path: fields.files.get(entry.path, f"{entry.mode:06o} {entry.oid}") for entry in seen}
    members = [files, fields.target, fields.build_args, fields.bases, fields.platform, fields.epoch]
    return f"cache-{hashlib.sha256(json.dumps(members, sort_keys=True).encode()).hexdigest()[:_DIGITS]}"


def _is_of_install(path: str, dockerfile: str) -> bool:
    return path == dockerfile or path.startswith(_PATCHES) or basename(path) in _INSTALL_FILES
