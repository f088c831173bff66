"""Snapshots and keyed apps of in-memory monorepos, for the tests of images and plans."""

from collections.abc import Mapping

from alecia_pipeline.images.bases import bases_of
from alecia_pipeline.images.context import Context, Snapshot, pruned_context
from alecia_pipeline.images.fields import build_fields, tools_of
from alecia_pipeline.release.plan import Keyed
from alecia_pipeline.source.apps import App, commit_config, discover_apps
from alecia_pipeline.source.base_lock import read_base_lock
from alecia_pipeline.source.lockfile import LOCKFILE, parse_lockfile
from alecia_pipeline.source.workspace import read_workspace
from alecia_pipeline_tests.monorepo import mini
from alecia_pipeline_tests.trees import DictTree

Changes = Mapping[str, str | bytes | None]


def snapshot(changes: Changes | None = None, modes: Mapping[str, int] | None = None) -> Snapshot:
    tree = DictTree(mini(changes), modes=modes)
    lockfile = parse_lockfile(tree.read(LOCKFILE), LOCKFILE) if LOCKFILE in tree.entries else None
    return Snapshot(tree, read_workspace(tree), lockfile)


def app(commit: Snapshot, name: str) -> App:
    apps = discover_apps(commit.tree, commit.workspace, commit_config(commit.tree))
    return next(found for found in apps if found.name == name)


def context(commit: Snapshot, name: str, build_args: Mapping[str, str] | None = None) -> Context:
    return pruned_context(commit, app(commit, name), build_args or {})


def keyed(commit: Snapshot, name: str, **options: Mapping[str, str]) -> Keyed:
    return keyed_app(commit, app(commit, name), **options)


def keyed_app(commit: Snapshot, wanted: App, **options: Mapping[str, str]) -> Keyed:
    made = pruned_context(commit, wanted, options.get("build_args", {}))
    lock = read_base_lock(commit.tree)
    bases = bases_of(made.reads.bases, lock.images, options.get("stand_ins", {}))
    fields = build_fields(made, options.get("build_args", {}), bases, tools_of(commit.workspace, lock))
    return Keyed(made, fields)
