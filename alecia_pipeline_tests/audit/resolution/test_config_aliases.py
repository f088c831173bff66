import pytest

from alecia_pipeline.audit.resolution.config_aliases import MAX_BYTES, ConfigAliases
from alecia_pipeline.source.tree import SYMLINK
from alecia_pipeline.source.workspace import read_workspace
from alecia_pipeline_tests.audit.snapshots import BASE, manifest
from alecia_pipeline_tests.trees import DictTree

CONFIG = "apps/web/vite.config.ts"
OUTSIDE = ("..",)


def expanded(files: dict[str, str], specifier: str, folder: str = "apps/web") -> list[tuple[str, ...]]:
    tree = DictTree({**BASE, **files})
    aliases = ConfigAliases(tree, read_workspace(tree)).of(folder)
    return [targets for targets in (alias.expand(specifier) for alias in aliases) if targets]


@pytest.mark.parametrize(
    "expression",
    [
        '"./src"',
        '"/src"',
        "`./src`",
        "`${__dirname}/src`",
        '__dirname + "/src"',
        'path.resolve(__dirname, "src")',
        'path.resolve(__dirname, "./src")',
        'path.join(__dirname, "..", "web", "src/")',
        'resolve("src")',
        'path.resolve(process.cwd(), "src")',
        'fileURLToPath(new URL("./src", import.meta.url))',
        'new URL("./src", import.meta.url).pathname',
        'path.resolve(import.meta.dirname, "src")',
        'resolve(dirname(fileURLToPath(import.meta.url)), "src")',
        'resolve(dirname(__filename), "src")',
        'resolve(here, "src")',
        'r("src")',
        'long("src")',
        'old("src")',
        'single("src")',
        '(path.resolve(__dirname, "src") as string)',
    ],
)
def test_a_path_expression_is_understood(expression: str) -> None:
    text = f"""
    const here = path.dirname(fileURLToPath(import.meta.url));
    const r = (to: string) => path.resolve(__dirname, to);
    const single = to => path.resolve(__dirname, to);
    const long = (to) => {{ return path.resolve(__dirname, to); }};
    function old(to) {{ return path.resolve(here, to); }}
    export default defineConfig({{ resolve: {{ alias: {{ "@": {expression} }} }} }});
    """
    assert expanded({CONFIG: text}, "@/lib/a") == [("apps/web/src/lib/a",)]
    assert expanded({CONFIG: text}, "@") == [("apps/web/src",)]


@pytest.mark.parametrize(
    "expression",
    [
        "process.env.SRC",
        "`${unknown}/src`",
        "`${}`",
        'unknown("src")',
        'path.resolve(unknown, "src")',
        'path.resolve(__dirname, "../../../outside")',
        "path.resolve()",
        "new Map()",
        "new URL()",
        "require.resolve()",
        'unknown + "/src"',
        "circle",
        "twice()",
        "bare()",
        "(5)",
        "[]",
        "false",
        "a.b.pathname",
        "path[0]",
        "(() => 1)()",
    ],
)
def test_what_cannot_be_known_leads_outside(expression: str) -> None:
    text = f"""
    const circle = again, again = circle;
    const twice = () => {{ if (x) {{ return "a" }} else {{ return "b" }} }};
    const bare = 5;
    export default {{ alias: {{ "@": {expression} }} }};
    """
    assert expanded({CONFIG: text}, "@/a") == [OUTSIDE]


@pytest.mark.parametrize(
    ("text", "specifier", "targets"),
    [
        ('x({alias: {react: "preact/compat"}})', "react", ("node_modules/preact/compat",)),
        ('x({alias: {react: require.resolve("react")}})', "react", ("node_modules/react",)),
        (
            'x({alias: {react: path.dirname(require.resolve("react/package.json"))}})',
            "react",
            ("node_modules/react",),
        ),
        ('x({alias: {"lib$": "./src/lib.ts"}})', "lib", ("apps/web/src/lib.ts",)),
        ('x({alias: [{find: "~", replacement: "/src"}]})', "~/a", ("apps/web/src/a",)),
        ('x({alias: [{find: /^@\\//, replacement: "/src"}]})', "@/a", ("apps/web/src", "apps/web/src/a")),
        ('x({alias: [{find: /^lib$/, replacement: "/src/lib"}]})', "lib", ("apps/web/src/lib",)),
        ('const table = {"@": "./src"}; x({alias: table})', "@/a", ("apps/web/src/a",)),
        ('const alias = {"@": "./src"}; x({alias})', "@/a", ("apps/web/src/a",)),
        ('const more = {"@": "./src"}; x({alias: {...more}})', "@/a", ("apps/web/src/a",)),
        ('x({alias: {"@": "./src"} as const})', "@/a", ("apps/web/src/a",)),
        ('config.resolve.alias = {...config.resolve.alias, "@": "./src"}', "@/a", ("apps/web/src/a",)),
        ('config.resolve.alias["@"] = "./src"', "@/a", ("apps/web/src/a",)),
        ('config.resolve.alias.lib = "./src"', "lib/a", ("apps/web/src/a",)),
        ('x({turbopack: {resolveAlias: {"@": "./src"}}})', "@/a", ("apps/web/src/a",)),
        ('x({moduleNameMapper: {"^@/(.*)$": "<rootDir>/src/$1"}})', "@/a", ("apps/web/src/a",)),
        ('x({moduleNameMapper: {"^@/(.*)$": ["<rootDir>/src/$1"]}})', "@/a", ("apps/web/src/a",)),
    ],
)
def test_every_way_to_write_a_table(text: str, specifier: str, targets: tuple[str, ...]) -> None:
    assert expanded({CONFIG: text}, specifier) == [targets]


@pytest.mark.parametrize(
    "text",
    [
        "export default {plugins: []}",
        "x({alias: unknown})",
        "x({alias})",
        'x({alias: [1, {find: 5}, {replacement: "y"}, {find: /^$/, replacement: "y"}]})',
        "x({alias: {}})",
        "const a = {alias: b}, b = a; const alias = alias; x({alias})",
        "x = 5; y[0] = alias",
        'x({moduleNameMapper: {"\\\\.(css|less)$": "y", "^a(b|c)(.*)$": "z"}})',
        "/" * (MAX_BYTES + 1) + "alias",
    ],
)
def test_a_config_without_a_readable_alias(text: str) -> None:
    assert expanded({CONFIG: text}, "@/a") == []


@pytest.mark.parametrize(
    "files",
    [
        {"apps/web/.babelrc": '{"plugins": [["module-resolver", {"alias": {"@": "./src"}}]]}'},
        {"apps/web/jest.config.json": '{"moduleNameMapper": {"^@/(.*)$": "<rootDir>/src/$1"}}'},
        {"apps/web/package.json": manifest("@x/web", jest={"moduleNameMapper": {"^@/(.*)": ["<rootDir>/src/$1"]}})},
        {"apps/web/package.json": manifest("@x/web", alias={"@": "./src"})},
        {"apps/web/.storybook/main.ts": 'x({alias: {"@": path.resolve("src")}})'},
    ],
)
def test_aliases_stand_in_other_files_too(files: dict[str, str]) -> None:
    assert expanded(files, "@/a") == [("apps/web/src/a",)]


def test_the_root_has_aliases_of_its_own() -> None:
    text = 'x({alias: {"@": path.resolve(__dirname, "src"), "#": path.resolve(__dirname)}})'
    assert expanded({"vite.config.js": text}, "@/a", ".") == [("src/a",)]
    assert expanded({"vite.config.js": text}, "#/a", ".") == [("a",)]
    assert expanded({"vite.config.js": text}, "@/a") == []


def test_what_does_not_parse_or_is_no_file_says_nothing() -> None:
    assert expanded({"apps/web/.babelrc": '{"alias": '}, "@/a") == []
    assert expanded({"apps/web/.babelrc": '{"alias": {"@": 5}, "x": "alias"}'}, "@/a") == [OUTSIDE]
    files = {**BASE, CONFIG: "../vite.config.ts"}
    tree = DictTree(files, modes={CONFIG: SYMLINK})
    assert ConfigAliases(tree, read_workspace(tree)).of("apps/web") == ()
