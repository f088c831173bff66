"""The fields of a build key, and the key itself.

The key is SHA-256 over one JSON document (sorted keys, no spaces, ASCII) with exactly these members: `schema`,
`dockerfile` (path), `target`, `files` (path -> "<git mode> <sha256>", the Dockerfile and the lockfile's slice among
them), `build_args`, `secrets` (ids, never values), `bases` (as written -> digest or stand-in, empty when unpinned),
`tools`, `platform`, `epoch`. Whatever changes a key is one of them, so every cause can be named.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from alecia_pipeline.images.command import PLATFORM
from alecia_pipeline.images.context import Context
from alecia_pipeline.source.lockfile import LOCKFILE
from alecia_pipeline.source.workspace import Workspace

SCHEMA = 1
"""Raise it when the meaning of a field changes: every image is then built anew."""


@dataclass(frozen=True)
class BuildFields:
    """What an image depends on. Mappings have plain text on both sides, so that a cause can show both."""

    dockerfile: str
    target: str | None
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
    """What is not hashed, because the files tell it already, but says why they differ."""

    closure: frozenset[str] = frozenset()
    ignored: frozenset[str] = frozenset()
    lock: Mapping[str, str] = field(default_factory=dict)


def build_fields(
    context: Context, workspace: Workspace, build_args: Mapping[str, str], stand_ins: Mapping[str, str]
) -> BuildFields:
    """Return the fields of one app's image. `stand_ins` are the builder's replacements for base images."""
    return BuildFields(
        dockerfile=context.app.dockerfile,
        target=context.app.target,
        files={file.path: f"{file.mode:06o} {file.sha256}" for file in context.files},
        build_args=dict(build_args),
        secrets=context.reads.secrets,
        bases={base: stand_ins.get(base, _pin(base)) for base in context.reads.bases},
        tools=_tools(workspace),
        epoch=context.app.config.epoch,
    )


def build_key(fields: BuildFields) -> str:
    """Return the build key: 64 hex digits."""
    document = json.dumps(asdict(fields), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(document.encode()).hexdigest()


def context_facts(context: Context) -> Facts:
    """Return what explains a context's differences from another."""
    return Facts(frozenset(context.closure), context.ignored, context.lock.facts if context.lock else {})


def is_lockfile(path: str) -> bool:
    """Tell whether a context file is the sliced lockfile, whose changes are told entry by entry."""
    return path == LOCKFILE


def _pin(base: str) -> str:
    _, _, digest = base.partition("@")
    return digest


def _tools(workspace: Workspace) -> dict[str, str]:
    """Return the package manager that the root manifest pins, without the hash that may follow its version."""
    declared = workspace.root.manifest.package_manager or ""
    name, _, version = declared.partition("@")
    return {name: version} if name else {}
