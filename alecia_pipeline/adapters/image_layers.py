"""The layers of images, by digest. A manifest never changes, so each is read once and remembered."""

import json
from hashlib import blake2b

from alecia_pipeline.adapters.cache import Cache
from alecia_pipeline.adapters.program import code_version
from alecia_pipeline.images.manifest import layers_of
from alecia_pipeline.images.ports import Blob, ImageRegistry
from alecia_pipeline.images.reference import Repository


class ImageLayers:
    """Asks a registry for what the cache has not; losing the cache costs time, never an answer."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    def kept(self, digest: str) -> tuple[Blob, ...] | None:
        """Return the layers of an image that somebody has asked for before."""
        key = _key(digest)
        found = self._cache.get([key]).get(key)
        return tuple(Blob(*layer) for layer in json.loads(found)) if found else None

    def ask(self, registry: ImageRegistry, repository: Repository, digest: str) -> tuple[Blob, ...] | None:
        """Return an image's layers, the lowest first. None when it is not there, or is no image of one platform.

        Raises OutsideError when the registry refuses, is silent, or gives other bytes than the digest's.
        """
        manifest = registry.manifest(repository, digest)
        layers = layers_of(manifest.data) if manifest else None
        if layers is not None:
            rows = [(layer.digest, layer.size) for layer in layers]
            self._cache.put({_key(digest): json.dumps(rows).encode()})
        return layers


def _key(digest: str) -> bytes:
    code = code_version(("images.manifest",), ())
    return blake2b(digest.encode(), key=code, digest_size=16, person=b"layers").digest()
