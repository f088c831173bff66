"""When an app's layer cache is another one: when its installs see something else, and not with its source."""

import re
from dataclasses import replace

import pytest

from alecia_pipeline.images.cache import cache_tag
from alecia_pipeline_tests.monorepo import LOCKFILE, dockerfile, manifest
from alecia_pipeline_tests.snapshots import keyed, snapshot

Changes = dict[str, str | bytes | None]


def tag(app: str, changes: Changes | None = None) -> str:
    found = keyed(snapshot(changes), app)
    return cache_tag(found.context, found.fields)


def test_it_is_a_tag() -> None:
    assert re.fullmatch("cache-[0-9a-f]{16}", tag("cms"))
    assert tag("cms") != tag("website")


@pytest.mark.parametrize(
    "path", ["apps/cms/src/server.ts", "packages/db/src/index.ts", "turbo.json", "tsconfig.base.json"]
)
def test_source_and_settings_of_builds_leave_it(path: str) -> None:
    changes: Changes = {path: "{ }\n"}
    assert keyed(snapshot(changes), "cms").key != keyed(snapshot(), "cms").key
    assert tag("cms", changes) == tag("cms")


@pytest.mark.parametrize(
    "changes",
    [
        {"apps/cms/package.json": manifest("@mini/cms", "@mini/db", zod="^3.0.0")},
        {"packages/db/package.json": manifest("@mini/db", pg="^8.1.0")},
        {"package.json": "{}"},
        {"pnpm-lock.yaml": LOCKFILE.replace("sha512-pg", "sha512-other")},
        {".npmrc": "shamefully-hoist=true\n"},
        {"patches/pg@8.0.0.patch": "+\n"},
        {"apps/cms/Dockerfile": dockerfile("cms", "db") + "USER node\n"},
    ],
    ids=str,
)
def test_what_installs_see_makes_another(changes: Changes) -> None:
    assert tag("cms", changes) != tag("cms")


def test_another_apps_dependencies_leave_it() -> None:
    changes: Changes = {"pnpm-lock.yaml": LOCKFILE.replace("sha512-react", "sha512-other")}
    assert tag("cms", changes) == tag("cms")
    assert tag("website", changes) != tag("website")


def test_what_stands_below_and_around_counts() -> None:
    found = keyed(snapshot(), "cms")
    others = [
        replace(found.fields, target="runner"),
        replace(found.fields, build_args={"A": "1"}),
        replace(found.fields, bases={"node:20-alpine": "sha256:b"}),
        replace(found.fields, platform="linux/arm64"),
        replace(found.fields, epoch=1),
    ]
    assert len({cache_tag(found.context, fields) for fields in (found.fields, *others)}) == 6
