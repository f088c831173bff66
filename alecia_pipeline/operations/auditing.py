"""Audit a commit or the working tree: the whole of it, one app, or the lockfile alone."""

from functools import lru_cache
from pathlib import Path
from time import perf_counter

from alecia_pipeline.adapters.git import open_commit, open_worktree
from alecia_pipeline.audit.finding import Finding, Report, Stats
from alecia_pipeline.audit.manifests.lock import LockfileVerdict, judge
from alecia_pipeline.audit.manifests.regeneration import Regeneration, regeneration
from alecia_pipeline.audit.rules import audit_snapshot, concerning, in_order
from alecia_pipeline.audit.snapshot import Snapshot, take_snapshot
from alecia_pipeline.errors import UsageError
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.source.tree import Tree


def audit(runner: Runner, rev: str | None, apps: tuple[str, ...] = ()) -> Report:
    """Audit a revision, or the working tree when `rev` is None; with `apps`, report only what concerns these.

    Raises UsageError for a folder that is no repository, an unknown revision or app, and inputs that do not parse.
    """
    started = perf_counter()
    tree: Tree = open_worktree(runner.repo) if rev is None else open_commit(runner.repo, rev)
    snapshot = take_snapshot(tree)
    _check_apps(snapshot, apps)
    findings = audit_snapshot(snapshot)
    if apps:
        findings = in_order(finding for app in apps for finding in concerning(snapshot, findings, app))
    stats = Stats(
        packages=len(snapshot.workspace.packages) + 1,
        files=len(snapshot.sources),
        seconds=round(perf_counter() - started, 3),
    )
    return Report(repo=str(runner.repo.resolve()), commit=tree.commit, findings=findings, stats=stats)


def audit_app(runner: Runner, commit: str, app: str) -> tuple[Finding, ...]:
    """Return what can break one app's image in a commit: its closure, its lockfile importers, its Dockerfile.

    Raises UsageError as `audit` does.
    """
    snapshot, findings = _audited(runner.repo, commit)
    _check_apps(snapshot, (app,))
    return concerning(snapshot, findings, app)


def audit_lockfile(runner: Runner, commit: str) -> LockfileVerdict:
    """Return the verdict on a commit's whole lockfile. Raises UsageError as `audit` does."""
    return judge(_audited(runner.repo, commit)[0])


def lockfile_regeneration(runner: Runner, commit: str) -> Regeneration | None:
    """Return how to write a commit's lockfile anew, None when it is not stale. Raises UsageError as `audit` does."""
    return regeneration(_audited(runner.repo, commit)[0], runner.config.builder.contexts)


@lru_cache(maxsize=2)
def _audited(repo: Path, commit: str) -> tuple[Snapshot, tuple[Finding, ...]]:
    """Audit a commit once for all its apps: one run asks for each of them, and a commit never changes."""
    snapshot = take_snapshot(open_commit(repo, commit))
    return snapshot, audit_snapshot(snapshot)


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
