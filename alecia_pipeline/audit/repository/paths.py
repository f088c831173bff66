"""Imports that lead nowhere: missing files, wrong letter case, closed subpaths, generated files that nothing makes."""

import posixpath
import re
import shlex
from collections.abc import Iterable, Iterator

from alecia_pipeline.audit.finding import Finding
from alecia_pipeline.audit.resolution.resolver import Resolved
from alecia_pipeline.audit.snapshot import Snapshot

_GENERATOR = re.compile(
    r"gen|prisma|convex|typegen|contentlayer|velite|fumadocs|paraglide|relay|panda|lingui|i18n|proto|buf|wasm|sync"
    r"|compile|postinstall|prebuild|prepare"
)
"""What scripts that write source files are called, or call. Wide on purpose: this rule must not cry wolf."""

_RUN_BY_TESTS = re.compile(r"\.(?:test|spec|stories|story|bench|e2e|cy)\.[cm]?[jt]sx?$")

_COPY = re.compile(rb"\b(?:cp|mv|rsync|install|cpy|cpx|copyfiles|copy|cpSync|copyFileSync|copyFile|COPY)\b[^\n]*")
"""A line of a script, a Dockerfile or a build program that puts a file elsewhere before it runs."""


def findings(snapshot: Snapshot) -> Iterable[Finding]:
    """Return every import of a path that the commit does not have."""
    for use in snapshot.imports:
        if use.outcome in {"missing", "case", "generated", "closed"} and not _is_excused(snapshot, use):
            yield from _finding(snapshot, use)


def _is_excused(snapshot: Snapshot, use: Resolved) -> bool:
    """Tell whether code may ask for a module that is not there: in a `try`, in a test, or before it is moved."""
    if use.item.optional or use.item.kind in {"script", "config"}:
        return True
    if use.source.role == "test" and not (
        use.item.kind in {"import", "style"} and _RUN_BY_TESTS.search(use.source.path)
    ):
        return True
    return use.outcome == "missing" and _is_moved(snapshot, use.source.path)


def _is_moved(snapshot: Snapshot, path: str) -> bool:
    """Tell whether something copies the importing file: its imports lead from where it is put."""
    owner = snapshot.workspace.owner(path)
    inner = path if owner.dir == "." else path[len(owner.dir) + 1 :]
    texts = [" ".join(map(str, owner.manifest.scripts.values())).encode()]
    texts += [snapshot.tree.read(script) for script in snapshot.tree.entries if _is_build_script(script, owner.dir)]
    return any(inner.encode() in line for text in texts for line in _COPY.findall(text))


def _is_build_script(path: str, folder: str) -> bool:
    name = posixpath.basename(path)
    is_near = folder == "." or path.startswith(f"{folder}/") or "/" not in path
    return is_near and (path.endswith(".sh") or name.startswith("Dockerfile") or name.endswith(".Dockerfile"))


def _finding(snapshot: Snapshot, use: Resolved) -> Iterator[Finding]:
    target, written = use.target or "", use.item.specifier
    if use.outcome == "case":
        message = f"{written} differs from {target} in letter case"
        yield _at(snapshot, use, "case-mismatch", message, f"import it as {shlex.quote(target)} is written")
    elif use.outcome == "closed":
        message = f"{written} is not among the `exports` of {target}"
        yield _at(snapshot, use, "unresolved-import", message, f"add the subpath to `exports` in {shlex.quote(target)}")
    elif use.outcome == "missing":
        message = f"{written} leads to {target}, which is not in the commit"
        fix = f"git add the file {shlex.quote(target)}, or mend the import"
        yield _at(snapshot, use, "unresolved-import", message, fix)
    elif not _is_generated(snapshot, use):
        message = f"{written} leads to {target}, which is not in the commit, and no script generates it"
        fix = "commit it, or generate it in a script before the build"
        yield _at(snapshot, use, "generated-path-missing", message, fix)


def _is_generated(snapshot: Snapshot, use: Resolved) -> bool:
    folders = {use.source.package, snapshot.workspace.owner(use.target or "").dir, "."}
    scripts = [snapshot.workspace.package(folder).manifest.scripts for folder in folders]
    return any(_GENERATOR.search(f"{name} {command}") for known in scripts for name, command in known.items())


def _at(snapshot: Snapshot, use: Resolved, rule: str, message: str, fix: str) -> Finding:
    owner = snapshot.workspace.owner(use.source.path)
    return Finding(
        rule=rule,
        package=owner.manifest.name,
        dir=owner.dir,
        file=use.source.path,
        line=use.item.line,
        message=message,
        fix=fix,
    )
