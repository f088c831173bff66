"""What files import, remembered by blob, and read on every core where much is new.

An extract depends on the file's bytes, on its kind and on the code that reads it, and on nothing else. The blob's id
stands for the bytes, and a hash of the extracting modules and of the parser's version for the code.
"""

import hashlib
import json
from collections.abc import Mapping

from alecia_pipeline.adapters.cache import Cache
from alecia_pipeline.adapters.cores import on_every_core
from alecia_pipeline.adapters.program import code_version
from alecia_pipeline.audit.sources.extract import extract
from alecia_pipeline.audit.sources.imports import Import, Imports
from alecia_pipeline.source.tree import Tree

_PARSERS = ("tree-sitter", "tree-sitter-typescript", "pyyaml")
_PASSING = b" "
"""Stands before an extract that is not to be kept; JSON does not mind."""


class RememberedExtractor:
    """Extracts as `extract_all` does, with a cache before it."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    def __call__(self, tree: Tree, kinds: Mapping[str, str]) -> Mapping[str, Imports]:
        """Return path → imports for path → kind. Raises what `tree.read` raises."""
        code = code_version(("audit.sources", "source"), _PARSERS)
        keys = {path: _key(code, kind, tree.entries[path].oid) for path, kind in kinds.items()}
        kept = self._cache.get(sorted(set(keys.values())))
        new = {key: path for path, key in keys.items() if key not in kept}
        texts = on_every_core(lambda path: _text(tree, path, kinds[path]), list(new.values()))
        found = dict(zip(new, texts, strict=True))
        self._cache.put({key: text for key, text in found.items() if not text.startswith(_PASSING)})
        read = {key: _decoded(text) for key, text in {**kept, **found}.items()}
        return {path: read[key] for path, key in keys.items()}


def _key(code: bytes, kind: str, oid: str) -> bytes:
    return hashlib.blake2b(f"{kind}\0{oid}".encode(), key=code, digest_size=16).digest()


def _text(tree: Tree, path: str, kind: str) -> bytes:
    """Return a file's extract, marked when the bytes are not the blob's: edited meanwhile, or passed a git filter."""
    data = tree.read(path)
    oid = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
    return (b"" if oid == tree.entries[path].oid else _PASSING) + _encoded(extract(data, kind))


def _encoded(imports: Imports) -> bytes:
    return json.dumps(imports, separators=(",", ":")).encode()


def _decoded(text: bytes) -> Imports:
    rows, ambient, apart = json.loads(text)
    return Imports(tuple([Import._make(row) for row in rows]), tuple(ambient), apart)
