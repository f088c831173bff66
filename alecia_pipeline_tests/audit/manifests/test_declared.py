import pytest

from alecia_pipeline.audit.manifests.declared import findings
from alecia_pipeline_tests.audit.snapshots import manifest, rules_of, snapshot

WEB = "apps/web/package.json"


def web(**more: object) -> str:
    return manifest("@x/web", **more)


@pytest.mark.parametrize("kind", ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"])
def test_a_dependency_of_any_kind_is_declared(kind: str) -> None:
    assert rules_of(findings, {WEB: web(**{kind: {"pg": "8"}}), "apps/web/a.ts": 'import "pg/lib"'}) == []


@pytest.mark.parametrize(
    ("code", "dependencies"),
    [
        ('import type { Pool } from "pg"', {"@types/pg": "8"}),
        ('import { a } from "@x/web/inner"', {}),
        ('import "node:fs"; import "path"', {}),
        ('import "virtual:routes"; import "https://a.b/c.js"', {}),
        ('try { require("pg") } catch {}', {}),
        ('import "server-only"', {"next": "16"}),
        ('import "#inner"', {}),
        ('import { Root } from "mdast"', {"@types/mdast": "4"}),
    ],
)
def test_no_false_alarm(code: str, dependencies: dict[str, str]) -> None:
    assert rules_of(findings, {WEB: web(dependencies=dependencies), "apps/web/a.ts": code}) == []


def test_a_value_needs_more_than_types() -> None:
    files = {WEB: web(devDependencies={"@types/pg": "8"}), "apps/web/a.ts": 'import { Pool } from "pg"'}
    assert rules_of(findings, files) == [
        ("undeclared-import", "pg is imported but not declared in apps/web/package.json")
    ]


def test_declaration_files_import_types_alone() -> None:
    assert rules_of(findings, {WEB: web(devDependencies={"@types/pg": "8"}), "apps/web/a.d.ts": 'import "pg"'}) == []


def test_one_finding_per_dependency_at_shipped_code_first() -> None:
    files = {
        "apps/web/a.test.ts": 'import "pg"',
        "apps/web/b.ts": '\nimport "pg"',
        "apps/web/c.ts": 'import "pg/x"',
        "apps/web/vite.config.ts": 'import "pg"',
    }
    (finding,) = findings(snapshot(files))
    assert (finding.file, finding.line, finding.package, finding.dir) == ("apps/web/b.ts", 2, "@x/web", "apps/web")
    assert finding.message.endswith("(and in 3 more files)")
    assert finding.fix == "pnpm --filter @x/web add pg"


def test_one_more_file_is_singular() -> None:
    ((_, message),) = rules_of(findings, {"apps/web/a.ts": 'import "pg"', "apps/web/b.ts": 'import "pg"'})
    assert message.endswith("(and in 1 more file)")


def test_an_undeclared_sibling_has_its_own_rule() -> None:
    (finding,) = findings(snapshot({"packages/db/package.json": manifest("@x/db"), "apps/web/a.ts": 'import "@x/db"'}))
    assert finding.rule == "undeclared-workspace-import"
    assert finding.fix == "pnpm --filter @x/web add '@x/db@workspace:*'"


def test_a_path_alias_to_a_sibling_declares_nothing() -> None:
    files = {
        "packages/db/package.json": manifest("@x/db"),
        "packages/db/src/index.ts": "",
        "tsconfig.json": '{"compilerOptions": {"paths": {"@x/db": ["./packages/db/src"]}}}',
        "apps/web/a.ts": 'import "@x/db"',
    }
    assert [rule for rule, _ in rules_of(findings, files)] == ["undeclared-workspace-import"]


def test_what_only_the_root_declares() -> None:
    files = {
        "package.json": manifest("root", devDependencies={"vitest": "^3.0.0", "@types/pg": "8"}),
        "apps/web/a.test.ts": 'import "vitest"',
        "apps/web/b.ts": 'import type { A } from "pg"',
        "vitest.config.ts": 'import "vitest/config"',
    }
    found = {finding.dependency: finding for finding in findings(snapshot(files))}
    assert {finding.rule for finding in found.values()} == {"root-only-dependency"}
    assert found["vitest"].fix == "pnpm --filter @x/web add -D vitest@^3.0.0"
    assert set(found) == {"vitest", "pg"}


def test_a_message_says_how_the_dependency_is_used() -> None:
    lock = "lockfileVersion: '9.0'\nimporters: {.: {}}\npackages: {tsup@8.0.0: {hasBin: true}, cssnano@7.0.0: {}}\n"
    files = {
        "pnpm-lock.yaml": lock,
        WEB: web(scripts={"build": "tsup"}),
        "packages/ui/package.json": manifest("@x/ui", devDependencies={"tsup": "8"}),
        "apps/web/postcss.config.mjs": 'export default {plugins: ["cssnano"]}',
    }
    found = [finding.message for finding in findings(snapshot(files))]
    assert found == [
        "cssnano is named in settings but not declared in apps/web/package.json",
        "tsup is run by a script but not declared in apps/web/package.json",
    ]


def test_the_root_is_a_package_too() -> None:
    (finding,) = findings(snapshot({"scripts/run.mjs": 'import "zx"'}))
    assert (finding.dir, finding.package, finding.message) == (
        ".",
        "root",
        "zx is imported but not declared in package.json",
    )
    assert finding.fix == "pnpm -w add -D zx"


def test_a_package_without_a_name_goes_by_its_folder() -> None:
    (finding,) = findings(snapshot({WEB: "{}", "apps/web/a.ts": 'import "pg"'}))
    assert (finding.package, finding.fix) == (None, "pnpm --filter ./apps/web add pg")


def test_the_version_of_a_fix_is_the_siblings_commonest() -> None:
    files = {
        "packages/a/package.json": manifest("@x/a", dependencies={"pg": "^8.1.0"}),
        "packages/b/package.json": manifest("@x/b", dependencies={"pg": "^8.2.0"}),
        "packages/c/package.json": manifest("@x/c", devDependencies={"pg": "^8.2.0"}),
        "apps/web/a.ts": 'import "pg"',
    }
    assert [finding.fix for finding in findings(snapshot(files))] == ["pnpm --filter @x/web add pg@^8.2.0"]


def test_the_version_of_a_fix_may_come_from_the_lockfile() -> None:
    lock = "lockfileVersion: '9.0'\nimporters: {}\npackages:\n"
    lock += "  pg@8.9.0: {}\n  pg@8.10.1: {}\n  '@a/pg@9.0.0': {}\n  x: {}\n"
    files = {"pnpm-lock.yaml": lock, "apps/web/a.ts": 'import "pg"'}
    assert [finding.fix for finding in findings(snapshot(files))] == ["pnpm --filter @x/web add pg@^8.10.1"]


def test_own_imports_may_lead_to_a_package() -> None:
    files = {
        WEB: web(imports={"#db": "pg", "#own": "./own.js", "#odd": "data:x", "#many": {"node": "./a.js"}}),
        "apps/web/a.ts": 'import "#db"; import "#own"; import "#odd"; import "#many"',
    }
    assert [finding.dependency for finding in findings(snapshot(files))] == ["pg"]


def test_ambient_modules_are_declared_by_the_code() -> None:
    files = {
        "apps/web/types.d.ts": 'declare module "made-up"; declare module "styles-*";',
        "apps/web/a.ts": 'import "made-up"; import "styles-dark"; import "other"',
    }
    assert [finding.dependency for finding in findings(snapshot(files))] == ["other"]
