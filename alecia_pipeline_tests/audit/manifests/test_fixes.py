import json

import pytest

from alecia_pipeline.audit.finding import Finding
from alecia_pipeline.audit.manifests.declared import findings
from alecia_pipeline.audit.manifests.fixes import Addition, addition, mended
from alecia_pipeline_tests.audit.snapshots import manifest, snapshot

WEB = "apps/web/package.json"
FILES = {
    "pnpm-workspace.yaml": "packages: [apps/*, packages/*]\n",
    "packages/ui/package.json": manifest("@x/ui", dependencies={"pg": "^8.0.0"}),
    "apps/web/src/index.ts": 'import "pg";\nimport "@x/ui";\nimport "unheard-of";\n',
    "apps/web/src/index.test.ts": 'import "vitest";\n',
    "package.json": manifest("root", devDependencies={"vitest": "^3.0.0"}),
}


def _finding(fix: str | None, rule: str = "undeclared-import", folder: str = "apps/web") -> Finding:
    return Finding(rule=rule, package=None, dir=folder, dependency="pg", message="m", fix=fix)


def test_manifests_declare_what_the_audit_missed_in_them() -> None:
    found = snapshot(FILES)
    before = tuple(findings(found))
    after = mended(found.tree, before)
    assert list(after) == [WEB]
    assert json.loads(after[WEB]) == {
        "name": "@x/web",
        "dependencies": {"@x/ui": "workspace:*", "pg": "^8.0.0"},
        "devDependencies": {"vitest": "^3.0.0"},
    }
    left = tuple(findings(snapshot({**FILES, WEB: after[WEB]})))
    assert [finding.dependency for finding in left] == ["unheard-of"]
    assert [finding.dependency for finding in before if addition(finding) is None] == ["unheard-of"]


@pytest.mark.parametrize(
    ("fix", "folder", "added"),
    [
        ("pnpm --filter web add pg@^8.0.0", "apps/web", Addition(WEB, "dependencies", "pg", "^8.0.0")),
        ("pnpm -w add -D @a/b@1", ".", Addition("package.json", "devDependencies", "@a/b", "1")),
        ("pnpm --filter web add 'x@>=1 <2'", "apps/web", Addition(WEB, "dependencies", "x", ">=1 <2")),
    ],
)
def test_the_fix_says_what_is_added(fix: str, folder: str, added: Addition) -> None:
    assert addition(_finding(fix, folder=folder)) == added


@pytest.mark.parametrize(
    "fix",
    [
        None,
        "pnpm --filter web add pg",
        "pnpm --filter web add @a/b",
        "pnpm --filter web add pg@link:../pg",
        "pnpm --filter web add a@1 && pnpm add b@1",
        "pnpm install",
        "git rm x",
    ],
)
def test_what_no_edit_mends(fix: str | None) -> None:
    assert addition(_finding(fix)) is None


def test_only_rules_of_undeclared_dependencies_are_mended() -> None:
    assert addition(_finding("pnpm --filter web add pg@1", rule="unresolved-import")) is None
