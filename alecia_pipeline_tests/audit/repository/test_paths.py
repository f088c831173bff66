import pytest

from alecia_pipeline.audit.repository.paths import findings
from alecia_pipeline_tests.audit.snapshots import manifest, rules_of, snapshot

FILES = {
    "apps/web/src/a.ts": "",
    "apps/web/src/view.tsx": "",
    "apps/web/src/types.d.ts": "",
    "apps/web/src/data.json": "",
    "apps/web/src/icon.svg": "",
    "apps/web/src/folder/index.ts": "",
    "apps/web/src/bare/readme.txt": "",
    "apps/web/src/entry/package.json": "{}",
    ".gitignore": "generated/\n",
}


@pytest.mark.parametrize(
    "specifier",
    ["./a", "./a.js", "./a.ts", "./view.jsx", "./types", "./types.js", "./data", "./icon.svg?url", "./folder", "./bare",
     "./entry", ".",
     "../dist/index.js", "./+types/route", "../.next/types/routes.d.ts"],
)  # fmt: skip
def test_what_a_compiler_finds_is_no_finding(specifier: str) -> None:
    files = {**FILES, "apps/web/src/index.ts": "", "apps/web/src/main.ts": f'import "{specifier}"'}
    assert rules_of(findings, files) == []


def test_a_missing_file() -> None:
    (finding,) = findings(snapshot({**FILES, "apps/web/src/main.ts": '\nimport "./gone"'}))
    assert (finding.rule, finding.file, finding.line) == ("unresolved-import", "apps/web/src/main.ts", 2)
    assert "apps/web/src/gone" in finding.message


def test_a_path_out_of_the_repository_is_missing() -> None:
    assert [rule for rule, _ in rules_of(findings, {"apps/web/a.ts": 'import "../../../x"'})] == ["unresolved-import"]


@pytest.mark.parametrize("specifier", ["./View", "./Folder", "./Folder/index", "./ICON.svg"])
def test_letters_in_the_wrong_case(specifier: str) -> None:
    files = {**FILES, "apps/web/src/main.ts": f'import "{specifier}"'}
    assert [rule for rule, _ in rules_of(findings, files)] == ["case-mismatch"]


def test_a_test_may_look_for_what_is_not_there() -> None:
    files = {"apps/web/a.test.ts": 'await import("./gone")', "apps/web/b.ts": 'try { require("./gone") } catch {}'}
    assert rules_of(findings, files) == []


def test_a_generated_file_that_a_script_makes() -> None:
    files = {**FILES, "apps/web/src/main.ts": 'import "./generated/client"'}
    assert [rule for rule, _ in rules_of(findings, files)] == ["generated-path-missing"]
    files["apps/web/package.json"] = manifest("@x/web", scripts={"prebuild": "prisma generate"})
    assert rules_of(findings, files) == []


def test_a_subpath_that_a_sibling_does_not_export() -> None:
    files = {
        "apps/web/package.json": manifest("@x/web", dependencies={"@x/ui": "workspace:*"}),
        "packages/ui/package.json": manifest("@x/ui", exports={"./a": "./a.ts"}),
        "apps/web/main.ts": 'import "@x/ui/b"',
    }
    assert rules_of(findings, files) == [
        ("unresolved-import", "@x/ui/b is not among the `exports` of packages/ui/package.json")
    ]


@pytest.mark.parametrize(
    ("path", "code", "count"),
    [
        ("a.test.ts", 'import "./gone"', 1),
        ("a.test.ts", 'vi.mock("./gone")', 0),
        ("test/input.ts", 'import "./gone"', 0),
    ],
)
def test_what_tests_are_fed_may_be_broken(path: str, code: str, count: int) -> None:
    assert len(rules_of(findings, {f"apps/web/{path}": code})) == count


@pytest.mark.parametrize(
    "files",
    [
        {"apps/web/package.json": manifest("@x/web", scripts={"build": "vite build && cp server/main.js build/"})},
        {"apps/web/.bin/build.sh": "set -e\ncp server/main.js build/server/main.js\n"},
        {"apps/web/Dockerfile": "FROM node:20\nCOPY server/main.js ./\n"},
    ],
)
def test_a_file_that_is_moved_before_it_runs(files: dict[str, str]) -> None:
    code = {"apps/web/server/main.js": 'import "./index.js"'}
    assert [rule for rule, _ in rules_of(findings, code)] == ["unresolved-import"]
    assert rules_of(findings, {**code, **files}) == []


def test_a_file_of_the_root_that_is_moved() -> None:
    files = {"package.json": manifest("root", scripts={"x": "cp boot.mjs out"}), "boot.mjs": 'import "./index.js"'}
    assert rules_of(findings, files) == []
