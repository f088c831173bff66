"""All rules over one commit, sorted; and what of it concerns one app."""

from collections.abc import Iterable

from alecia_pipeline.audit.dockerfile import (
    bases,
    build_env,
    caching,
    copies,
    dev_tools,
    filters,
    installs,
    network,
    runtime,
)
from alecia_pipeline.audit.finding import Finding
from alecia_pipeline.audit.manifests import (
    consistency,
    cycles,
    declared,
    lock,
    package_cycles,
    package_manager,
    registries,
    unused,
)
from alecia_pipeline.audit.repository import (
    compose,
    compose_health,
    compose_images,
    contexts,
    junk,
    links,
    paths,
    secret_files,
)
from alecia_pipeline.audit.snapshot import Snapshot

_DOCKERFILE = (bases, build_env, caching, copies, dev_tools, filters, installs, network, runtime)

_MANIFESTS = (consistency, cycles, declared, lock, package_cycles, package_manager, registries, unused)
_REPOSITORY = (compose, compose_health, compose_images, contexts, junk, links, paths, secret_files)

MODULES = (*_DOCKERFILE, *_MANIFESTS, *_REPOSITORY)

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
