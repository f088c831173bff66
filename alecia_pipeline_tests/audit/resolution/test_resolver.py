import json

import pytest

from alecia_pipeline.audit.resolution.resolver import Resolved
from alecia_pipeline.source.tree import SYMLINK
from alecia_pipeline_tests.audit.snapshots import manifest, snapshot

WEB = "apps/web/package.json"
MAIN = "apps/web/src/main.ts"
LOCK = """lockfileVersion: '9.0'
importers:
  apps/web:
    dependencies:
      newrelic: {specifier: '1', version: 1.0.0}
packages:
  newrelic@1.0.0: {}
  '@types/estree@1.0.0': {}
  pg@8.0.0: {}
"""


def resolved(code: str, files: dict[str, str], modes: dict[str, int] | None = None) -> Resolved:
    (found,) = [use for use in snapshot({**files, MAIN: code}, modes).imports if use.source.path == MAIN]
    return found


def outcome(specifier: str, files: dict[str, str], modes: dict[str, int] | None = None) -> tuple[str, str | None]:
    found = resolved(f'import "{specifier}"', files, modes)
    return found.outcome, found.name if found.outcome == "package" else found.target


@pytest.mark.parametrize(
    ("specifier", "expected"),
    [
        ("#db", ("package", "pg")),
        ("#own", ("file", "apps/web/own.ts")),
        ("#lib/a", ("file", "apps/web/lib/a.ts")),
        ("#lib/gone", ("missing", "apps/web/lib/gone.js")),
        ("#url", ("fine", None)),
        ("#unknown", ("fine", None)),
    ],
)
def test_own_imports(specifier: str, expected: tuple[str, str | None]) -> None:
    imports = {
        "#db": "pg",
        "#own": {"node": "./own.js", "default": "./dist/own.js"},
        "#lib/*": "./lib/*.js",
        "#url": "https://x",
    }
    files = {WEB: manifest("@x/web", imports=imports), "apps/web/own.ts": "", "apps/web/lib/a.ts": ""}
    assert outcome(specifier, files) == expected


def test_an_unjudged_kind() -> None:
    code = 'const a = import.meta.glob("./gone/*.ts"); const b = new URL("./gone.png", import.meta.url)'
    uses = [use.outcome for use in snapshot({MAIN: code}).imports]
    assert sorted(uses) == ["fine", "missing"]


def test_a_program_of_a_script_is_a_package() -> None:
    files = {WEB: manifest("@x/web", scripts={"build": "tsup"}, devDependencies={"tsup": "8"})}
    assert [(use.outcome, use.name) for use in snapshot(files).imports] == [("package", "tsup")]


def test_root_dirs_lie_over_one_another() -> None:
    config = json.dumps({"compilerOptions": {"rootDirs": ["./src", "./made"]}})
    files = {"apps/web/tsconfig.json": config, "apps/web/made/routes.ts": ""}
    assert outcome("./routes", files) == ("file", "apps/web/made/routes.ts")
    assert outcome("./gone", files) == ("missing", "apps/web/src/gone")
    options = {"rootDirs": [".", "${configDir}/made", "/abs"], "paths": {"@/*": "x"}}
    files["apps/web/tsconfig.json"] = json.dumps({"compilerOptions": options})
    assert outcome("../routes", files) == ("file", "apps/web/made/routes.ts")
    assert outcome("../../x", files) == ("missing", "apps/x")


def test_the_folder_of_a_config_has_a_name() -> None:
    files = {
        "tsconfig.base.json": '{"compilerOptions": {"paths": {"@/*": ["${configDir}/src/*"]}}}',
        "apps/web/tsconfig.json": '{"extends": "../../tsconfig.base.json"}',
        "apps/web/src/a.ts": "",
    }
    assert outcome("@/a", files) == ("file", "apps/web/src/a.ts")


def test_a_base_further_up_gives_no_packages() -> None:
    base = '{"compilerOptions": {"baseUrl": "."}}'
    files = {"tsconfig.json": base, "apps/web/tsconfig.json": "{}", "pg/index.ts": ""}
    assert outcome("pg", files) == ("package", "pg")
    del files["apps/web/tsconfig.json"]
    assert outcome("pg", files) == ("file", "pg/index.ts")


def test_a_file_with_the_name_of_a_dependency_does_not_stand_for_it() -> None:
    files = {
        "apps/web/tsconfig.json": '{"compilerOptions": {"baseUrl": "src"}}',
        "apps/web/src/newrelic.ts": "",
        "apps/web/src/store.ts": "",
    }
    assert outcome("newrelic", files) == ("file", "apps/web/src/newrelic.ts")
    assert outcome("newrelic", {**files, "pnpm-lock.yaml": LOCK}) == ("package", "newrelic")
    assert outcome("store", {**files, "pnpm-lock.yaml": LOCK}) == ("file", "apps/web/src/store.ts")


def test_a_path_from_the_base() -> None:
    config = {"apps/web/tsconfig.json": '{"compilerOptions": {"baseUrl": "."}}', ".gitignore": "generated\n"}
    assert outcome("src/main", config) == ("file", MAIN)
    assert outcome("src/gone", config) == ("missing", "apps/web/src/gone")
    assert outcome("src/generated/client", config) == ("generated", "apps/web/src/generated/client")
    assert outcome("srk/gone", config) == ("package", "srk")
    assert outcome("node_modules/pg/lib/a", config) == ("package", "pg")
    assert outcome("./routeTree.gen", config) == ("fine", None)


def test_types_alone() -> None:
    assert outcome("estree", {"pnpm-lock.yaml": LOCK}) == ("package", "@types/estree")
    assert outcome("mdast", {}) == ("package", "@types/mdast")
    assert outcome("mdast", {WEB: manifest("@x/web", dependencies={"mdast": "3"})}) == ("package", "mdast")
    assert outcome("unheard-of", {"pnpm-lock.yaml": LOCK}) == ("package", "unheard-of")


def test_ambient_modules_say_nothing_of_real_packages() -> None:
    files = {"apps/web/x.d.ts": 'declare module "pg"; declare module "*.svg"; declare module "made-up";'}
    assert outcome("pg", files) == ("fine", None)
    locked = {**files, "pnpm-lock.yaml": LOCK}
    assert outcome("pg", locked) == ("package", "pg")
    assert outcome("made-up", locked) == ("fine", None)
    assert outcome("icons/a.svg", locked) == ("package", "icons")
    assert resolved('import type { A } from "pg"', locked).outcome == "fine"


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ('"preact/compat"', ("package", "preact")),
        ('"./src/stub.ts"', ("file", "apps/web/src/stub.ts")),
        ('require.resolve("react")', ("package", "react")),
        ("somewhere()", ("fine", None)),
        ('"./gone"', ("missing", "apps/web/gone")),
        ('"./generated/react"', ("generated", "apps/web/generated/react")),
    ],
)
def test_a_bundler_puts_something_else_in_place(target: str, expected: tuple[str, str | None]) -> None:
    files = {
        "apps/web/vite.config.ts": f"export default {{resolve: {{alias: {{react: {target}}}}}}}",
        "apps/web/src/stub.ts": "",
        ".gitignore": "generated",
    }
    assert outcome("react", files) == expected


def test_a_dependency_stays_one_where_its_alias_cannot_be_read() -> None:
    files = {
        WEB: manifest("@x/web", dependencies={"react": "19"}),
        "apps/web/vite.config.ts": "export default {resolve: {alias: {react: somewhere()}}}",
    }
    assert outcome("react", files) == ("package", "react")


def test_types_of_a_package_are_not_the_package() -> None:
    paths = '{"compilerOptions": {"paths": {"pg": ["./node_modules/@types/pg", "./types/pg"]}}}'
    files = {"apps/web/tsconfig.json": paths, "apps/web/types/pg.d.ts": "", "pnpm-lock.yaml": LOCK}
    assert outcome("pg", files) == ("package", "pg")


def test_an_alias_that_only_a_bundler_knows() -> None:
    files = {"apps/web/vite.config.ts": 'export default {alias: {"@": "./src"}}', "apps/web/src/a.ts": ""}
    assert outcome("@/a", files) == ("file", "apps/web/src/a.ts")
    assert outcome("@/gone", files) == ("fine", None)
    assert outcome("~/gone", files) == ("fine", None)


def test_shared_code_is_built_by_who_uses_it() -> None:
    files = {
        "packages/ui/package.json": manifest("@x/ui"),
        "packages/ui/tsconfig.json": '{"compilerOptions": {"paths": {"inner/*": ["./src/*"], "*": ["./src/*"]}}}',
        "packages/ui/src/a.ts": "",
    }
    assert outcome("inner/a", files) == ("fine", None)
    assert outcome("inner/gone", files) == ("package", "inner")
    assert outcome("a", files) == ("package", "a")


@pytest.mark.parametrize(
    ("specifier", "declared", "expected"),
    [
        ("react/jsx-runtime", {"@preact/preset-vite": "2"}, "fine"),
        ("react", {"@astrojs/preact": "4"}, "fine"),
        ("react", {"@astrojs/preact": "4", "@astrojs/react": "4"}, "package"),
        ("@docusaurus/Link", {"@docusaurus/core": "3"}, "fine"),
        ("@docusaurus/theme-common", {"@docusaurus/core": "3"}, "package"),
        ("@theme/Layout", {"@docusaurus/core": "3"}, "fine"),
        ("vue", {"vitepress": "1"}, "fine"),
        ("vue", {"vue-router": "4"}, "package"),
        ("uno.css", {"unocss": "1"}, "fine"),
        ("vscode", {}, "package"),
    ],
)
def test_what_a_framework_provides(specifier: str, declared: dict[str, str], expected: str) -> None:
    assert outcome(specifier, {WEB: manifest("@x/web", dependencies=declared)})[0] == expected


def test_text_beside_a_file_is_no_package() -> None:
    assert outcome("page.html", {"apps/web/src/page.html": ""}) == ("file", "apps/web/src/page.html")
    assert outcome("page.html", {"apps/web/page.html": ""}) == ("package", "page.html")


@pytest.mark.parametrize(
    "specifier", ["_private/x", "__virtual", "@~/x", "node:sqlite", "fs/promises", "astro:content"]
)
def test_what_no_registry_takes_is_no_package(specifier: str) -> None:
    assert outcome(specifier, {})[0] == "fine"


@pytest.mark.parametrize(
    ("specifier", "name"), [("punycode/", "punycode"), ("process/browser", "process"), ("test", "test")]
)
def test_a_package_may_share_a_builtins_name(specifier: str, name: str) -> None:
    assert outcome(specifier, {}) == ("package", name)


def test_a_link_to_a_folder_is_followed() -> None:
    files = {"packages/shared/a.ts": "", "apps/web/src/shared": "../../../packages/shared", "apps/web/out": "/srv"}
    modes = {"apps/web/src/shared": SYMLINK, "apps/web/out": SYMLINK}
    assert outcome("./shared/a", files, modes) == ("file", "packages/shared/a.ts")
    assert outcome("./shared/gone", files, modes) == ("missing", "packages/shared/gone")
    assert outcome("../out/x", files, modes) == ("fine", None)


UI = {
    WEB: manifest("@x/web", dependencies={"@x/ui": "workspace:*"}),
    "packages/ui/package.json": manifest("@x/ui", exports={".": "./src/index.ts", "./*": "./src/*.tsx"}),
    "packages/ui/src/index.ts": "",
    "packages/ui/src/button.tsx": "",
    "packages/ui/lib/a.ts": "",
}


@pytest.mark.parametrize(
    ("specifier", "expected", "target"),
    [
        ("@x/ui", "package", "packages/ui/src/index.ts"),
        ("@x/ui/button", "package", "packages/ui/src/button.tsx"),
        ("@x/ui/gone", "missing", "packages/ui/src/gone.tsx"),
    ],
)
def test_a_sibling_opens_its_files(specifier: str, expected: str, target: str) -> None:
    found = resolved(f'import "{specifier}"', UI)
    assert (found.outcome, found.target, found.name) == (expected, target, "@x/ui")


def ui(**more: object) -> dict[str, str]:
    return {**UI, "packages/ui/package.json": manifest("@x/ui", **more)}


@pytest.mark.parametrize(
    ("files", "specifier", "expected"),
    [
        (ui(exports={"./a": "./lib/a.ts"}), "@x/ui/b", "closed"),
        (ui(exports={"./a": "./lib/a.ts"}), "@x/ui", "closed"),
        (ui(exports={"./a": "./lib/a.ts"}), "@x/ui/package.json", "package"),
        (ui(), "@x/ui/lib/a", "package"),
        (ui(), "@x/ui/lib/gone", "missing"),
        (ui(), "@x/ui/lib", "package"),
        (ui(), "@x/ui/dist/a", "package"),
        (ui(), "@x/ui", "package"),
        (ui(scripts={"build": "tsup"}), "@x/ui/lib/gone", "package"),
        ({**ui(), WEB: manifest("@x/web", dependencies={"@x/ui": "^1.0.0"})}, "@x/ui/lib/gone", "package"),
        ({**ui(), WEB: manifest("@x/web")}, "@x/ui/lib/gone", "package"),
        (
            {**ui(), "apps/web/tsconfig.json": '{"compilerOptions": {"paths": {"@x/ui/*": ["../../packages/ui/*"]}}}'},
            "@x/ui/lib/gone",
            "package",
        ),
    ],
)
def test_a_sibling_is_doubted_only_for_certain(files: dict[str, str], specifier: str, expected: str) -> None:
    assert resolved(f'import "{specifier}"', files).outcome == expected


def test_types_do_not_mind_a_closed_subpath() -> None:
    files = ui(exports={"./a": "./lib/a.ts"})
    assert resolved('import type { B } from "@x/ui/b"', files).outcome == "package"
