"""The lockfile against the manifests: whether it is there, and holds what each importer declares.

Where pnpm itself (`--frozen-lockfile`, versions 8 to 12) calls a lockfile up to date, nothing is said: a naive
comparison gave 42 false alarms in healthy repositories. Its verdicts on 150 small workspaces are kept with the tests.
"""

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from pydantic import BaseModel, ConfigDict, Field

from alecia_pipeline.audit.finding import Finding
from alecia_pipeline.audit.manifests.agreement import disagreements, hook_text
from alecia_pipeline.audit.manifests.importers import UNDECLARED, differences
from alecia_pipeline.audit.manifests.pnpm_settings import PnpmSettings, read_settings
from alecia_pipeline.audit.manifests.pnpm_versions import majors
from alecia_pipeline.audit.manifests.wanted import KINDS
from alecia_pipeline.audit.snapshot import Snapshot
from alecia_pipeline.source.lockfile import LOCKFILE, Lockfile, parse_lockfile
from alecia_pipeline.source.slice import missing_entries
from alecia_pipeline.source.workspace import Package

FIX = "pnpm install --lockfile-only"

_PREPARE = "pnpm:devPreinstall"
"""A script of the root that pnpm runs before it reads the other manifests: it may add to them."""

MAX_SHOWN = 8
"""How many differences a message names."""

MAX_COUNTED = 10_000
"""How many differences of one importer are counted: no person made more, and each costs time."""

FOREIGN = ("package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "bun.lock", "bun.lockb")
"""Lockfiles of other package managers."""


class LockfileVerdict(BaseModel):
    """What the whole lockfile says: settings that concern every app, and a verdict per importer."""

    model_config = ConfigDict(frozen=True)

    version: str | None = Field(description="Format version; null when there is no lockfile")
    settings: tuple[str, ...] = Field(description="Disagreements that concern every app")
    importers: dict[str, tuple[str, ...]] = Field(description="Folder -> how the lockfile and the manifest differ")

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong that concerns every app. A stale app fails its own audit, not this."""
        return self.version is not None and not self.settings

    @property
    def count(self) -> int:
        """How many disagreements there are."""
        return len(self.settings) + sum(map(len, self.importers.values()))


def findings(snapshot: Snapshot) -> Iterable[Finding]:
    """Return what stops `pnpm install --frozen-lockfile`: at most one finding per importer."""
    verdict = judge(snapshot)
    if verdict.version is None:
        yield from _missing(snapshot)
        return
    lines = _importer_lines(snapshot.tree.read(LOCKFILE)) if snapshot.lockfile else {}
    for folder, problems in verdict.importers.items():
        texts = (*verdict.settings, *problems) if folder == "." else problems
        if texts:
            own = posixpath.join(folder, LOCKFILE)
            file, line = (own, None) if own in snapshot.tree.entries else (LOCKFILE, lines.get(folder))
            yield _stale(snapshot, folder, texts, file, line if folder != "." else lines.get("."))


def _missing(snapshot: Snapshot) -> Iterator[Finding]:
    """Yield that there is no lockfile, unless another package manager keeps its own there."""
    pinned = (snapshot.workspace.root.manifest.package_manager or "").startswith("pnpm@")
    if not pinned and any(path in snapshot.tree.entries for path in FOREIGN):
        return
    yield Finding(
        rule="lockfile-missing",
        package=snapshot.package_name("."),
        dir=".",
        file=LOCKFILE,
        message=f"there is no {LOCKFILE}: no install is reproducible",
        fix=FIX,
    )


def _stale(snapshot: Snapshot, folder: str, texts: tuple[str, ...], file: str, line: int | None) -> Finding:
    at_least = "at least " if len(texts) >= MAX_COUNTED else ""
    more = f"; and {at_least}{len(texts) - MAX_SHOWN} more" if len(texts) > MAX_SHOWN else ""
    return Finding(
        rule="lockfile-stale",
        package=snapshot.package_name(folder),
        dir=folder,
        file=file,
        line=line,
        message=f"{file} does not agree with {snapshot.workspace.package(folder).manifest.path}: "
        + "; ".join(texts[:MAX_SHOWN])
        + more,
        fix=FIX,
    )


def judge(snapshot: Snapshot) -> LockfileVerdict:
    """Compare the whole lockfile with the manifests, as the pinned pnpm does; else as the kindest that may be meant."""
    best: LockfileVerdict | None = None
    for major in majors(snapshot.workspace.root.manifest, snapshot.lockfile):
        verdict = _Judge(snapshot, read_settings(snapshot, major), hook_text(snapshot.tree)).verdict()
        if best is None or (verdict.version is None, verdict.count) < (best.version is None, best.count):
            best = verdict
        if verdict.version and not verdict.count:
            break
    return best or LockfileVerdict(version=None, settings=(), importers={})


@dataclass(frozen=True)
class _Judge:
    """Judges as one major version of pnpm does. `hooks`: the text of what may change a manifest before."""

    snapshot: Snapshot
    settings: PnpmSettings
    hooks: str

    def verdict(self) -> LockfileVerdict:
        return self._shared() if self.settings.shared_lockfile else self._own()

    def _packages(self) -> tuple[Package, ...]:
        return (self.snapshot.workspace.root, *self.snapshot.workspace.packages.values())

    def _shared(self) -> LockfileVerdict:
        lockfile = self.snapshot.lockfile
        if lockfile is None:
            return LockfileVerdict(version=None, settings=(f"there is no {LOCKFILE}",), importers={})
        importers = {package.dir: self._differences(package, lockfile, package.dir) for package in self._packages()}
        return LockfileVerdict(version=lockfile.version, settings=self._whole(lockfile), importers=importers)

    def _own(self) -> LockfileVerdict:
        """Judge a workspace where every package has a lockfile of its own, whose only importer is `.`."""
        version = None
        importers: dict[str, tuple[str, ...]] = {}
        for package in self._packages():
            path = posixpath.normpath(posixpath.join(package.dir, LOCKFILE))
            if path in self.snapshot.tree.entries:
                lockfile = parse_lockfile(self.snapshot.tree.read(path), path)
                version = lockfile.version
                importers[package.dir] = (*self._whole(lockfile), *self._differences(package, lockfile, "."))
            else:
                importers[package.dir] = (f"there is no {path}",) if package.manifest.declared(*KINDS) else ()
        return LockfileVerdict(version=version, settings=(), importers=importers)

    def _differences(self, package: Package, lockfile: Lockfile, key: str) -> tuple[str, ...]:
        unreadable = self.snapshot.workspace.unreadable.get(package.dir)
        if unreadable:
            return (unreadable.what,)
        importer = lockfile.importers.get(key)
        problems = differences(self.snapshot.workspace, package, importer, self.settings)
        kept = (problem for problem in problems if not self._is_excused(*problem.split(" ", 1)))
        return tuple(islice(kept, MAX_COUNTED))

    def _is_excused(self, name: str, what: str) -> bool:
        """Tell whether somebody may have changed a manifest before pnpm compared it."""
        is_prepared = _PREPARE in self.snapshot.workspace.root.manifest.scripts
        return name in self.hooks or (is_prepared and what == UNDECLARED)

    def _whole(self, lockfile: Lockfile) -> tuple[str, ...]:
        return (*disagreements(self.snapshot.tree, lockfile, self.settings), *_damage(lockfile))


def _damage(lockfile: Lockfile) -> tuple[str, ...]:
    """Return which entries are missing; one that says nothing of any package is not a lockfile that pnpm wrote."""
    missing = islice(missing_entries(lockfile), MAX_SHOWN) if lockfile.snapshots else ()
    why = "for which there is no entry: the file is damaged, often by a merge"
    return tuple(f"{needed_by} needs {key}, {why}" for needed_by, key in missing)


def _importer_lines(data: bytes) -> Mapping[str, int]:
    """Return folder -> line of its block. A lockfile is written by a program, two blanks deep."""
    lines: dict[str, int] = {}
    inside = False
    for number, raw in enumerate(data.splitlines(), start=1):
        if raw[:1] not in {b" ", b""}:
            inside = raw.startswith(b"importers:")
        elif inside and raw[:2] == b"  " and raw[2:3] != b" ":
            lines[raw.strip().partition(b":")[0].strip(b"'\"").decode(errors="replace")] = number
    return lines
