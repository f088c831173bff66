"""All rules over one commit, sorted; and what of it concerns one app."""

from collections.abc import Iterable

from alecia_pipeline.audit.dockerfile import copies, filters, installs, runtime
from alecia_pipeline.audit.finding import Finding
from alecia_pipeline.audit.manifests import declared, lock
from alecia_pipeline.audit.repository import compose, contexts, junk, links, paths
from alecia_pipeline.audit.snapshot import Snapshot

MODULES = (compose, contexts, declared, copies, filters, installs, runtime, junk, links, lock, paths)

_EVERYWHERE = frozenset({"lockfile-missing", "lockfile-stale"})
"""Rules whose findings at the root stop every app's install."""


def audit_snapshot(snapshot: Snapshot) -> tuple[Finding, ...]:
    """Return every finding of a commit, once each, in report order."""
    return in_order(finding for module in MODULES for finding in module.findings(snapshot))


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings without repetition, the gravest first, then by place."""
    return tuple(sorted(set(findings), key=lambda finding: finding.order))


def concerning(snapshot: Snapshot, findings: Iterable[Finding], app: str) -> tuple[Finding, ...]:
    """Return the findings that can break one app: of its closure, and of the root's lockfile block.

    Raises KeyError for an unknown app.
    """
    folder = {known.name: known.dir for known in snapshot.apps}[app]
    closure = frozenset(snapshot.workspace.closure(folder))
    return tuple(
        finding
        for finding in findings
        if finding.dir in closure or (finding.dir == "." and finding.rule in _EVERYWHERE)
    )
