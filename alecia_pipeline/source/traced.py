"""A tree that tells what was read of it: what follows from a tree follows from its paths and from these files."""

from collections.abc import Mapping

from alecia_pipeline.source.tree import Entry, Tree


class Traced:
    """`tree`, with the files that were read of it so far in `seen`: path -> blob."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self.seen: dict[str, str] = {}

    @property
    def commit(self) -> str | None:
        """The commit, or None for a working tree."""
        return self._tree.commit

    @property
    def entries(self) -> Mapping[str, Entry]:
        """Every path, in path order."""
        return self._tree.entries

    def read(self, path: str) -> bytes:
        """Return a file's bytes. Raises what the tree does."""
        data = self._tree.read(path)
        self.seen[path] = self.entries[path].oid
        return data

    def size(self, path: str) -> int:
        """Return a file's size in bytes, which its content says too. Raises what the tree does."""
        self.seen[path] = self.entries[path].oid
        return self._tree.size(path)
