"""Audit a tree: the whole of it, one app, or the lockfile alone."""

from collections.abc import Collection
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from alecia_pipeline.adapters.cache import Cache, default_cache
from alecia_pipeline.adapters.extracts import RememberedExtractor
from alecia_pipeline.adapters.findings import remembered
from alecia_pipeline.adapters.git import open_commit
from alecia_pipeline.adapters.lockfiles import RememberedLockfile
from alecia_pipeline.audit.finding import Audited, Finding
from alecia_pipeline.audit.manifests.lock import LockfileVerdict, judge
from alecia_pipeline.audit.manifests.regeneration import Regeneration, regeneration
from alecia_pipeline.audit.rules import concerning, findings_of_files, findings_of_imports, in_order
from alecia_pipeline.audit.snapshot import Snapshot, take_snapshot
from alecia_pipeline.errors import UsageError
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.source.apps import App
from alecia_pipeline.source.traced import Traced
from alecia_pipeline.source.tree import Tree

if TYPE_CHECKING:
    from alecia_pipeline.images.context import Snapshot as ImagesSnapshot


def audit_tree(tree: Tree, apps: tuple[str, ...], cache: Cache) -> Audited:
    """Audit the files of a tree; with `apps`, return only what concerns these. `cache` remembers what files import.

    Raises UsageError for an unknown app, and for inputs that do not parse.
    """
    snapshot, findings = _judged(tree, cache, apps)
    if apps:
        findings = in_order(finding for app in apps for finding in concerning(snapshot, findings, app))
    files = len({source.path for source in snapshot.sources})
    return Audited(findings=findings, packages=len(snapshot.workspace.packages) + 1, files=files)


def remembering_snapshot(tree: Tree, cache: Cache, alone: Collection[str] | None = None) -> Snapshot:
    """Parse what every rule needs; `cache` remembers what it was made of. Raises UsageError as `take_snapshot` does."""
    return take_snapshot(tree, RememberedExtractor(cache), RememberedLockfile(cache), PrunedContexts(cache), alone)


class PrunedContexts:
    """What the builds of one commit are sent, found out as for planning and building, and only when it is asked."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self._commit: ImagesSnapshot | None = None

    def __call__(self, snapshot: Snapshot, app: App) -> frozenset[str]:
        """Return the paths that an app's build is sent. Raises UsageError where files cannot be sent."""
        from alecia_pipeline.adapters.parts import RememberedParts  # noqa: PLC0415 - most audits never ask
        from alecia_pipeline.images import context as images  # noqa: PLC0415
        from alecia_pipeline.images.parts import Memory  # noqa: PLC0415

        if self._commit is None:
            # A file of the working tree may be another than its id says.
            memory = Memory(RememberedParts(self._cache) if snapshot.tree.commit else None)
            self._commit = images.Snapshot(snapshot.tree, snapshot.workspace, snapshot.lockfile, memory)
        context = images.pruned_context(self._commit, app, app.config.build_args)
        return frozenset(entry.path for entry in context.files)


def audit_app(runner: Runner, commit: str, app: str) -> tuple[Finding, ...]:
    """Return what can break one app's image in a commit: its closure, its lockfile importers, its Dockerfile.

    Raises UsageError as `audit_tree` does, but not for what only another app's image needs.
    """
    try:
        snapshot, findings = _audited(runner.repo, commit)
    except UsageError as error:
        snapshot, findings = _audited_alone(open_commit(runner.repo, commit), app, error)
    _check_apps(snapshot, (app,))
    return concerning(snapshot, findings, app)


def audit_lockfile(runner: Runner, commit: str) -> LockfileVerdict:
    """Return the verdict on a commit's whole lockfile.

    Raises UsageError as `audit_tree` does, but not for a manifest or a Dockerfile that does not parse: the verdict of
    that importer says so.
    """
    try:
        snapshot = _audited(runner.repo, commit)[0]
    except UsageError:
        snapshot = remembering_snapshot(open_commit(runner.repo, commit), default_cache(), alone=())
    return judge(snapshot)


def lockfile_regeneration(runner: Runner, commit: str) -> Regeneration | None:
    """Return how to write a commit's lockfile anew, None when it is not stale.

    Raises UsageError as `audit_tree` does.
    """
    return regeneration(_audited(runner.repo, commit)[0], runner.config.builder.contexts)


@lru_cache(maxsize=2)
def _audited(repo: Path, commit: str) -> tuple[Snapshot, tuple[Finding, ...]]:
    """Audit a commit once for all its apps: one run asks for each of them, and a commit never changes."""
    return _judged(open_commit(repo, commit), default_cache())


def _audited_alone(tree: Tree, app: str, error: UsageError) -> tuple[Snapshot, tuple[Finding, ...]]:
    """Audit one app of a commit of which not all parses. Raises `error`, or another, for what the app needs itself.

    Nothing is remembered: what is found here depends on fewer files than an audit of the whole.
    """
    snapshot = remembering_snapshot(tree, default_cache(), alone=(app,))
    if not snapshot.apps:
        raise error
    workspace = snapshot.workspace
    workspace.check({*workspace.closure(snapshot.apps[0].dir), *workspace.closure(".")})
    return snapshot, in_order([*findings_of_files(snapshot), *findings_of_imports(snapshot)])


def _judged(tree: Tree, cache: Cache, apps: tuple[str, ...] = ()) -> tuple[Snapshot, tuple[Finding, ...]]:
    traced = Traced(tree)
    snapshot = remembering_snapshot(traced, cache)
    _check_apps(snapshot, apps)
    of_files = remembered(cache, traced, lambda: tuple(findings_of_files(snapshot)))
    return snapshot, in_order([*of_files, *findings_of_imports(snapshot)])


def _check_apps(snapshot: Snapshot, apps: tuple[str, ...]) -> None:
    known = [app.name for app in snapshot.apps]
    for app in apps:
        if app not in known:
            raise UsageError(
                f"unknown app {app!r}",
                where=snapshot.tree.commit or "the working tree",
                why=f"apps here: {', '.join(known) or 'none'}",
                fix="name one of these, or add it under `apps` in alecia.yaml",
            )
