"""Why an import that no manifest declares may still be in order. When in doubt, the audit says nothing."""

import posixpath
import re
from collections.abc import Iterator

from alecia_pipeline.audit.resolution.resolver import Resolved
from alecia_pipeline.audit.snapshot import Snapshot

_TYPED = (".ts", ".tsx", ".mts", ".cts", ".vue")

_AROUND = re.compile(r"(?:\.github|\.circleci|docker|deploy|deployment|infra|infrastructure)/")
"""Folders at the root whose code runs in a workflow or an image, not in the workspace."""

_RECIPES = re.compile(
    r"\.github/.*\.ya?ml|\.gitlab-ci\.yml|\.circleci/.*\.yml|(?:.*/)?(?:.*\.)?Dockerfile(?:\..*)?|.*\.sh"
)
_INSTALL = re.compile(rb"\b(?:npm|pnpm|yarn|bun|npx|bunx)\b[^\n]*")

_EXAMPLE = re.compile(r"(?:^|/)(?:examples?|demos?|docs|samples?|snippets?)/")

_PLUGIN = re.compile(
    rb"\bresolveId\b|\bresolve\.fallback\b|\bNormalModuleReplacementPlugin\b|\bonResolve\b|\bexternals?\b"
)
"""What code says that answers for module names itself: a plugin of vite, rollup, esbuild or webpack."""


def is_excused(snapshot: Snapshot, name: str, use: Resolved) -> bool:
    """Tell whether one undeclared import of a package is no fault, or cannot be told to be one."""
    is_known = name in snapshot.known
    if use.item.optional:
        return not (is_known and _is_checked(use))
    if _AROUND.match(use.source.path) and _installed_apart(snapshot, name):
        return True
    if _is_enclosed(snapshot, name, use.source.package):
        return True
    if is_known or snapshot.lockfile is None:
        return False
    return _is_never_installed(use) or _answered_by_plugin(snapshot, use)


def _is_checked(use: Resolved) -> bool:
    """Tell whether a compiler looks for the module although the code allows for its absence.

    In TypeScript `await import("x")` inside of `try` must still be found to be compiled; `require` is not looked for.
    """
    return use.item.kind == "dynamic" and use.source.role == "source" and use.source.path.endswith(_TYPED)


def _is_enclosed(snapshot: Snapshot, name: str, package: str) -> bool:
    """Tell whether a package around this one (not the root) is or declares what is imported: Node looks there next."""
    folder = posixpath.dirname(package)
    while folder:
        around = snapshot.workspace.packages.get(folder)
        if around and (name == around.name or name in around.manifest.declared()):
            return True
        folder = posixpath.dirname(folder)
    return False


def _is_never_installed(use: Resolved) -> bool:
    """Tell whether code that is not shipped asks for a package that no install of this lockfile can bring.

    In a test it is stubbed, or meant to be missing; an example is for another project to run. A style sheet under a
    bare name (`uno.css`, `unfonts.css`) is a plugin's.
    """
    inner = use.source.path.removeprefix(f"{use.source.package}/")
    is_style = use.item.specifier.endswith(".css") and "/" not in use.item.specifier
    return use.source.role == "test" or is_style or _EXAMPLE.search(inner) is not None


def _installed_apart(snapshot: Snapshot, name: str) -> bool:
    """Tell whether a workflow or a Dockerfile installs the package by its name, for scripts that run there."""
    recipes = (path for path, entry in snapshot.tree.entries.items() if entry.is_file and _RECIPES.fullmatch(path))
    lines = (line for path in recipes for line in _INSTALL.findall(snapshot.tree.read(path)))
    return any(name.encode() in line for line in lines)


def _answered_by_plugin(snapshot: Snapshot, use: Resolved) -> bool:
    """Tell whether a bundler's plugin in the package, or at the root, has the very name among its strings."""
    quoted = [f"{quote}{use.item.specifier}{quote}".encode() for quote in "\"'`"]
    for path in _code_of(snapshot, use.source.package):
        data = snapshot.tree.read(path)
        if _PLUGIN.search(data) and any(text in data for text in quoted):
            return True
    return False


def _code_of(snapshot: Snapshot, package: str) -> Iterator[str]:
    for source in snapshot.sources:
        is_near = source.package == package or posixpath.dirname(source.path) == ""
        if is_near and source.path.endswith((".ts", ".js", ".mts", ".mjs", ".cts", ".cjs")):
            yield source.path
