"""All rules over one commit, sorted; and what of it concerns one app."""

from collections.abc import Iterable, Iterator

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
from alecia_pipeline.audit.inputs import silent
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

OF_FILES = (
    *(bases, caching, dev_tools, filters, network),
    *(consistency, lock, package_manager, registries),
    *(compose, compose_health, compose_images, contexts, junk, links, secret_files),
)
"""Modules whose findings follow from paths and from the files that they read: no source is asked for its imports."""

OF_IMPORTS = (build_env, copies, installs, runtime, cycles, declared, package_cycles, unused, paths, silent)
"""Modules that look at what sources import."""

_EVERYWHERE = frozenset({"lockfile-missing", "lockfile-stale"})
"""Rules whose findings at the root stop every app's install."""


def audit_snapshot(snapshot: Snapshot) -> tuple[Finding, ...]:
    """Return every finding of a commit, once each, in report order."""
    return in_order([*findings_of_files(snapshot), *findings_of_imports(snapshot)])


def findings_of_files(snapshot: Snapshot) -> Iterator[Finding]:
    """Yield the findings for which no source is read."""
    for module in OF_FILES:
        yield from module.findings(snapshot)


def findings_of_imports(snapshot: Snapshot) -> Iterator[Finding]:
    """Yield the findings that depend on what sources import."""
    for module in OF_IMPORTS:
        yield from module.findings(snapshot)


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
