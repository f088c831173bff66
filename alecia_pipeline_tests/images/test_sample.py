"""What a change of the sample monorepo rebuilds: the claims of the README, on its real files."""

from pathlib import Path

import pytest

from alecia_pipeline.images.context import Snapshot
from alecia_pipeline.images.parts import Memory
from alecia_pipeline.source.apps import commit_config, discover_apps
from alecia_pipeline.source.lockfile import LOCKFILE, parse_lockfile
from alecia_pipeline.source.workspace import read_workspace
from alecia_pipeline_tests.snapshots import keyed_app
from alecia_pipeline_tests.trees import DictTree

SAMPLE = Path(__file__).parents[2] / "examples" / "alepanel"
GENERATED = {"node_modules", ".next", "dist", ".turbo"}
FILES = {
    path.relative_to(SAMPLE).as_posix(): path.read_bytes()
    for path in sorted(SAMPLE.rglob("*"))
    if path.is_file() and not GENERATED.intersection(path.relative_to(SAMPLE).parts)
}
ALL = {"website", "colab", "hocuspocus", "cms", "flows"}
MEMORY = Memory()


def keys(changes: dict[str, bytes]) -> dict[str, str]:
    tree = DictTree({**FILES, **changes})
    commit = Snapshot(tree, read_workspace(tree), parse_lockfile(tree.read(LOCKFILE), LOCKFILE), MEMORY)
    found = {}
    for app in discover_apps(tree, commit.workspace, commit_config(tree)):
        found[app.name] = keyed_app(commit, app, build_args=app.config.build_args).key
    return found


BEFORE = keys({})


def appended(path: str) -> dict[str, bytes]:
    return {path: FILES[path] + b"\n"}


@pytest.mark.parametrize(
    ("path", "apps"),
    [
        ("packages/ui/src/index.ts", {"website", "colab"}),
        ("packages/db/src/pool.ts", ALL),
        ("packages/ai/src/index.ts", {"colab"}),
        ("packages/headless/src/index.ts", {"website", "cms"}),
        ("packages/integrations/src/index.ts", {"colab", "flows"}),
        ("apps/cms/src/server.ts", {"cms"}),
        ("README.md", set()),
        ("docker-compose.production.yml", set()),
        ("alecia.yaml", set()),
        ("tsconfig.base.json", ALL),
    ],
)
def test_a_changed_file_rebuilds_exactly_these_apps(path: str, apps: set[str]) -> None:
    after = keys(appended(path))
    assert {name for name in ALL if after[name] != BEFORE[name]} == apps


def test_a_new_migration_rebuilds_nothing() -> None:
    assert keys({"packages/db/migrations/9999_later.sql": b"SELECT 1;"}) == BEFORE


def test_junk_of_a_mac_rebuilds_nothing() -> None:
    assert keys({"apps/website/._page.tsx": b"junk", "packages/ui/.DS_Store": b"junk"}) == BEFORE
