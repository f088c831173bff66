"""`alecia.lock`: the digests that the tags of base images had when somebody looked. Committed beside the lockfile.

version: 1
builder: v0.12.5            # BuildKit's version, as `docker buildx inspect` names it; may be missing
images:
  node:20-alpine: sha256:…  # as the Dockerfiles write it
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from alecia_pipeline.errors import UsageError
from alecia_pipeline.source.documents import as_mapping, as_strings
from alecia_pipeline.source.tree import Tree
from alecia_pipeline.source.yaml_document import load_yaml
from alecia_pipeline.source.yaml_text import render_yaml

BASE_LOCK = "alecia.lock"

VERSION = 1

_HEADER = "# Written by `alecia lock`; `alecia lock --update` moves the tags to what they are today. Commit it.\n"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_KEYS = frozenset({"version", "builder", "images"})


@dataclass(frozen=True)
class BaseLock:
    """What is locked: image as written -> digest, and the builder's version."""

    images: Mapping[str, str] = field(default_factory=dict)
    builder: str | None = None


def read_base_lock(tree: Tree) -> BaseLock:
    """Return the lock of a tree, empty without the file. Raises UsageError for one that is not valid."""
    return parse_base_lock(tree.read(BASE_LOCK)) if BASE_LOCK in tree.entries else BaseLock()


def parse_base_lock(data: bytes) -> BaseLock:
    """Parse `alecia.lock`. Raises UsageError with what is wrong: a lock that is half understood pins nothing."""
    document = as_mapping(load_yaml(data, BASE_LOCK), BASE_LOCK, "the document")
    if document.get("version") != VERSION:
        raise _invalid(f"its version is {document.get('version')!r}; known is {VERSION}")
    unknown = sorted(map(str, document.keys() - _KEYS))
    if unknown:
        raise _invalid(f"unknown key {unknown[0]!r}; known here: {', '.join(sorted(_KEYS))}")
    images = as_strings(document.get("images"), BASE_LOCK, "images")
    wrong = next((name for name, digest in images.items() if not _DIGEST.fullmatch(digest)), None)
    if wrong is not None:
        raise _invalid(f"{wrong} has no digest (sha256: and 64 hex digits), but {images[wrong]!r:.80}")
    builder = document.get("builder")
    return BaseLock(images, None if builder is None else str(builder))


def render_base_lock(lock: BaseLock) -> bytes:
    """Return the file's bytes, names in order."""
    document: dict[str, object] = {"version": VERSION}
    if lock.builder:
        document["builder"] = lock.builder
    document["images"] = dict(sorted(lock.images.items()))
    return (_HEADER + render_yaml(document)).encode()


def _invalid(why: str) -> UsageError:
    return UsageError(
        f"{BASE_LOCK} is not valid", where=BASE_LOCK, why=why, fix="`alecia lock` writes it anew from the Dockerfiles"
    )
