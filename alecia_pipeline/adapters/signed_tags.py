"""Signatures in a registry as cosign keeps them: one manifest under a tag of the image's digest, a layer for each."""

import json
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from alecia_pipeline.adapters.referrers import LARGEST, MANIFEST_TYPE
from alecia_pipeline.adapters.registry import Registry
from alecia_pipeline.adapters.registry_http import RegistryClient
from alecia_pipeline.errors import OutsideError
from alecia_pipeline.images.ports import SignedEntry
from alecia_pipeline.images.provenance import canonical_json
from alecia_pipeline.images.reference import Repository, is_digest

_CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
_MOST = 1000
"""Entries of one image."""


class SignedTags:
    """The lists of signatures and signed statements of one registry host. Use it as a context manager."""

    def __init__(self, client: RegistryClient) -> None:
        self._client = client
        self._registry = Registry(client)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def entries(self, repository: Repository, tag: str) -> tuple[SignedEntry, ...]:
        """Return a list's entries, checked by their digests; none where there is no list. Raises OutsideError."""
        found = self._registry.manifest(repository, tag)
        place = f"{repository}:{tag}"
        return tuple(self._entry(repository, place, layer) for layer in _layers(place, found.data)) if found else ()

    def write(self, repository: Repository, tag: str, entries: Sequence[SignedEntry]) -> None:
        """Put a list in place of the one that is there. Raises OutsideError."""
        blobs = [self._registry.put_blob(repository, entry.content) for entry in entries]
        rootfs = {"type": "layers", "diff_ids": [blob.digest for blob in blobs]}
        config = self._registry.put_blob(
            repository, canonical_json({"architecture": "", "os": "", "config": {}, "rootfs": rootfs})
        )
        layers = [
            {
                "mediaType": entry.media_type,
                "digest": blob.digest,
                "size": blob.size,
                "annotations": dict(entry.annotations),
            }
            for entry, blob in zip(entries, blobs, strict=True)
        ]
        described = {"mediaType": _CONFIG_TYPE, "digest": config.digest, "size": config.size}
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST_TYPE, "config": described, "layers": layers}
        data = canonical_json(manifest)
        self._registry.put_manifest(repository, tag, data, MANIFEST_TYPE)

    def _entry(self, repository: Repository, place: str, layer: Any) -> SignedEntry:
        found = layer if isinstance(layer, dict) else {}
        digest, size, annotations = found.get("digest"), found.get("size"), found.get("annotations") or {}
        sound = isinstance(digest, str) and is_digest(digest) and isinstance(size, int) and size <= LARGEST
        if not sound or not isinstance(annotations, dict):
            raise _wrong(place, f"an entry is no document of at most {LARGEST:,} bytes")
        content = self._registry.blob(repository, str(digest))
        return SignedEntry(
            str(found.get("mediaType")), content, {str(name): str(text) for name, text in annotations.items()}
        )


def _layers(place: str, manifest: bytes) -> list[Any]:
    try:
        document = json.loads(manifest)
    except (ValueError, RecursionError) as error:
        raise _wrong(place, f"their list is not JSON: {error}") from error
    layers = document.get("layers") if isinstance(document, dict) else None
    if not isinstance(layers, list) or len(layers) > _MOST:
        raise _wrong(place, f"their list is no manifest with at most {_MOST} layers")
    return layers


def _wrong(place: str, why: str) -> OutsideError:
    return OutsideError(
        "the signatures of an image cannot be read",
        where=place,
        why=why,
        fix="look at who wrote that tag, and delete it; `apps.<app>.epoch` has the image built and signed anew",
    )
