"""Findings that an edit of a manifest mends, and the manifests as they are after it.

What is written is what the finding's own `fix` says, so that the command and the edit cannot differ.
"""

import shlex
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from alecia_pipeline.audit.finding import Finding
from alecia_pipeline.audit.manifests.editing import with_dependencies
from alecia_pipeline.source.manifest import MANIFEST_FILE, DependencyKind
from alecia_pipeline.source.tree import Tree

FIXABLE = frozenset({"undeclared-import", "undeclared-workspace-import", "root-only-dependency"})
"""The rules whose fix is to declare a dependency."""

_BY_PLACE = ("link:", "file:", "portal:", ".", "/", "~/")
"""A specifier of a sibling that means another folder where it is copied to."""


@dataclass(frozen=True)
class Addition:
    """A dependency to declare in the manifest at `path`."""

    path: str
    kind: DependencyKind
    name: str
    spec: str


def addition(finding: Finding) -> Addition | None:
    """Return what mends a finding; None when no edit does, or no version is known in the repository."""
    words = shlex.split(finding.fix or "")
    if finding.rule not in FIXABLE or words[:1] != ["pnpm"] or "add" not in words or "&&" in words:
        return None
    name, at, spec = words[-1][1:].partition("@")
    if not at or spec.startswith(_BY_PLACE):
        return None
    path = MANIFEST_FILE if finding.dir == "." else f"{finding.dir}/{MANIFEST_FILE}"
    return Addition(path, "devDependencies" if "-D" in words else "dependencies", words[-1][0] + name, spec)


def mended(tree: Tree, findings: Iterable[Finding]) -> Mapping[str, bytes]:
    """Return the manifests that change, by path, with what the findings want declared in them."""
    wanted: defaultdict[tuple[str, DependencyKind], dict[str, str]] = defaultdict(dict)
    for added in filter(None, map(addition, findings)):
        wanted[added.path, added.kind][added.name] = added.spec
    changed: dict[str, bytes] = {}
    for (path, kind), dependencies in wanted.items():
        changed[path] = with_dependencies(changed.get(path) or tree.read(path), path, kind, dependencies)
    return changed
