"""The visible files of one package: a part that the contexts of many apps, and of many commits, have in common."""

import hashlib
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from alecia_pipeline.images.cuts import cut_files
from alecia_pipeline.images.layout import Paths
from alecia_pipeline.images.lock import LockIndex, Texts
from alecia_pipeline.images.references import Reference, Referenced
from alecia_pipeline.images.refusals import may_be_refused, refusal
from alecia_pipeline.source.ignore import DockerIgnore
from alecia_pipeline.source.lock_blocks import LockBlocks
from alecia_pipeline.source.lockfile import LOCKFILE, Lockfile, lockfile_of
from alecia_pipeline.source.manifest import MANIFEST_FILE
from alecia_pipeline.source.tree import SYMLINK, Entry, Tree
from alecia_pipeline.source.workspace import WORKSPACE_FILE

PARTS_KEPT = 20_000
"""A commit adds as many as it changes packages, times the ignore files that are in use."""

LOCKFILES_KEPT = 16
"""Each takes as much memory as it has bytes, less what it shares with another."""


@dataclass(frozen=True)
class Part:
    """One package's files: `ignored` are left out by .dockerignore; `leaving` is what the others name elsewhere."""

    files: tuple[Entry, ...]
    ignored: frozenset[str]
    leaving: tuple[Reference, ...]

    @cached_property
    def sha256(self) -> str:
        """The hash of its files, as `files_sha256` has it."""
        return files_sha256(self.files)

    @cached_property
    def links(self) -> tuple[str, ...]:
        """The symbolic links among the files."""
        return tuple(entry.path for entry in self.files if entry.mode == SYMLINK)


def files_sha256(files: Iterable[Entry]) -> str:
    """Return the hash of git's mode, blob id and path of each file, ended by NUL, which no path holds."""
    return hashlib.sha256("".join(f"{e.mode:06o} {e.oid} {e.path}\0" for e in files).encode()).hexdigest()


def file_key(entry: Entry) -> str:
    """Return 32 hex digits of a hash of a file's mode, content and path."""
    line = f"{entry.mode:06o} {entry.oid} {entry.path}"
    return hashlib.blake2b(line.encode(), digest_size=16).hexdigest()


class Kept(Protocol):
    """What is remembered between runs: of files that may be sent, where they lead to outside of their package.

    And the notes of lockfiles (`LockBlocks.notes`), by their blob ids.
    """

    def leaving(self, packages: Mapping[str, str]) -> Mapping[str, tuple[Reference, ...]]:
        """Return what the files of each package name elsewhere, where files with this hash were looked at."""
        ...

    def files(self, packages: Iterable[str]) -> Mapping[str, Mapping[str, Sequence[Reference]]]:
        """Return the same for each file of the packages, by `file_key`, as they were when somebody looked last."""
        ...

    def keep(
        self,
        packages: Mapping[str, str],
        leaving: Mapping[str, Sequence[Reference]],
        by_file: Mapping[str, Mapping[str, Sequence[Reference]]],
    ) -> None:
        """Remember both; `packages`: package -> hash of its files."""
        ...

    def notes(self, oid: str) -> bytes | None:
        """Return the notes of the lockfile with this blob id, or None where nobody has read it."""
        ...

    def keep_notes(self, oid: str, notes: bytes) -> None:
        """Remember them."""
        ...


class Memory:
    """What commits share, so that nothing is read twice. The answers are the same without it.

    `kept`: what other runs have found out, if it is remembered.
    """

    def __init__(self, kept: Kept | None = None) -> None:
        self._kept = kept
        self.referenced = Referenced()
        self._blocks = LockBlocks()
        self._lockfiles: dict[str, Lockfile] = {}
        self._fit: set[Entry] = set()
        self._locks: dict[int, LockIndex] = {}
        self._texts: Texts = {}
        self._cuts: dict[tuple[int, tuple[Entry | None, ...]], Mapping[str, bytes]] = {}
        self._paths: Paths | None = None
        self._parts: dict[tuple[int, str, tuple[Entry, ...]], tuple[DockerIgnore, Part]] = {}
        self._looked: set[str] = set()
        self._all: dict[tuple[str, tuple[Entry, ...]], Sequence[Reference]] = {}

    def paths(self, tree: Tree) -> Paths:
        """Return the index of a tree's paths; most commits have those of the one before."""
        ordered = list(tree.entries)
        if self._paths is None or self._paths.ordered != ordered:
            self._paths = Paths(ordered)
        return self._paths

    def lockfile(self, tree: Tree) -> Lockfile | None:
        """Return a tree's lockfile, if it has one. Raises UsageError with path and line."""
        if LOCKFILE not in tree.entries:
            return None
        oid = tree.entries[LOCKFILE].oid
        if oid not in self._lockfiles:
            if len(self._lockfiles) >= LOCKFILES_KEPT:
                self._lockfiles.clear()
                self._locks.clear()
                self._texts.clear()
                self._cuts.clear()
            self._lockfiles[oid] = lockfile_of(self._document(oid, tree.read(LOCKFILE)), LOCKFILE)
        return self._lockfiles[oid]

    def _document(self, oid: str, data: bytes) -> Any:
        kept = None if self._lockfiles else self._kept  # the next ones share most of their blocks with the first
        notes = kept.notes(oid) if kept else None
        if notes is not None:
            self._blocks.learn(data, LOCKFILE, notes)
        document = self._blocks.load(data, LOCKFILE)
        if notes is None and kept:
            kept.keep_notes(oid, self._blocks.notes(data, LOCKFILE))
        return document

    def lock(self, lockfile: Lockfile) -> LockIndex:
        """Return the index of a lockfile. It holds the lockfile, so its identity is its own for good."""
        if id(lockfile) not in self._locks:
            last = next(reversed(self._locks.values()), None)
            self._locks[id(lockfile)] = last.after(lockfile) if last else LockIndex(lockfile, self._texts)
        return self._locks[id(lockfile)]

    def cuts(self, tree: Tree, lockfile: Lockfile, part: Lockfile) -> Mapping[str, bytes]:
        """Return the root files that are sent cut to the slice `part` of the lockfile, by path.

        The slice is one of `lock`, which holds it: its identity is its own.
        """
        roots = (tree.entries.get(MANIFEST_FILE), tree.entries.get(WORKSPACE_FILE))
        known = id(part), roots  # a slice that holds for two lockfiles has the overrides of both
        if known not in self._cuts:
            self._cuts[known] = cut_files(tree.read, lockfile, part)
        return self._cuts[known]

    def parts(self, tree: Tree, ignore: DockerIgnore, packages: Mapping[str, tuple[Entry, ...]]) -> dict[str, Part]:
        """Return what of each package's files is visible. Raises UsageError for a file that cannot be sent."""
        if len(self._parts) + len(packages) > PARTS_KEPT:
            self._parts.clear()
        known = {package: (id(ignore), package, files) for package, files in packages.items()}
        fresh = [package for package, key in known.items() if key not in self._parts]
        seen = {package: tuple(e for e in packages[package] if not ignore.ignored(e.path)) for package in fresh}
        leaving = self._leaving(tree, seen)
        for package in fresh:
            ignored = frozenset(e.path for e in packages[package]) - {e.path for e in seen[package]}
            self._parts[known[package]] = ignore, Part(seen[package], ignored, leaving[package])
        return {package: self._parts[key][1] for package, key in known.items()}

    def _leaving(self, tree: Tree, seen: Mapping[str, Sequence[Entry]]) -> Mapping[str, tuple[Reference, ...]]:
        """Return what the visible files of each package name outside of it.

        Of a package that changes again and again, what other runs have found out is asked for once.
        """
        hashes = {package: files_sha256(files) for package, files in seen.items() if package not in self._looked}
        known = self._kept.leaving(hashes) if self._kept and hashes else {}
        fresh = {package: seen[package] for package in hashes if package not in known}
        self._learn(fresh)
        new = {package: files for package, files in seen.items() if package not in known}
        self.check(tree, itertools.chain.from_iterable(new.values()))
        found = {package: self._named(tree, package, files) for package, files in new.items()}
        if self._kept and fresh:
            self._kept.keep({package: hashes[package] for package in fresh}, found, self._by_file(tree, fresh))
        return {**known, **found}

    def _learn(self, packages: Mapping[str, Sequence[Entry]]) -> None:
        """Take what another run has found out of the packages' files, none of which it has refused."""
        self._looked |= packages.keys()
        kept = self._kept.files(packages) if self._kept and packages else {}
        for package, known in kept.items():
            keys = ((entry, file_key(entry)) for entry in packages[package])
            leaving = {entry: known[key] for entry, key in keys if key in known}
            self.referenced.learn(package, leaving)
            self._fit |= leaving.keys()

    def _by_file(
        self, tree: Tree, packages: Mapping[str, Sequence[Entry]]
    ) -> Mapping[str, Mapping[str, Sequence[Reference]]]:
        leaving = self.referenced.leaving
        return {
            package: {file_key(entry): leaving(tree, entry, package) for entry in files}
            for package, files in packages.items()
        }

    def all_leaving(self, tree: Tree, packages: Mapping[str, tuple[Entry, ...]]) -> Mapping[str, Sequence[Reference]]:
        """Return what the files of each package name outside of it, whether they are sent to builds or not."""
        fresh = {package: files for package, files in packages.items() if (package, files) not in self._all}
        hashes = {package: f"all {files_sha256(files)}" for package, files in fresh.items()}
        known = self._kept.leaving(hashes) if self._kept and hashes else {}
        found = {package: self._named(tree, package, fresh[package]) for package in fresh.keys() - known.keys()}
        if self._kept and found:
            self._kept.keep({package: hashes[package] for package in found}, found, {})
        self._all.update(((package, packages[package]), named) for package, named in (*known.items(), *found.items()))
        return {package: self._all[package, files] for package, files in packages.items()}

    def _named(self, tree: Tree, package: str, files: Sequence[Entry]) -> tuple[Reference, ...]:
        return tuple(dict.fromkeys(r for entry in files for r in self.referenced.leaving(tree, entry, package)))

    def check(self, tree: Tree, files: Iterable[Entry]) -> None:
        """Refuse what cannot be sent to a build. Raises UsageError."""
        for entry in files:
            if entry not in self._fit:
                refused = refusal(entry, tree.read(entry.path) if may_be_refused(entry, tree) else b"")
                if refused:
                    raise refused
                self._fit.add(entry)
