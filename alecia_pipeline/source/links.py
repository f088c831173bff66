"""Symbolic links of a commit, followed as a file system would, inside of the commit alone."""

from typing import NamedTuple

from alecia_pipeline.errors import UsageError
from alecia_pipeline.source.tree import SYMLINK, Tree, folder_of

MAX_LINKS = 40
"""Links passed through before a path is held to be a circle, as Linux has it."""


class Route(NamedTuple):
    """Where a path leads: the `path` behind all links (empty for the root), and the `links` on the way, in order."""

    path: str
    links: tuple[str, ...]


def follow(tree: Tree, path: str) -> Route | None:
    """Return where a path leads, which need not exist. None: in a circle, or out of the commit."""
    links: list[str] = []
    done = ""
    rest = path.split("/")[::-1]
    while rest:
        part = rest.pop()
        if part == "..":
            if not done:
                return None
            done = folder_of(done)
        elif part not in {"", "."}:
            at = f"{done}/{part}" if done else part
            entry = tree.entries.get(at)
            if entry is None or entry.mode != SYMLINK:
                done = at
                continue
            target = tree.read(at).decode(errors="replace")
            links.append(at)
            if len(links) > MAX_LINKS or target.startswith("/"):
                return None
            rest += target.split("/")[::-1]
    return Route(done, tuple(links))


def read_file(tree: Tree, path: str) -> bytes:
    """Return the bytes of a file, behind links too. Raises UsageError where it leads to none."""
    route = follow(tree, path)
    if route is None or route.path not in tree.entries:
        raise UsageError(
            f"{path} is a link to what the commit has not",
            where=path,
            why="nobody can tell what a build would read",
            fix="commit the file that it leads to, or the file itself in its place",
        )
    return tree.read(route.path)
