"""Commits and working trees through libgit2. No checkout, no hooks; nothing that a repository configures is run."""

import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import pygit2
from pygit2.enums import FileStatus, ObjectType, Option

from alecia_pipeline.errors import UsageError
from alecia_pipeline.source.tree import ABSENT, EXECUTABLE, REGULAR, SUBMODULE, SYMLINK, Entry, Tree

# Continuous integration often checks out as another user. git refuses such repositories because their
# configuration could start programs; nothing here ever runs one.
pygit2.option(Option.SET_OWNER_VALIDATION, 0)

# By default a pack file is mapped as a whole, and every page that was looked at counts as this process's memory.
pygit2.settings.mwindow_size = 4 << 20
pygit2.settings.mwindow_mapped_limit = 16 << 20

LISTINGS_KEPT = 50_000
"""Folders; a commit adds those that it changes."""

TREE = 0o040000

_TREE_ENTRY = re.compile(rb"([0-7]+) ([^\0]*)\0(.{20})", re.DOTALL)
"""One entry of a tree object: mode, name, 20 bytes of SHA-1 (libgit2 reads no repository with SHA-256)."""

_FORBIDDEN = frozenset({"", ".", "..", ".git"})
_CHANGED = FileStatus.WT_MODIFIED | FileStatus.WT_TYPECHANGE | FileStatus.WT_NEW


class Commits:
    """The commits of one repository, opened once; a folder that commits share is listed once."""

    def __init__(self, repo: Path) -> None:
        self._repo = repo
        self._repository = _open(repo)
        self._listings = Listings(self._repository)

    def resolve(self, rev: str) -> str:
        """Return the 40 hex digits of the commit that `rev` names. Raises UsageError."""
        return str(_commit(self._repository, self._repo, rev).id)

    def subject(self, rev: str) -> str:
        """Return the first line of a commit's message. Raises UsageError."""
        return _commit(self._repository, self._repo, rev).message.strip().partition("\n")[0]

    def tree(self, rev: str) -> "CommitTree":
        """Return the tree of a revision. Raises UsageError."""
        return CommitTree(self._repository, _commit(self._repository, self._repo, rev), self._listings)


class Listings:
    """What is below each folder that was looked at, by the folder's id and its path."""

    def __init__(self, repository: pygit2.Repository) -> None:
        self._repository = repository
        self._known: dict[tuple[str, str], tuple[Entry, ...]] = {}

    def below(self, folder: str, prefix: str = "") -> tuple[Entry, ...]:
        """Return every file of a folder, by its id, and of those in it.

        Raises UsageError for a path that no build can hold, KeyError for an id that is no folder's.
        """
        known = folder, prefix
        if known not in self._known:
            found = tuple(self._listed(folder, prefix))
            if any(entry.is_absent for entry in found):  # a later fetch may bring it
                return found
            if len(self._known) >= LISTINGS_KEPT:
                self._known.clear()
            self._known[known] = found
        return self._known[known]

    def _listed(self, folder: str, prefix: str) -> Iterator[Entry]:
        # The object's bytes: pygit2's own listing makes two objects of each entry, and takes three times as long.
        _, data = self._repository.read(pygit2.Oid(hex=folder))
        for found in _TREE_ENTRY.finditer(bytes(data)):
            raw, name, oid = int(found[1], 8), found[2].decode(errors="surrogateescape"), found[3].hex()
            path = f"{prefix}{name}"
            if name.lower() in _FORBIDDEN or "/" in name:
                raise _unusable(path, f"{name!r} is no name of a file or folder")
            if not name.isascii() and any("\ud800" <= letter <= "\udfff" for letter in name):
                raise _unusable(ascii(path), "its name is not UTF-8")
            if raw == TREE:
                yield from self.below(oid, f"{path}/")
            else:
                is_here = raw == SUBMODULE or self._repository.odb.exists(oid)
                yield Entry(path, _mode(raw) + (0 if is_here else ABSENT), oid)


def _mode(raw: int) -> int:
    """Return one of the modes that are written today; old tools wrote 100664, which every checkout takes as 100644."""
    if raw in {SYMLINK, SUBMODULE}:
        return raw
    return EXECUTABLE if raw & stat.S_IXUSR else REGULAR


class CommitTree:
    """The files of one commit; blobs are read when asked for."""

    def __init__(self, repository: pygit2.Repository, commit: pygit2.Commit, listings: Listings | None = None) -> None:
        self._repository = repository
        self._commit = commit
        self._listings = listings or Listings(repository)

    @property
    def commit(self) -> str | None:
        """The 40 hex digits of the commit."""
        return str(self._commit.id)

    @cached_property
    def entries(self) -> Mapping[str, Entry]:
        """Every path of the commit, in path order.

        Raises UsageError for a path that no build can hold, and for a folder that this clone lacks.
        """
        try:
            found = {entry.path: entry for entry in self._listings.below(str(self._commit.tree_id))}
        except (KeyError, pygit2.GitError) as error:
            raise _lost("the commit's folders", str(self.commit), str(error)) from error
        return {path: found[path] for path in sorted(found)}

    def read(self, path: str) -> bytes:
        """Return a file's bytes. Raises KeyError for a path that is not a file, UsageError for one that is absent."""
        # Not by the repository's []: it looks an id up as a prefix and makes an object, which takes half as long again.
        kind, data = self._from(path, self._repository.read)
        if kind != ObjectType.BLOB:  # pragma: no cover - an entry is a blob, or a submodule (KeyError)
            raise KeyError(path)
        return bytes(data)

    def size(self, path: str) -> int:
        """Return a file's size in bytes. Raises as `read` does."""
        _, size = self._from(path, self._repository.odb.read_header)
        return int(size)

    def _from(self, path: str, read: Callable[[pygit2.Oid], tuple[Any, Any]]) -> tuple[Any, Any]:
        """Read an entry's object. Raises UsageError for one that is absent or damaged."""
        oid = pygit2.Oid(hex=self._present(path))
        try:
            return read(oid)
        except pygit2.GitError as error:
            if self.entries[path].mode == SUBMODULE:
                raise KeyError(path) from error
            raise _lost(path, f"{self.commit}:{path}", str(error)) from error

    def _present(self, path: str) -> str:
        entry = self.entries[path]
        if entry.is_absent:
            raise _lost(path, f"{self.commit}:{path}", "it is a partial clone, or an object was lost")
        return entry.oid


class WorkTree:
    """Tracked files as they are on disk, and new ones that are not ignored: what the next commit could hold."""

    def __init__(self, repository: pygit2.Repository) -> None:
        self._repository = repository
        self._root = Path(repository.workdir)

    @property
    def commit(self) -> str | None:
        """None: this is not a commit."""
        return None

    @cached_property
    def entries(self) -> Mapping[str, Entry]:
        """Every path, in path order; only files that differ from the index are read to get their id."""
        found = {e.path: Entry(e.path, int(e.mode), str(e.id)) for e in self._repository.index}
        for path, status in self._repository.status(untracked_files="all", ignored=False).items():
            if status & FileStatus.WT_DELETED:
                found.pop(path, None)
            elif status & _CHANGED and not path.endswith("/"):  # a folder here is another repository's
                found[path] = self._entry(path)
        return _sorted(found.values())

    def read(self, path: str) -> bytes:
        """Return a file's bytes. Raises KeyError for a path that is not an entry."""
        entry = self.entries[path]
        file = self._root / path
        return os.fsencode(file.readlink()) if entry.mode == SYMLINK else file.read_bytes()

    def size(self, path: str) -> int:
        """Return a file's size in bytes. Raises KeyError for a path that is not an entry."""
        return (self._root / self.entries[path].path).lstat().st_size

    def _entry(self, path: str) -> Entry:
        file = self._root / path
        mode = file.lstat().st_mode
        if stat.S_ISLNK(mode):
            return Entry(path, SYMLINK, str(pygit2.hash(os.fsencode(file.readlink()))))
        kind = EXECUTABLE if mode & stat.S_IXUSR else REGULAR
        return Entry(path, kind, str(pygit2.hashfile(str(file))))


def open_commit(repo: Path, rev: str) -> Tree:
    """Return the tree of a revision; `repo` may be bare, or a folder inside. Raises UsageError."""
    return Commits(repo).tree(rev)


def open_worktree(repo: Path) -> Tree:
    """Return the files of the working tree. Raises UsageError for a bare repository."""
    repository = _open(repo)
    if repository.is_bare:
        raise UsageError(
            "a bare repository has no working tree",
            where=str(repo),
            why="--worktree reads files",
            fix="leave --worktree out, or name a clone",
        )
    return WorkTree(repository)


def working_folder(repo: Path) -> Path:
    """Return the top folder of the working tree. Raises UsageError as `open_worktree` does."""
    open_worktree(repo)
    return Path(_open(repo).workdir)


def resolve(repo: Path, rev: str) -> str:
    """Return the 40 hex digits of the commit that `rev` names. Raises UsageError."""
    return str(_commit(_open(repo), repo, rev).id)


def remote_url(repo: Path) -> str | None:
    """Return the address of the remote `origin`, or of the first one; None without remotes. Raises UsageError."""
    remotes = {remote.name or "": remote.url for remote in _open(repo).remotes}
    return remotes.get("origin") or next(iter(remotes.values()), None)


def _sorted(entries: Iterable[Entry]) -> Mapping[str, Entry]:
    found = {entry.path: entry for entry in entries}
    for path in found:
        if not path.isascii() and any("\ud800" <= letter <= "\udfff" for letter in path):
            raise _unusable(ascii(path), "its name is not UTF-8")
    return dict(sorted(found.items()))


def _lost(what: str, where: str, why: str) -> UsageError:
    return UsageError(
        f"this clone has no content for {what}", where=where, why=why, fix="git fetch --refetch --no-filter"
    )


def _unusable(where: str | None, why: str) -> UsageError:
    return UsageError(
        "the repository holds a path that no build can use",
        where=where,
        why=why,
        fix="rename the file (`git mv`) and commit",
    )


def _open(repo: Path) -> pygit2.Repository:
    try:
        found = pygit2.discover_repository(str(repo))
        if found:
            return pygit2.Repository(found)
        why = "neither it nor a folder above has a .git"
    except (KeyError, pygit2.GitError) as error:
        why = str(error)
    raise UsageError(
        "this is not a git repository",
        where=str(repo),
        why=why,
        fix="name the monorepo's folder, or `git init` and commit",
    )


def _commit(repository: pygit2.Repository, repo: Path, rev: str) -> pygit2.Commit:
    try:
        return repository.revparse_single(rev).peel(pygit2.Commit)
    except (KeyError, ValueError, pygit2.GitError) as error:
        empty = repository.is_empty
        raise UsageError(
            f"unknown revision {rev!r}",
            where=str(repo),
            why="the repository has no commit yet" if empty else f"git does not know it as a commit ({error})",
            fix="commit first" if empty else "`git log --oneline` lists commits; fetch it if it is on the remote",
        ) from error


def folder_ids(repo: Path, rev: str, folders: Iterable[str]) -> dict[str, str]:
    """Return the id that git has for each folder of a revision, as `git rev-parse REV:FOLDER` does.

    A folder that is not there is left out. Raises UsageError.
    """
    tree = _commit(_open(repo), repo, rev).tree
    return {folder: str(tree[folder].id) for folder in folders if folder in tree}


def first_parents(repo: Path, rev: str, limit: int) -> tuple[str, ...]:
    """Return up to `limit` commits of a branch, newest first, without those that came in by merges."""
    repository = _open(repo)
    commit: pygit2.Commit | None = _commit(repository, repo, rev)
    found: list[str] = []
    while commit is not None and len(found) < limit:
        found.append(str(commit.id))
        commit = commit.parents[0] if commit.parents else None
    return tuple(found)
