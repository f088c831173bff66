"""Lockfiles remembered by their bytes: the values take ten times as long to read from YAML as from JSON."""

import json
from hashlib import blake2b

from alecia_pipeline.adapters.cache import Cache
from alecia_pipeline.adapters.program import code_version
from alecia_pipeline.source.lockfile import Lockfile, lockfile_of
from alecia_pipeline.source.yaml_document import load_yaml

MAX_KEPT = 16_000_000
"""Bytes of JSON. The largest lockfile of the benchmarks takes 4 MB; aliases that expand may take any number."""


class RememberedLockfile:
    """Parses as `parse_lockfile` does, with a cache before it."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    def __call__(self, data: bytes, path: str) -> Lockfile:
        """Return the lockfile. Raises UsageError with path and line."""
        code = code_version(("source.yaml_document", "source.text"), ("pyyaml",))
        key = blake2b(data, key=code, digest_size=16, person=b"lockfile").digest()
        kept = self._cache.get([key]).get(key)
        if kept:
            return lockfile_of(json.loads(kept), path)
        raw = load_yaml(data, path)
        text = json.dumps(raw, separators=(",", ":"))
        if len(text) <= MAX_KEPT and json.loads(text) == raw:
            self._cache.put({key: text.encode()})
        return lockfile_of(raw, path)
