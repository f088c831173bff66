"""A tree with some files written anew: what a commit would be after an edit."""

import hashlib
from collections.abc import Mapping
from functools import cached_property

from alecia_pipeline.source.tree import REGULAR, Entry, Tree


class Overlay:
    """`tree` with `files` (bytes by path) in it; the new blobs have the ids that git would give them."""

    def __init__(self, tree: Tree, files: Mapping[str, bytes]) -> None:
        self._tree = tree
        self._files = files

    @property
    def commit(self) -> str | None:
        """None: nobody has committed this."""
        return None

    @cached_property
    def entries(self) -> Mapping[str, Entry]:
        """Every path, in path order; a file that was there keeps its mode."""
        old = self._tree.entries
        new = {path: _entry(path, data, old.get(path)) for path, data in self._files.items()}
        return dict(sorted({**old, **new}.items()))

    def read(self, path: str) -> bytes:
        """Return a file's bytes. Raises KeyError for a path that is not an entry."""
        return self._files[path] if path in self._files else self._tree.read(path)

    def size(self, path: str) -> int:
        """Return a file's size in bytes. Raises KeyError for a path that is not an entry."""
        return len(self._files[path]) if path in self._files else self._tree.size(path)


def _entry(path: str, data: bytes, before: Entry | None) -> Entry:
    oid = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
    return Entry(path, before.mode if before else REGULAR, oid)
