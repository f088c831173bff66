"""Changes for which turbo rebuilds too little or too much: which apps the planner builds anew, and for what cause."""

import json
from collections.abc import Callable, Mapping

import pytest

from alecia_pipeline.config import Config
from alecia_pipeline.operations.planning import Planner
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline_tests.conftest import Repository, git, write
from alecia_pipeline_tests.monorepo import LOCKFILE, dockerfile, manifest, mini

Changes = Mapping[str, str | bytes | None]
Causes = Mapping[str, set[tuple[str, str]]]
Rebuilt = Callable[[Changes, Changes], Causes]

NOBODY: Causes = {}


@pytest.fixture
def rebuilt(repository: Repository) -> Rebuilt:
    """Commit `before` and then `change` over it; return app -> (kind, what) of its causes for the apps to be built."""

    def planned(before: Changes, change: Changes) -> Causes:
        repo = repository(mini(before))
        write(repo, mini({**before, **change}))
        for path in (path for path, content in change.items() if content is None):
            (repo / path).unlink()
        git(repo, "add", "--all", "--force")
        git(repo, "commit", "--quiet", "--message=change")
        plan = Planner(Runner(repo, Config(), lambda _: None)).plan("HEAD", since="HEAD~1")
        assert [app.name for app in plan.apps] == ["cms", "website"]
        for app in plan.apps:
            assert (app.action == "build") == (app.key != app.previous_key) == bool(app.causes)
        built = (app for app in plan.apps if app.action == "build")
        return {app.name: {(cause.kind, cause.what) for cause in app.causes} for app in built}

    return planned


def both(kind: str, what: str) -> Causes:
    return {"cms": {(kind, what)}, "website": {(kind, what)}}


def test_a_dependency_of_an_app_that_overrides_depends_on(rebuilt: Rebuilt) -> None:
    own = {"apps/website/turbo.json": '{"extends": ["//"], "tasks": {"build": {"dependsOn": []}}}'}
    change = {"packages/ui/src/index.tsx": "export const a = 1;\n"}
    assert rebuilt(own, change) == {"website": {("file", "packages/ui/src/index.tsx")}}


def test_a_dockerfile_in_the_root_whose_filter_names_the_app(rebuilt: Rebuilt) -> None:
    text = dockerfile("website", "db", "ui")
    root: Changes = {"apps/website/Dockerfile": None, "Dockerfile": text}
    assert rebuilt(root, {"Dockerfile": f"{text}USER node\n"}) == {"website": {("dockerfile", "Dockerfile")}}


def test_a_dockerfile_in_the_root_with_a_stage_per_app(rebuilt: Rebuilt) -> None:
    stages = "FROM node:20-alpine AS cms\nCOPY . .\n\nFROM node:20-alpine AS website\nCOPY . .\n"
    root: Changes = {"apps/website/Dockerfile": None, "apps/cms/Dockerfile": None, "Dockerfile": stages}
    assert rebuilt(root, {"Dockerfile": f"{stages}USER node\n"}) == both("dockerfile", "Dockerfile")


def test_a_root_tsconfig_that_another_file_extends(rebuilt: Rebuilt) -> None:
    through = {
        "apps/cms/tsconfig.json": '{"extends": "../../config/ts/node.json"}',
        "config/ts/node.json": '{"extends": "../../base/strict.json"}',
        "base/strict.json": "{}",
    }
    change = {"base/strict.json": '{"compilerOptions": {"strict": true}}'}
    assert rebuilt(through, change) == {"cms": {("file", "base/strict.json")}}
    assert rebuilt(through, {"tsconfig.base.json": '{"compilerOptions": {}}'}) == both("file", "tsconfig.base.json")


def test_a_dependency_that_the_root_needs_no_more(rebuilt: Rebuilt) -> None:
    importer = "    devDependencies:\n      turbo:\n        specifier: ^2.0.0\n        version: 2.0.0\n"
    lock = LOCKFILE.replace(importer, "    {}\n").replace("  .:\n    {}\n", "  .: {}\n")
    lock = lock.replace("  turbo@2.0.0:\n    resolution: {integrity: sha512-turbo}\n", "")
    change = {
        "package.json": json.dumps({"name": "mini", "packageManager": "pnpm@9.8.0"}),
        "pnpm-lock.yaml": lock.replace("  turbo@2.0.0: {}\n", ""),
    }
    found = rebuilt({}, change)
    assert found.keys() == {"cms", "website"}
    for causes in found.values():
        assert {kind for kind, _ in causes} == {"file", "lockfile"}
        assert ("lockfile", "importers .: turbo (devDependencies)") in causes


def test_an_ignore_file_counts_by_what_it_makes_visible(rebuilt: Rebuilt) -> None:
    change = {".dockerignore": "**/node_modules\n"}
    assert rebuilt({}, change) == {"website": {("ignore", "apps/website/README.md")}}


def test_an_ignore_file_that_hides_nothing_else_changes_nothing(rebuilt: Rebuilt) -> None:
    assert rebuilt({}, {".dockerignore": "# ours\n**/README.md\n**/node_modules\n**/*.swp\n\n"}) == NOBODY


def test_the_ignore_file_of_one_dockerfile(rebuilt: Rebuilt) -> None:
    change = {"apps/cms/Dockerfile.dockerignore": "**/README.md\npackages/db/migrations\n"}
    assert rebuilt({}, change) == {
        "cms": {("ignore", "packages/db/migrations/0001_users.sql"), ("file", "apps/cms/Dockerfile.dockerignore")}
    }


def test_an_npmrc_that_nobody_declares(rebuilt: Rebuilt) -> None:
    assert rebuilt({".npmrc": "engine-strict=true\n"}, {".npmrc": "hoist=false\n"}) == both("file", ".npmrc")


def test_the_content_of_a_patch(rebuilt: Rebuilt) -> None:
    """In every context, used or not: an install reads all that are configured."""
    entry = "\npatchedDependencies:\n  react@19.0.0: {hash: abc, path: fixes/react.patch}\n"
    before = {"pnpm-lock.yaml": LOCKFILE + entry, "fixes/react.patch": "-a\n"}
    assert rebuilt(before, {"fixes/react.patch": "-b\n"}) == both("patch", "fixes/react.patch")


def test_a_patch_that_only_the_settings_place(rebuilt: Rebuilt) -> None:
    """Newer lockfiles have the hash of a patch and not its path."""
    lock = LOCKFILE + "\npatchedDependencies:\n  react@19.0.0: abc\n"
    text = "packages: [apps/*, packages/*]\npatchedDependencies:\n  react@19.0.0: ./fixes/react.patch\n"
    before = {"pnpm-lock.yaml": lock, "pnpm-workspace.yaml": text, "fixes/react.patch": "-a\n"}
    assert rebuilt(before, {"fixes/react.patch": "-b\n"}) == both("patch", "fixes/react.patch")


def test_a_patch_that_the_root_manifest_places(rebuilt: Rebuilt) -> None:
    root = {"name": "mini", "pnpm": {"patchedDependencies": {"react@19.0.0": "fixes/react.patch"}}}
    before = {"package.json": json.dumps(root), "fixes/react.patch": "-a\n"}
    assert rebuilt(before, {"fixes/react.patch": "-b\n"}) == both("patch", "fixes/react.patch")
    assert rebuilt(before, {"pnpm-lock.yaml": None}).keys() == {"cms", "website"}


def test_the_readme_of_an_app_that_is_ignored(rebuilt: Rebuilt) -> None:
    assert rebuilt({}, {"apps/website/README.md": "Another text.\n"}) == NOBODY


def test_a_blank_line_in_turbo_json_is_a_change_of_a_file(rebuilt: Rebuilt) -> None:
    """The file goes in verbatim, so what is built from it may differ: the key cannot know that it does not."""
    assert rebuilt({}, {"turbo.json": '{"globalDependencies": ["config/*.json"]}\n'}) == both("file", "turbo.json")


def test_a_file_that_global_dependencies_match(rebuilt: Rebuilt) -> None:
    assert rebuilt({}, {"config/shared.json": '{"a": 1}\n'}) == both("file", "config/shared.json")


def test_a_file_in_the_root_that_turbo_has_as_dotenv_file(rebuilt: Rebuilt) -> None:
    before = {"turbo.json": '{"globalDotEnv": [".env.shared"]}', ".env.shared": "A=1\n"}
    assert rebuilt(before, {".env.shared": "A=2\n"}) == both("file", ".env.shared")


def test_a_file_in_the_root_that_a_build_has_as_input(rebuilt: Rebuilt) -> None:
    tasks = {
        "build": {"dependsOn": ["^build", "codegen"], "inputs": ["$TURBO_DEFAULT$", "$TURBO_ROOT$/etc/*.txt"]},
        "codegen": {"inputs": ["$TURBO_ROOT$/api.graphql"]},
        "lint": {"inputs": ["$TURBO_ROOT$/lint.config.js"]},
        "test": 1,
    }
    before = {
        "turbo.json": json.dumps({"tasks": tasks}),
        "etc/x.txt": "a",
        "api.graphql": "a",
        "lint.config.js": "a",
    }
    assert rebuilt(before, {"etc/x.txt": "b"}) == both("file", "etc/x.txt")
    assert rebuilt(before, {"api.graphql": "b"}) == both("file", "api.graphql")
    assert rebuilt(before, {"lint.config.js": "b"}) == NOBODY


def test_a_file_in_the_root_that_the_build_of_one_package_has_as_input(rebuilt: Rebuilt) -> None:
    inputs = ["$TURBO_ROOT$/etc/*.txt", "$TURBO_ROOT$/api.graphql", "src/**"]
    before = {
        "packages/ui/turbo.json": json.dumps({"extends": ["//"], "tasks": {"build": {"inputs": inputs}}}),
        "packages/db/turbo.json": '{"tasks": "$TURBO_ROOT$/api.graphql',
        "etc/x.txt": "a",
        "api.graphql": "a",
    }
    assert rebuilt(before, {"etc/x.txt": "b"}) == {"website": {("file", "etc/x.txt")}}
    assert rebuilt(before, {"api.graphql": "b"}) == {"website": {("file", "api.graphql")}}


def test_a_shell_script_in_the_root_that_a_package_script_calls(rebuilt: Rebuilt) -> None:
    scripts = {"build": "sh ../../scripts/release.sh"}
    needs = {"@mini/db": "workspace:*"}
    calls = {"apps/cms/package.json": json.dumps({"name": "@mini/cms", "dependencies": needs, "scripts": scripts})}
    assert rebuilt(calls, {"scripts/release.sh": "false\n"}) == {"cms": {("file", "scripts/release.sh")}}
    assert rebuilt({}, {"scripts/release.sh": "false\n"}) == NOBODY


def test_a_file_outside_that_is_imported_by_a_relative_path(rebuilt: Rebuilt) -> None:
    before = {
        "apps/cms/src/server.ts": 'import { a } from "../../../shared/a";\n',
        "shared/a.ts": "export const a = 1;\n",
    }
    assert rebuilt(before, {"shared/a.ts": "export const a = 2;\n"}) == {"cms": {("file", "shared/a.ts")}}


def test_an_override_of_what_one_app_needs(rebuilt: Rebuilt) -> None:
    def files(version: str) -> Changes:
        root = {"name": "mini", "packageManager": "pnpm@9.8.0", "devDependencies": {"turbo": "^2.0.0"}}
        head = f"lockfileVersion: '9.0'\n\noverrides:\n  react: {version}\n"
        return {
            "package.json": json.dumps({**root, "pnpm": {"overrides": {"react": version}}}, indent=2) + "\n",
            "pnpm-lock.yaml": LOCKFILE.replace("lockfileVersion: '9.0'\n", head),
        }

    found = rebuilt(files("19.0.0"), files("^19.0.0"))
    assert found.keys() == {"website"}
    assert {kind for kind, _ in found["website"]} == {"file", "lockfile"}


def test_a_catalog_entry_of_another_app(rebuilt: Rebuilt) -> None:
    def files(react: str) -> Changes:
        catalog = f"\ncatalogs:\n  default:\n    react:\n      specifier: {react}\n      version: 19.0.0\n"
        lock = LOCKFILE.replace("\nimporters:", f"{catalog}\nimporters:")
        return {
            "pnpm-workspace.yaml": f"packages: [apps/*, packages/*]\ncatalog:\n  react: {react}\n",
            "packages/ui/package.json": manifest("@mini/ui", react="catalog:"),
            "pnpm-lock.yaml": lock.replace(
                "specifier: ^19.0.0\n        version", "specifier: 'catalog:'\n        version"
            ),
        }

    assert rebuilt(files("^19.0.0"), files("^19.0.1")).keys() == {"website"}


def test_a_base_image_that_moved(rebuilt: Rebuilt) -> None:
    def lock(digit: str) -> Changes:
        return {"alecia.lock": f"version: 1\nimages:\n  node:20-alpine: sha256:{digit * 64}\n"}

    assert rebuilt(lock("a"), lock("b")) == both("base_image", "node:20-alpine")


@pytest.mark.parametrize(
    ("setting", "cause"),
    [
        ("epoch: 1", ("build_arg", "epoch")),
        ("build_args: {SITE: alecia.markets}", ("build_arg", "SITE")),
        ("target: builder", ("dockerfile", "target")),
    ],
)
def test_a_setting_of_one_app(rebuilt: Rebuilt, setting: str, cause: tuple[str, str]) -> None:
    def config(more: str) -> Changes:
        return {
            "alecia.yaml": f'apps:\n  cms: {{package: "@mini/cms"}}\n  website: {{package: "@mini/website"{more}}}\n'
        }

    assert rebuilt(config(""), config(f", {setting}")) == {"website": {cause}}
