import pytest

from alecia_pipeline.audit.manifests import cycles, package_cycles
from alecia_pipeline_tests.audit.snapshots import manifest, rules_of, snapshot

A, B = "apps/web/src/a.ts", "apps/web/src/b.ts"


def test_two_files_in_a_circle_are_one_finding_where_it_closes() -> None:
    files = {A: 'import { b } from "./b";\nb();\n', B: 'import x from "y";\nimport { a } from "./a";\na(x);\n'}
    (finding,) = cycles.findings(snapshot(files))
    assert (finding.rule, finding.severity, finding.file, finding.line) == ("import-cycle", "warning", B, 2)
    assert finding.message == f"files import each other in a circle: {A} → {B} → {A}"


@pytest.mark.parametrize(
    "back",
    [
        'import type { T } from "./a";\n',
        'import { type T } from "./a";\n',
        'import { T } from "./a";\nconst t: T = 1;\n',
        'import { T } from "./a";\nexport type { T };\n',
        'import * as all from "./a";\nlet t: all.T;\n',
        'const later = () => import("./a");\n',
        'function later() {\n  return require("./a");\n}\n',
        'import text from "./a?raw";\ntext();\n',
        'try { require("./a") } catch {}\n',
    ],
)
def test_what_does_not_run_when_the_file_is_loaded_closes_no_circle(back: str) -> None:
    assert rules_of(cycles.findings, {A: 'import { b } from "./b";\nb();\n', B: back}) == []


@pytest.mark.parametrize(
    "back",
    [
        'import "./a";\n',
        'export * from "./a";\n',
        'export { T } from "./a";\n',
        'import { T } from "./a";\nexport { T };\n',
        'import T from "./a";\nclass X extends T {}\n',
        'import * as all from "./a";\nall.run();\n',
        'import { a as T } from "./a";\nconst x = { T };\n',
        'const a = require("./a");\n',
    ],
)
def test_what_runs_closes_one(back: str) -> None:
    assert len(rules_of(cycles.findings, {A: 'import { b } from "./b";\nb();\n', B: back})) == 1


def test_markup_and_tests() -> None:
    vue = '<script setup>\nimport B from "./b.vue";\n</script>\n'
    files = {"apps/web/src/a.vue": vue, "apps/web/src/b.vue": vue.replace("b.vue", "a.vue")}
    assert len(rules_of(cycles.findings, files)) == 1
    tests = {"apps/web/src/a.test.ts": 'import "./b.test";\n', "apps/web/src/b.test.ts": 'import "./a.test";\n'}
    assert rules_of(cycles.findings, tests) == []


def test_a_long_circle_is_cut_short_and_a_large_group_counted() -> None:
    ring = {f"apps/web/src/{n:02}.ts": f'import "./{(n + 1) % 10:02}";\n' for n in range(10)}
    ((_, message),) = rules_of(cycles.findings, ring)
    assert message.endswith("apps/web/src/07.ts → 2 more → apps/web/src/00.ts")
    ring["apps/web/src/05.ts"] += 'import "./04";\n'
    ((_, message),) = rules_of(cycles.findings, ring)
    assert message.endswith("05.ts → apps/web/src/04.ts (the shortest of the circles among 10 files)")


def packages(**sources: str) -> dict[str, str]:
    return {f"packages/{name}/package.json": text for name, text in sources.items()}


def test_packages_in_a_circle_by_what_they_declare() -> None:
    files = packages(
        a=manifest("@x/a", dependencies={"@x/b": "workspace:*"}),
        b='{"name": "@x/b",\n"dependencies": {\n"@x/a": "workspace:*"}}',
    )
    (finding,) = package_cycles.findings(snapshot(files))
    assert (finding.rule, finding.file, finding.line) == ("import-cycle", "packages/b/package.json", 3)
    assert finding.message == "packages need each other in a circle: @x/a → @x/b → @x/a"
    assert finding.dependency == "@x/a"


def test_packages_in_a_circle_by_what_they_import() -> None:
    files = {
        **packages(a=manifest("@x/a", dependencies={"@x/b": "workspace:*"}), b=manifest("@x/b")),
        "packages/b/src/i.ts": 'import { type T } from "@x/a";\nimport { run } from "@x/a";\nrun();\n',
    }
    (finding,) = package_cycles.findings(snapshot(files))
    assert (finding.file, finding.line) == ("packages/b/src/i.ts", 2)


@pytest.mark.parametrize(
    ("more", "source"),
    [
        ({"devDependencies": {"@x/a": "workspace:*"}}, ""),
        ({"peerDependencies": {"@x/a": "workspace:*"}}, 'import "@x/a";\n'),
        ({}, 'import { T } from "@x/a";\nlet t: T;\n'),
        ({}, 'import name from "@x/a/package.json";\nname();\n'),
        ({}, 'import "@x/b";\nimport "@x/other";\n'),
    ],
)
def test_packages_that_need_each_other_in_one_direction_only(more: dict[str, object], source: str) -> None:
    files = packages(a=manifest("@x/a", dependencies={"@x/b": "workspace:*"}), b=manifest("@x/b", **more))
    assert rules_of(package_cycles.findings, {**files, "packages/b/src/i.ts": source}) == []
