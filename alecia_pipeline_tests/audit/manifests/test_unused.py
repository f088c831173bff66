import json

import pytest

from alecia_pipeline.audit.manifests.implied import is_implied
from alecia_pipeline.audit.manifests.unused import MAX_BYTES, findings
from alecia_pipeline.source.tree import SUBMODULE, SYMLINK
from alecia_pipeline_tests.audit.snapshots import manifest, rules_of, snapshot

WEB = "apps/web/package.json"


def lock(folder: str = "apps/web", packages: str = "left-pad@1.3.0: {}", more: str = "") -> str:
    return f"""\
lockfileVersion: '9.0'
importers:
  {folder}:
    dependencies:
      left-pad: {{specifier: ^1.3.0, version: 1.3.0}}
{more}
packages:
  {packages}
"""


FILES = {
    WEB: manifest("@x/web", dependencies={"left-pad": "^1.3.0"}),
    "apps/web/src/index.ts": 'import "react";\n',
    "pnpm-lock.yaml": lock(),
}


def test_a_dependency_that_nothing_uses() -> None:
    (finding,) = findings(snapshot(FILES))
    assert (finding.rule, finding.severity, finding.dependency) == ("unused-dependency", "info", "left-pad")
    assert (finding.file, finding.line) == (WEB, 1)
    assert finding.fix == "pnpm --filter @x/web remove left-pad"


@pytest.mark.parametrize(
    "files",
    [
        {"apps/web/src/index.ts": 'import pad from "left-pad/lib";\n'},
        {"apps/web/src/index.ts": 'import pad from "npm:left-pad";\n'},
        {"apps/web/src/index.test.ts": 'jest.mock("left-pad");\n'},
        {"apps/web/tool.json": '{"use": "left-pad"}'},
        {"apps/web/inner/left-pad.yaml": "{}"},
        {".github/workflows/ci.yml": "run: pnpm exec left-pad"},
        {WEB: manifest("@x/web", dependencies={"left-pad": "^1.3.0"}, scripts={"pad": "node -r left-pad x"})},
        {WEB: manifest("@x/web", dependencies={"left-pad": "^1.3.0"}, peerDependencies={"left-pad": "*"})},
        {WEB: manifest("@x/web", dependencies={"left-pad": "file:../left-pad"})},
        {"packages/left-pad/package.json": manifest("left-pad")},
        {"pnpm-lock.yaml": lock(packages="left-pad@1.3.0: {hasBin: true}")},
        {"pnpm-lock.yaml": lock(packages="other@1.3.0: {}")},
        {"pnpm-lock.yaml": lock(more="      b: {specifier: '1', version: 1.0.0(left-pad@1.3.0)}")},
        {
            "pnpm-lock.yaml": lock(
                packages="left-pad@1.3.0: {}\n  b@1.0.0: {peerDependenciesMeta: {left-pad: {optional: true}}}",
                more="      b: {specifier: '1', version: 1.0.0}",
            )
        },
        {"pnpm-lock.yaml": lock(folder="apps/other")},
        {"apps/web/src/index.ts": ""},
        {"apps/web/src/client.ts": 'import "./generated/client";\n', ".gitignore": "generated\n"},
    ],
)
def test_what_may_be_used_is_passed_over(files: dict[str, str]) -> None:
    assert rules_of(findings, {**FILES, **files}) == []


def test_a_sibling_may_want_it_as_its_peer() -> None:
    files = {
        **FILES,
        WEB: manifest("@x/web", dependencies={"left-pad": "^1.3.0", "@x/ui": "workspace:*"}),
        "packages/ui/package.json": manifest("@x/ui", peerDependencies={"left-pad": "*"}),
    }
    assert rules_of(findings, files) == []


def test_without_a_lockfile_nothing_is_said() -> None:
    assert rules_of(findings, {path: text for path, text in FILES.items() if path != "pnpm-lock.yaml"}) == []


@pytest.mark.parametrize("mode", [SUBMODULE, SYMLINK])
def test_code_that_the_commit_does_not_have_may_use_it(mode: int) -> None:
    assert list(findings(snapshot({**FILES, "apps/web/more": "../../../gone"}, {"apps/web/more": mode}))) == []


def test_a_live_link_hides_nothing() -> None:
    assert len(list(findings(snapshot({**FILES, "apps/web/more": "src"}, {"apps/web/more": SYMLINK})))) == 1


def test_data_and_lockfiles_name_without_using() -> None:
    files = {
        "apps/web/data.json": '"left-pad"' + " " * MAX_BYTES,
        "apps/web/yarn.lock": "left-pad",
        "apps/web/x.md": "left-pad",
    }
    assert len(rules_of(findings, {**FILES, **files})) == 1


def test_the_root_is_used_by_all_packages() -> None:
    root = {
        "package.json": json.dumps({"name": "root", "devDependencies": {"left-pad": "1"}}),
        "pnpm-lock.yaml": lock("."),
    }
    assert [rule for rule, _ in rules_of(findings, root)] == ["unused-dependency"]
    assert rules_of(findings, {**root, "apps/web/src/index.ts": 'import "left-pad";\n'}) == []


@pytest.mark.parametrize(
    "name", ["typescript", "@types/node", "eslint-plugin-x", "@x/y-loader", "sharp", "expo-font", "x-linux-arm64-gnu"]
)
def test_what_is_needed_without_being_named(name: str) -> None:
    assert is_implied(name)


@pytest.mark.parametrize("name", ["left-pad", "lodash", "@aws-sdk/client-s3", "zod"])
def test_what_is_not(name: str) -> None:
    assert not is_implied(name)
