"""The fields of a build key, and the key itself.

The key is SHA-256 over one JSON document (sorted keys, no spaces, ASCII) with exactly these members: `schema`,
`dockerfile` (path), `target`, `packages` (folder -> SHA-256 over "<git mode> <git blob id> <path>", ended by NUL, for
each visible file), `files` (every other file: path -> "<git mode> <git blob id>"; what is sent cut has a SHA-256 in
place of the id, the lockfile that of its entries), `build_args`, `secrets` (ids, never values), `bases` (as written ->
digest or stand-in, empty when unpinned), `tools`, `platform`, `epoch`. Whatever changes a key is one of them, so every
cause can be named.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from dataclasses import fields as dataclass_fields

from alecia_pipeline.images.bases import Base
from alecia_pipeline.images.command import PLATFORM
from alecia_pipeline.images.context import Context
from alecia_pipeline.images.parts import Part
from alecia_pipeline.source.base_lock import BaseLock
from alecia_pipeline.source.lockfile import LOCKFILE
from alecia_pipeline.source.tree import Entry
from alecia_pipeline.source.workspace import Workspace

SCHEMA = 4
"""Raise it when the meaning of a field changes, or what the pipeline makes of a built layer (dates, compression): every
image is then built anew. Else one key would have two digests, by the version that built it."""


@dataclass(frozen=True)
class BuildFields:
    """What an image depends on. Mappings have plain text on both sides, so that a cause can show both."""

    dockerfile: str
    target: str | None
    packages: Mapping[str, str]
    files: Mapping[str, str]
    build_args: Mapping[str, str]
    secrets: tuple[str, ...]
    bases: Mapping[str, str]
    tools: Mapping[str, str]
    epoch: int
    platform: str = PLATFORM
    schema: int = SCHEMA


@dataclass(frozen=True)
class Facts:
    """What is not hashed, because it is told already, but says why two keys differ.

    `files`: those of packages that are not the same in the other, as the fields' own are written.
    """

    closure: frozenset[str] = frozenset()
    ignored: frozenset[str] = frozenset()
    files: Mapping[str, str] = field(default_factory=dict)
    lock: Mapping[str, str] = field(default_factory=dict)


def build_fields(
    context: Context, build_args: Mapping[str, str], bases: Iterable[Base], tools: Mapping[str, str]
) -> BuildFields:
    """Return the fields of one app's image. `bases`: the images that its Dockerfile reads."""
    return BuildFields(
        dockerfile=context.app.dockerfile,
        target=context.app.target,
        packages={folder: part.sha256 for folder, part in context.parts.items()},
        files={entry.path: _line(entry, context) for entry in context.loose},
        build_args=dict(build_args),
        secrets=context.reads.secrets,
        bases={base.name: base.field for base in bases},
        tools=tools,
        epoch=context.app.config.epoch,
    )


def build_key(fields: BuildFields) -> str:
    """Return the build key: 64 hex digits."""
    members = {item.name: getattr(fields, item.name) for item in dataclass_fields(fields)}
    document = json.dumps(members, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(document.encode()).hexdigest()


def context_facts(context: Context, other: Context) -> Facts:
    """Return what explains a context's differences from another."""
    lines = {
        entry.path: _line(entry, context)
        for folder, part in context.parts.items()
        for entry in _changed(part, other.parts.get(folder))
    }
    lock = context.lock.facts(other.lock) if context.lock else {}
    return Facts(frozenset(context.closure), context.ignored, lines, lock)


def _changed(part: Part, other: Part | None) -> Iterable[Entry]:
    """Return the files of a package that are not the same in the other commit."""
    if other is None:
        return part.files
    return () if part.sha256 == other.sha256 else set(part.files) - set(other.files)


def _line(entry: Entry, context: Context) -> str:
    """Return git's mode and blob id; of a file that is sent cut, the hash of what is left."""
    content = entry.oid
    if context.lock and is_lockfile(entry.path):
        content = context.lock.sha256
    elif entry.path in context.cut:
        content = hashlib.sha256(context.cut[entry.path]).hexdigest()
    return f"{entry.mode:06o} {content}"


def is_lockfile(path: str) -> bool:
    """Tell whether a context file is the sliced lockfile, whose changes are told entry by entry."""
    return path == LOCKFILE


def tools_of(workspace: Workspace, lock: BaseLock) -> Mapping[str, str]:
    """Return the package manager that the root manifest pins, hash and all, and the builder that alecia.lock does.

    turbo is in the lockfile's slice, like every other tool that an install brings.
    """
    name, _, version = (workspace.root.manifest.package_manager or "").partition("@")
    tools = {name: version} if name else {}
    return {**tools, "builder": lock.builder} if lock.builder else tools
