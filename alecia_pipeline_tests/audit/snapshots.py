"""Snapshots of small made-up monorepos for the tests of single rules."""

import json
from collections.abc import Callable, Iterable, Mapping

from alecia_pipeline.audit.finding import Finding
from alecia_pipeline.audit.snapshot import Snapshot, take_snapshot
from alecia_pipeline.images import context as images
from alecia_pipeline.source.apps import App
from alecia_pipeline_tests.trees import DictTree

BASE: Mapping[str, str | bytes] = {
    "package.json": '{"name": "root", "private": true}',
    "pnpm-workspace.yaml": "packages: [apps/*, packages/*]\n",
    "apps/web/package.json": '{"name": "@x/web"}',
}


def snapshot(files: Mapping[str, str | bytes], modes: Mapping[str, int] | None = None) -> Snapshot:
    """Return the snapshot of BASE with `files` over it."""
    return take_snapshot(DictTree({**BASE, **files}, modes=modes))


def pruned(files: Mapping[str, str | bytes], modes: Mapping[str, int] | None = None) -> Snapshot:
    """Return the same, whose builds are sent what planning and building send them."""

    def context(audited: Snapshot, app: App) -> frozenset[str]:
        commit = images.Snapshot(audited.tree, audited.workspace, audited.lockfile)
        return frozenset(entry.path for entry in images.pruned_context(commit, app, app.config.build_args).files)

    return take_snapshot(DictTree({**BASE, **files}, modes=modes), contexts=context)


def manifest(name: str, **more: object) -> str:
    return json.dumps({"name": name, **more})


def rules_of(rule: Callable[[Snapshot], Iterable[Finding]], files: Mapping[str, str | bytes]) -> list[tuple[str, str]]:
    """Return (rule, message) of what one module finds in BASE with `files` over it."""
    return [(finding.rule, finding.message) for finding in rule(snapshot(files))]
