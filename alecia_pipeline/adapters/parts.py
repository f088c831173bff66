"""What the files of a package name outside of it, remembered by their ids: without it, every plan reads every file."""

import json
from collections.abc import Sequence
from hashlib import blake2b

from alecia_pipeline.adapters.cache import Cache
from alecia_pipeline.adapters.program import code_version
from alecia_pipeline.images.references import Reference

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


def _key(package: str, sha256: str) -> bytes:
    text = f"{sha256} {package}".encode()
    return blake2b(text, key=code_version(_MODULES, ()), digest_size=16, person=b"parts").digest()
