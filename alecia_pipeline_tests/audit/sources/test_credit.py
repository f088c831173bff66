import json

from alecia_pipeline.audit.sources.scan import scan
from alecia_pipeline.source.workspace import read_workspace
from alecia_pipeline_tests.trees import DictTree

ROOT = {"name": "root", "devDependencies": {"turbo": "2", "typescript": "5"}}
LOCK = "lockfileVersion: '9.0'\n"


def uses(files: dict[str, str], web: object, root: object = ROOT) -> set[tuple[str, str, bool]]:
    """Return (package, specifier, optional) of everything that is used."""
    tree = DictTree(
        {
            "pnpm-workspace.yaml": "packages: [apps/*, packages/*]\n",
            "pnpm-lock.yaml": LOCK,
            "package.json": json.dumps(root),
            "apps/web/package.json": json.dumps(web),
            "packages/ui/package.json": '{"name": "@x/ui", "bin": {"uic": "a.js"}, "devDependencies": {"tsup": "8"}}',
            "packages/one/package.json": '{"name": "@x/one", "bin": "a.js"}',
            "packages/lib/package.json": '{"name": "@x/lib"}',
            **files,
        }
    )
    sources = scan(tree, read_workspace(tree))
    return {(source.package, item.specifier, item.optional) for source in sources for item in source.imports.found}


def test_scripts_use_what_the_package_or_the_root_declares() -> None:
    web = {"scripts": {"build": "turbo run x && tsc && vitest", "odd": 1}, "devDependencies": {"vitest": "1"}}
    assert uses({}, web) == {(".", "turbo", True), (".", "typescript", True), ("apps/web", "vitest", True)}


def test_a_program_that_only_another_package_declares_is_missing() -> None:
    assert uses({}, {"scripts": {"build": "tsup"}}) == {("apps/web", "tsup", False)}
    assert uses({}, {"scripts": {"build": "rollup -c"}}) == set()


def test_nothing_is_sure_to_be_missing_where_packages_are_hoisted() -> None:
    assert uses({".npmrc": "node-linker=hoisted\n"}, {"scripts": {"build": "tsup"}}) == set()


def test_fixtures_miss_what_they_like() -> None:
    fixture = {
        "pnpm-workspace.yaml": "packages: [packages/*, packages/ui/fixtures/*]\n",
        "packages/ui/fixtures/a/package.json": '{"name": "a", "scripts": {"build": "tsup"}}',
    }
    assert uses(fixture, {}) == set()


def test_programs_of_the_workspace_are_known() -> None:
    web = {
        "scripts": {"a": "uic && one"},
        "dependencies": {"@x/ui": "workspace:*", "@x/one": "workspace:*", "@x/lib": "workspace:*"},
    }
    assert uses({}, web) == {("apps/web", "@x/ui", True), ("apps/web", "@x/one", True)}


def test_settings_in_the_manifest_count() -> None:
    web = {
        "prettier": "@x/prettier-config",
        "jest": {"preset": "ts-jest"},
        "lint-staged": {"*": "biome check"},
        "dependencies": {"@x/prettier-config": "1", "ts-jest": "1", "@biomejs/biome": "1"},
    }
    assert {name for _, name, _ in uses({}, web)} == {"@x/prettier-config", "ts-jest", "@biomejs/biome"}


def test_a_plugin_of_every_build_must_be_declared() -> None:
    config = "module.exports = { plugins: { autoprefixer: {} } }"
    path = "apps/web/postcss.config.js"
    assert uses({path: config}, {}) == {("apps/web", "autoprefixer", False)}
    assert uses({path: config}, {"devDependencies": {"autoprefixer": "1"}}) == {("apps/web", "autoprefixer", False)}
    assert uses({path: config}, {}, {"devDependencies": {"autoprefixer": "1"}}) == {(".", "autoprefixer", True)}
    assert uses({"apps/web/sub/postcss.config.js": config}, {}) == set()


def test_other_settings_are_uses_only_of_what_is_declared() -> None:
    config = '{"plugins": ["prettier-plugin-x"]}'
    assert uses({"apps/web/.prettierrc": config}, {}) == set()
    declared = {"devDependencies": {"prettier-plugin-x": "1"}}
    assert uses({"apps/web/.prettierrc": config}, declared) == {("apps/web", "prettier-plugin-x", True)}


def test_hooks_start_programs_too() -> None:
    assert uses({".husky/pre-commit": "pnpm turbo run lint\n"}, {}) == {(".", "turbo", True)}


def test_scripts_have_lines() -> None:
    manifest = '{\n  "name": "web",\n  "scripts": {\n    "dev": "x",\n    "build": "tsup"\n  }\n}'
    tree = DictTree(
        {
            "package.json": '{"devDependencies": {}}',
            "pnpm-workspace.yaml": "packages: [apps/*, packages/*]\n",
            "pnpm-lock.yaml": LOCK,
            "apps/web/package.json": manifest,
            "packages/ui/package.json": '{"devDependencies": {"tsup": "8"}}',
        }
    )
    (source,) = scan(tree, read_workspace(tree))
    assert [(item.specifier, item.line, item.kind) for item in source.imports.found] == [("tsup", 5, "script")]
    assert source.role == "config"
