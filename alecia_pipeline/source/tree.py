"""The files of a commit (or of a working tree), as every other module sees them."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

REGULAR = 0o100644
EXECUTABLE = 0o100755
SYMLINK = 0o120000
SUBMODULE = 0o160000
ABSENT = 1 << 20
"""Added to the mode of a file whose content this clone does not have: a partial clone, or a cut copy."""


class Entry(NamedTuple):
    """One path of a tree: `mode` is one of those above, or ABSENT and one; `oid`: the hex id of blob or commit."""

    path: str
    mode: int
    oid: str

    @property
    def is_file(self) -> bool:
        """Whether it is a plain file that can be read; a symlink is none."""
        return self.mode in {REGULAR, EXECUTABLE}

    @property
    def is_absent(self) -> bool:
        """Whether this clone knows its id and not its content."""
        return self.mode >= ABSENT


def folder_of(path: str) -> str:
    """Return the folder of a tree's path, empty at the root: `posixpath.dirname` in a third of its time."""
    return path.rpartition("/")[0]


class Tree(Protocol):
    """A snapshot of a repository's files. Paths are relative to its root, with `/`, and sorted."""

    @property
    def commit(self) -> str | None:
        """The 40 hex digits of the commit, or None for a working tree."""
        ...

    @property
    def entries(self) -> Mapping[str, Entry]:
        """Every tracked path, in path order. Folders are not entries."""
        ...

    def read(self, path: str) -> bytes:
        """Return a file's bytes (a symlink's target).

        Raises KeyError for a path that is not an entry, UsageError for a file that this clone does not have.
        """
        ...

    def size(self, path: str) -> int:
        """Return how many bytes `read` returns, without reading them. Raises what `read` does."""
        ...
