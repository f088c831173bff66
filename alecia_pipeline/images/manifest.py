"""Image manifests: which layers an image has. What a registry gives is checked, not believed."""

import json
from collections.abc import Mapping
from typing import Any

from alecia_pipeline.images.ports import Blob
from alecia_pipeline.images.reference import is_digest


def is_manifest(data: bytes) -> bool:
    """Tell whether bytes are the manifest of an image, or an index of several."""
    document = _document(data)
    return any(isinstance(document.get(part), list) for part in ("layers", "manifests"))


def layers_of(data: bytes) -> tuple[Blob, ...] | None:
    """Return an image's layers, the lowest first; None for what is no manifest of one image."""
    layers = _document(data).get("layers")
    if not isinstance(layers, list):
        return None
    found = tuple(blob for blob in map(_blob, layers) if blob)
    return found if len(found) == len(layers) else None


def pulled_bytes(data: bytes) -> int | None:
    """Return the bytes of an image, config and layers, compressed; None for what is no manifest of one image."""
    config, layers = _blob(_document(data).get("config")), layers_of(data)
    return None if config is None or layers is None else sum(blob.size for blob in (config, *layers))


def _document(data: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _blob(layer: Any) -> Blob | None:
    digest, size = (layer.get("digest"), layer.get("size")) if isinstance(layer, dict) else (None, None)
    if not isinstance(digest, str) or not isinstance(size, int) or size < 0 or not is_digest(digest):
        return None
    return Blob(digest, size)
