"""What a plan found out about contents, remembered by their ids: without it, every plan reads every file.

Where the files of a package lead to outside of it, and the values of a lockfile's blocks.
"""

import json
import zlib
from collections.abc import Mapping, Sequence
from hashlib import blake2b

from alecia_pipeline.adapters.cache import Cache
from alecia_pipeline.adapters.program import code_version
from alecia_pipeline.images.references import Reference

_OF_LOCKFILES = ("source.lock_blocks", "source.yaml_document", "source.text")
_MODULES = ("images.references", "images.refusals", "images.parts", "source.jsonc")


class RememberedParts:
    """Keeps it in a cache; losing that costs time, never an answer."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    def leaving(self, package: str, sha256: str) -> tuple[Reference, ...] | None:
        """Return what the files with this hash name elsewhere, or None where nobody has looked."""
        key = _key(package, sha256)
        kept = self._cache.get([key]).get(key)
        return tuple(Reference(path, is_open) for path, is_open in json.loads(kept)) if kept else None

    def keep(self, package: str, sha256: str, leaving: Sequence[Reference]) -> None:
        """Remember it."""
        self._cache.put({_key(package, sha256): json.dumps(leaving).encode()})

    def files(self, package: str) -> Mapping[str, Sequence[Reference]]:
        """Return the same for each file of the package that was looked at last, by `file_key`."""
        key = _key(package, "")
        kept = self._cache.get([key]).get(key)
        found = json.loads(zlib.decompress(kept)) if kept else {}
        return {file: tuple(Reference(path, is_open) for path, is_open in named) for file, named in found.items()}

    def keep_files(self, package: str, files: Mapping[str, Sequence[Reference]]) -> None:
        """Remember them in place of those before."""
        self._cache.put({_key(package, ""): zlib.compress(json.dumps(files).encode(), 1)})

    def notes(self, oid: str) -> bytes | None:
        """Return the notes of the lockfile with this blob id, or None where nobody has read it."""
        key = _notes_key(oid)
        kept = self._cache.get([key]).get(key)
        return zlib.decompress(kept) if kept else None

    def keep_notes(self, oid: str, notes: bytes) -> None:
        """Remember them."""
        self._cache.put({_notes_key(oid): zlib.compress(notes, 1)})


def _notes_key(oid: str) -> bytes:
    key = code_version(_OF_LOCKFILES, ())
    return blake2b(oid.encode(), key=key, digest_size=16, person=b"lockfile").digest()


def _key(package: str, sha256: str) -> bytes:
    text = f"{sha256} {package}".encode()
    return blake2b(text, key=code_version(_MODULES, ()), digest_size=16, person=b"parts").digest()
