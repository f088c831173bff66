"""What a plan found out about contents, remembered by their ids: without it, every plan reads every file.

Where the files of a package lead to outside of it, and the values of a lockfile's blocks.
"""

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b

from alecia_pipeline.adapters.cache import Cache
from alecia_pipeline.adapters.program import code_version
from alecia_pipeline.images.references import Reference

FASTEST = 1
"""Of zlib's levels."""

_OF_LOCKFILES = ("source.lock_blocks", "source.yaml_document", "source.text")
_MODULES = (
    *("images.references", "images.refusals", "images.parts", "images.turbo"),
    *("source.jsonc", "source.glob", "source.secret_forms"),
)


class RememberedParts:
    """Keeps it in a cache; losing that costs time, never an answer."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    def leaving(self, packages: Mapping[str, str]) -> Mapping[str, tuple[Reference, ...]]:
        """Return what the files of each package name elsewhere, where files with this hash were looked at."""
        keys = {_key(package, sha256): package for package, sha256 in packages.items()}
        kept = self._cache.get(list(keys))
        return {keys[key]: _references(json.loads(value)) for key, value in kept.items()}

    def files(self, packages: Iterable[str]) -> Mapping[str, Mapping[str, Sequence[Reference]]]:
        """Return the same for each file of the packages, by `file_key`, as they were when somebody looked last."""
        keys = {_key(package, ""): package for package in packages}
        kept = self._cache.get(list(keys))
        return {
            keys[key]: {file: _references(named) for file, named in json.loads(zlib.decompress(value)).items()}
            for key, value in kept.items()
        }

    def keep(
        self,
        packages: Mapping[str, str],
        leaving: Mapping[str, Sequence[Reference]],
        by_file: Mapping[str, Mapping[str, Sequence[Reference]]],
    ) -> None:
        """Remember both; `packages`: package -> hash of its files. Those of its files replace the ones before."""
        whole = {_key(package, sha256): json.dumps(leaving[package]).encode() for package, sha256 in packages.items()}
        files = {_key(name, ""): zlib.compress(json.dumps(named).encode(), FASTEST) for name, named in by_file.items()}
        self._cache.put({**whole, **files})

    def notes(self, oid: str) -> bytes | None:
        """Return the notes of the lockfile with this blob id, or None where nobody has read it."""
        key = _notes_key(oid)
        kept = self._cache.get([key]).get(key)
        return zlib.decompress(kept) if kept else None

    def keep_notes(self, oid: str, notes: bytes) -> None:
        """Remember them."""
        self._cache.put({_notes_key(oid): zlib.compress(notes, FASTEST)})


def _references(named: Iterable[tuple[str, bool]]) -> tuple[Reference, ...]:
    return tuple(Reference(path, is_open) for path, is_open in named)


def _notes_key(oid: str) -> bytes:
    key = code_version(_OF_LOCKFILES, ())
    return blake2b(oid.encode(), key=key, digest_size=16, person=b"lockfile").digest()


def _key(package: str, sha256: str) -> bytes:
    text = f"{sha256} {package}".encode()
    return blake2b(text, key=code_version(_MODULES, ()), digest_size=16, person=b"parts").digest()
