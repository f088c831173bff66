"""Imports against manifests: undeclared, undeclared sibling, declared only at the root."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from alecia_pipeline.audit.finding import Finding
from alecia_pipeline.audit.manifests.excuses import is_excused
from alecia_pipeline.audit.manifests.versions import add_command
from alecia_pipeline.audit.resolution.resolver import Resolved
from alecia_pipeline.audit.resolution.specifier import types_package
from alecia_pipeline.audit.snapshot import Snapshot
from alecia_pipeline.source.manifest import Manifest

_USES = {"script": "is run by a script", "config": "is named in settings"}
"""How a message says what a kind of import does; all others import."""

_ROLE_ORDER = {"source": 0, "config": 1, "test": 2}


def findings(snapshot: Snapshot) -> Iterable[Finding]:
    """Return one finding per package and undeclared dependency, at its first import.

    What the lockfile still has for a package was declared there: then no use of it is excused.
    """
    for (folder, name), uses in sorted(uses_by_dependency(snapshot).items()):
        manifest = snapshot.workspace.package(folder).manifest
        if name in manifest.declared():
            continue
        is_lost = name in (snapshot.locked or {}).get(folder, ())
        open_uses = [
            use for use in uses if is_lost or not (is_declared(manifest, name, use) or is_excused(snapshot, name, use))
        ]
        if open_uses:
            yield _finding(snapshot, folder, name, open_uses)


def uses_by_dependency(snapshot: Snapshot) -> Mapping[tuple[str, str], list[Resolved]]:
    """Return (package folder, dependency) -> its imports: shipped code first, then by place."""
    grouped: defaultdict[tuple[str, str], list[Resolved]] = defaultdict(list)
    for use in snapshot.imports:
        if use.outcome == "package" and use.name:
            grouped[use.source.package, use.name].append(use)
    for uses in grouped.values():
        uses.sort(key=lambda use: (_ROLE_ORDER[use.source.role], use.source.path, use.item.line))
    return grouped


def is_declared(manifest: Manifest, name: str, use: Resolved) -> bool:
    """Tell whether a manifest declares what one import needs; for types alone, `@types/x` is enough."""
    declared = manifest.declared()
    return name in declared or (is_type_use(use) and types_package(name) in declared)


def is_type_use(use: Resolved) -> bool:
    """Tell whether an import is gone after compiling."""
    return use.item.type_only or use.source.path.endswith((".d.ts", ".d.mts", ".d.cts"))


def _finding(snapshot: Snapshot, folder: str, name: str, uses: list[Resolved]) -> Finding:
    first = uses[0]
    package = snapshot.package_name(folder)
    rule, why = _verdict(snapshot, folder, name, first)
    dev = all(use.source.role != "source" or is_type_use(use) for use in uses)
    return Finding(
        rule=rule,
        package=package,
        dir=folder,
        file=first.source.path,
        line=first.item.line,
        dependency=name,
        message=f"{first.item.specifier} {_USES.get(first.item.kind, 'is imported')} but {why}{_elsewhere(uses)}",
        fix=add_command(snapshot, folder, name, dev=dev),
    )


def _verdict(snapshot: Snapshot, folder: str, name: str, first: Resolved) -> tuple[str, str]:
    manifest = "package.json" if folder == "." else f"{folder}/package.json"
    if snapshot.workspace.by_name(name):
        return "undeclared-workspace-import", f"{manifest} does not declare this workspace package"
    if folder != "." and is_declared(snapshot.workspace.root.manifest, name, first):
        return "root-only-dependency", f"only the root's package.json declares it, not {manifest}"
    return "undeclared-import", f"not declared in {manifest}"


def _elsewhere(uses: list[Resolved]) -> str:
    others = len({use.source.path for use in uses}) - 1
    return f" (and in {others} more file{'s' if others > 1 else ''})" if others else ""
