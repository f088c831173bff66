import json

import pytest

from alecia_pipeline.errors import UsageError
from alecia_pipeline.source.workspace import read_workspace
from alecia_pipeline_tests.trees import DictTree


def manifest(name: str | None, **kinds: dict[str, str]) -> str:
    return json.dumps({"name": name, **kinds} if name else kinds)


FILES: dict[str, str | bytes] = {
    "pnpm-workspace.yaml": "packages:\n  - apps/*\n  - 'packages/**'\n  - '!**/fixtures/**'\n  - .\n",
    "package.json": manifest("root", devDependencies={"@a/cfg": "workspace:*"}),
    "apps/web/package.json": manifest(
        "@a/web", dependencies={"@a/ui": "workspace:^", "react": "^19", "cfg": "npm:cfg@1"}, devDependencies={"db": "*"}
    ),
    "apps/notes.txt": "",
    "packages/package.json": manifest("@a/all"),
    "packages/ui/package.json": manifest(
        "@a/ui", peerDependencies={"@a/theme": "1.x"}, optionalDependencies={"@a/web": "workspace:*"}
    ),
    "packages/ui/theme/package.json": manifest("@a/theme", dependencies={"@a/theme": "1"}),
    "packages/ui/fixtures/x/package.json": "not read",
    "packages/ui/node_modules/x/package.json": "not read",
    "packages/db/package.json": manifest("db", dependencies={"alias": "workspace:@a/cfg@*", "near": "link:../ui"}),
    "packages/cfg/package.json": manifest("@a/cfg", dependencies={"far": "file:../../elsewhere", "x": "workspace:./"}),
    "packages/nameless/package.json": manifest(None, dependencies={"@a/cfg": "catalog:", "g": "github:a/b"}),
}


def test_the_globs_choose_the_packages() -> None:
    workspace = read_workspace(DictTree(FILES))
    assert list(workspace.packages) == [
        "apps/web",
        "packages",
        "packages/cfg",
        "packages/db",
        "packages/nameless",
        "packages/ui",
        "packages/ui/theme",
    ]
    assert workspace.package(".").name == "root"
    assert workspace.package("packages/nameless").name == "packages/nameless"
    found = workspace.by_name("@a/ui")
    assert found == workspace.package("packages/ui")
    assert workspace.by_name("root") is None


def test_a_file_belongs_to_the_deepest_package() -> None:
    workspace = read_workspace(DictTree(FILES))
    assert workspace.owner("packages/ui/theme/src/x.ts").dir == "packages/ui/theme"
    assert workspace.owner("packages/ui/other/x.ts").dir == "packages/ui"
    assert workspace.owner("apps/notes.txt").dir == "."


def test_dependencies_near_and_far() -> None:
    workspace = read_workspace(DictTree(FILES))
    assert workspace.direct("apps/web") == ("packages/db", "packages/ui")
    assert workspace.direct("apps/web", dev=False) == ("packages/ui",)
    assert workspace.direct("apps/web") is workspace.direct("apps/web")
    assert workspace.direct("packages/db") == ("packages/cfg", "packages/ui")
    assert workspace.direct("packages/cfg") == ()
    assert workspace.direct("packages/nameless") == ("packages/cfg",)
    assert workspace.direct("packages/ui/theme") == ()


def test_a_closure_survives_a_cycle_and_holds_itself() -> None:
    workspace = read_workspace(DictTree(FILES))
    assert workspace.closure("packages/ui", dev=False) == ("apps/web", "packages/ui", "packages/ui/theme")
    assert workspace.closure("packages/ui/theme") == ("packages/ui/theme",)


def test_of_two_packages_with_one_name_the_first_counts() -> None:
    files = {**FILES, "apps/copy/package.json": manifest("@a/ui")}
    found = read_workspace(DictTree(files)).by_name("@a/ui")
    assert found is not None
    assert found.dir == "apps/copy"


@pytest.mark.parametrize("workspaces", ['["apps/*"]', '{"packages": ["apps/*"]}'])
def test_npm_workspaces(workspaces: str) -> None:
    tree = DictTree({"package.json": f'{{"workspaces": {workspaces}}}', "apps/a/package.json": "{}"})
    assert list(read_workspace(tree).packages) == ["apps/a"]


def test_a_workspace_file_with_settings_alone_has_the_root_only() -> None:
    tree = DictTree({"package.json": "{}", "pnpm-workspace.yaml": "catalog: {}", "a/package.json": "{}"})
    assert read_workspace(tree).packages == {}


@pytest.mark.parametrize(
    ("files", "what"),
    [
        ({"x": ""}, "no package.json at the repository's root"),
        ({"package.json": "{}"}, "is not a workspace"),
        ({"package.json": '{"workspaces": "apps"}'}, "not valid workspace configuration"),
        ({"package.json": "{}", "pnpm-workspace.yaml": "packages: [1]"}, "not valid workspace configuration"),
        ({"package.json": "{}", "pnpm-workspace.yaml": "- a"}, "must be a mapping"),
        (
            {"package.json": "{}", "pnpm-workspace.yaml": "packages: [a]", "a/package.json": "{"},
            "a/package.json is not",
        ),
    ],
)
def test_a_bad_workspace_is_one_clear_error(files: dict[str, str | bytes], what: str) -> None:
    with pytest.raises(UsageError, match=what) as caught:
        read_workspace(DictTree(files))
    assert caught.value.where
    assert caught.value.fix


BROKEN = {
    "package.json": "{}",
    "pnpm-workspace.yaml": "packages: [apps/*, packages/*]",
    "apps/web/package.json": '{"name": "web", "dependencies": {"ui": "^1.0.0"}}',
    "apps/cms/package.json": '{"name": "cms", "dependencies": {"db": "workspace:*"}}',
    "packages/db/package.json": '{"name": "db"}',
    "packages/ui/package.json": '{"name": "ui", "dependencies": ',
}


def test_a_manifest_that_does_not_parse_stops_those_that_need_it() -> None:
    workspace = read_workspace(DictTree(BROKEN), tolerant=True)
    assert list(workspace.unreadable) == ["packages/ui"]
    assert workspace.closure("apps/web") == ("apps/web", "packages/ui")
    with pytest.raises(UsageError, match=r"packages/ui/package\.json is not valid JSON"):
        workspace.check(workspace.closure("apps/web"))
    workspace.check(workspace.closure("apps/cms"))
    assert workspace.owner("packages/ui/src/x.ts").name == "ui"


@pytest.mark.parametrize("path", ["package.json", "packages/ui/package.json"])
def test_a_manifest_that_any_package_may_need_stops_all(path: str) -> None:
    with pytest.raises(UsageError, match="is not valid JSON"):
        read_workspace(DictTree({**BROKEN, path: "{ ["}), tolerant=True)


def test_what_does_not_parse_is_one_error_where_all_of_it_is_needed() -> None:
    with pytest.raises(UsageError, match=r"packages/ui/package\.json is not valid JSON"):
        read_workspace(DictTree(BROKEN))
