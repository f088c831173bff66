"""Imports that lead nowhere: missing files, wrong letter case, generated files that nothing generates, dead links."""

import posixpath
import re
import shlex
from collections.abc import Iterable, Iterator

from alecia_pipeline.audit.finding import Finding
from alecia_pipeline.audit.resolution.resolver import Resolved
from alecia_pipeline.audit.snapshot import Snapshot
from alecia_pipeline.source.tree import SYMLINK

_GENERATOR = re.compile(
    r"gen|prisma|convex|typegen|contentlayer|velite|fumadocs|paraglide|relay|panda|lingui|i18n|proto|buf|wasm|sync"
    r"|compile|postinstall|prebuild|prepare"
)
"""What scripts that write source files are called, or call. Wide on purpose: this rule must not cry wolf."""


def findings(snapshot: Snapshot) -> Iterable[Finding]:
    """Return every import of a path that the commit does not have, and every link without a target."""
    for use in snapshot.imports:
        if use.outcome in {"missing", "case", "generated"} and not _is_excused(use):
            yield from _finding(snapshot, use)
    yield from _dead_links(snapshot)


def _is_excused(use: Resolved) -> bool:
    """Tell whether code may ask for a module that is not there: in a `try`, or in a test."""
    return use.item.optional or (use.source.role == "test" and use.item.kind in {"require", "dynamic"})


def _finding(snapshot: Snapshot, use: Resolved) -> Iterator[Finding]:
    target = use.target or ""
    written = use.item.specifier
    if use.outcome == "case":
        right = shlex.quote(target)
        yield _at(
            snapshot,
            use,
            "case-mismatch",
            f"{written} differs from {target} in letter case",
            f"import it as {right} is written",
        )
    elif use.outcome == "missing":
        yield _at(
            snapshot, use, "unresolved-import", f"{written} leads to {target}, which is not in the commit", _add(target)
        )
    elif not _is_generated(snapshot, use):
        message = f"{written} leads to {target}, which git ignores and no script generates"
        yield _at(
            snapshot, use, "generated-path-missing", message, "commit it, or generate it in a script before the build"
        )


def _add(target: str) -> str:
    return f"git add the file {shlex.quote(target)}, or mend the import"


def _is_generated(snapshot: Snapshot, use: Resolved) -> bool:
    folders = {use.source.package, snapshot.workspace.owner(use.target or "").dir, "."}
    scripts = [snapshot.workspace.package(folder).manifest.scripts for folder in folders]
    return any(_GENERATOR.search(f"{name} {command}") for known in scripts for name, command in known.items())


def _at(snapshot: Snapshot, use: Resolved, rule: str, message: str, fix: str) -> Finding:
    folder = use.source.package
    place = {"dir": folder, "file": use.source.path, "line": use.item.line}
    return Finding(rule=rule, package=snapshot.package_name(folder), **place, message=message, fix=fix)


def _dead_links(snapshot: Snapshot) -> Iterator[Finding]:
    """Yield links to what is not in the commit; a build that walks the folder fails on them, as it did on `convex/`."""
    for path, entry in snapshot.tree.entries.items():
        if entry.mode != SYMLINK:
            continue
        written = snapshot.tree.read(path).decode(errors="replace")
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), written))
        if snapshot.files.exists(target) or not _is_sent(snapshot, path):
            continue
        owner = snapshot.workspace.owner(path)
        yield Finding(
            rule="generated-path-missing",
            package=owner.manifest.name,
            dir=owner.dir,
            file=path,
            message=f"{path} links to {written}, which is not in the commit",
            fix=f"add `{path}` to .dockerignore, or `git rm {shlex.quote(path)}`",
        )


def _is_sent(snapshot: Snapshot, path: str) -> bool:
    ignores = list(snapshot.ignores.values())
    return not ignores or any(not ignore.ignored(path) for ignore in ignores)
