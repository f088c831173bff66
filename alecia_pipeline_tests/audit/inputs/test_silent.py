"""The rule silent-input: one app in an image, with something in it that its context may lack."""

import json
from collections.abc import Mapping

import pytest

from alecia_pipeline.audit.inputs.silent import findings
from alecia_pipeline.source.tree import SYMLINK
from alecia_pipeline_tests.audit.snapshots import manifest, pruned, snapshot

Files = Mapping[str, str | bytes]

DOCKERFILE = """\
FROM node:20-alpine AS builder
WORKDIR /repo
COPY . .
RUN pnpm install --frozen-lockfile
RUN pnpm turbo build --filter=@x/web
"""
APP: Files = {
    "apps/web/package.json": manifest("@x/web", scripts={"build": "next build"}, dependencies={"@x/ui": "workspace:*"}),
    "apps/web/Dockerfile": DOCKERFILE,
    "packages/ui/package.json": manifest("@x/ui"),
    "packages/ui/theme.css": "",
    "packages/shop/package.json": manifest("@x/shop"),
    "packages/shop/src/card.tsx": "",
    "content/post.md": "",
    "content/more/page.md": "",
}
PAGE, CONFIG, MANIFEST = "apps/web/src/page.ts", "apps/web/next.config.mjs", "apps/web/package.json"
READ = 'readFileSync(path.join(process.cwd(), "..", "..", "content", "post.md"))\n'


def found(files: Files) -> list[tuple[str | None, int | None, str, str | None]]:
    got = sorted(findings(pruned({**APP, **files})), key=lambda finding: finding.order)
    assert all(finding.rule == "silent-input" and finding.severity == "warning" for finding in got)
    return [(each.file, each.line, each.message, each.fix) for each in got]


def places(files: Files) -> list[tuple[str | None, int | None]]:
    return [(file, line) for file, line, _, _ in found(files)]


def scripts(**texts: str) -> str:
    return json.dumps({"name": "@x/web", "scripts": texts, "dependencies": {"@x/ui": "workspace:*"}}, indent=1)


def config(more: str) -> Files:
    return {"alecia.yaml": f'apps:\n  web: {{package: "@x/web", {more}}}\n', PAGE: READ}


def test_a_path_in_pieces_is_named_with_the_input_that_brings_it() -> None:
    assert found({PAGE: f"\n{READ}"}) == [
        (
            PAGE,
            2,
            "content/post.md is named by a path that nothing follows, and the build context lacks it",
            'apps.web.inputs: ["content/post.md"] in alecia.yaml, or `context: full` there',
        )
    ]


@pytest.mark.parametrize(
    "text",
    [
        'path.join(__dirname, "..", "..", "..", "content")',
        "path.resolve(process.cwd(), '../../content/post.md')",
        "join(import.meta.dirname, `..`, '..', '..', 'content')",
        'const root = path.join(process.cwd(), "..", "..");\nfs.readFileSync(path.join(root, "content", name));',
        'const root = path.join(process.cwd(), "..", "..");\nimport(path.join(root, "content"));',
        'const here = dirname(fileURLToPath(import.meta.url));\nresolve(here, "..", "..", "..", "content")',
        "const cwd = process.cwd();\nreaddirSync(`${cwd}/../../content`)",
        "readFileSync(`${process.cwd()}/../../content/${name}.md`)",
        'readdirSync(path.join(process.cwd(), "..", "..", name))',
        'const out = path.join(__dirname, "..", "..", "..", "content");\nwriteFile(out); readdir(out);',
        'const out = path.join(__dirname, "..", "..", "..", "content");\nuse(out);',
        'import { readFileSync } from "node:fs";\nreadFileSync("../../content/post.md", "utf8");',
        'import path from "path";\nconst posts = path.resolve("..", "..", "content");',
        'import path from "path";\npath.join("../../content", name);\nreaddirSync("../../content")',
        'import fg from "fast-glob";\nfg("../../content/**/*.md")',
        'glob(path.join(process.cwd(), "..", "..", "content/**/*.md"))',
        "readFileSync(new URL(`../../../packages/${name}/package.json`, import.meta.url))",
        'readdirSync(path.join(process.cwd(), "..", "..", "packages"))',
        'import.meta.glob("../../../packages/*/src/*.tsx")',
    ],
)
def test_reads_out_of_the_package_are_found(text: str) -> None:
    assert len(places({PAGE: text})) == 1


@pytest.mark.parametrize(
    "text",
    [
        'path.join(process.cwd(), "content", "post.md")',
        'path.join(process.cwd(), "..", "..")',
        'path.join(process.cwd(), "..", "..", name)',
        'path.join(process.cwd(), "..", "..", "packages")',
        'path.join(process.cwd(), "..", "..", "packages", "ui", "theme.css")',
        'path.join(process.cwd(), "..", "..", "nowhere")',
        'path.join(process.cwd(), "..", "..", "..", "content")',
        'path.join(process.cwd(), "..", "..", "package.json")',
        'path.join(other, "..", "..", "content")',
        'path.resolve(__dirname, "..", "/content")',
        'writeFileSync(path.join(process.cwd(), "..", "..", "content", "post.md"), text)',
        'const out = path.join(process.cwd(), "..", "..", "content", "post.md");\nwriteFileSync(out, text);',
        'readFileSync("../../../content/post.md"); path.join(__dirname, "..", "..", "..", "content", "post.md")',
        'names.join(", ") + ".."; __dirname',
        'readFileSync(path.join(__dirname, "..", "fonts", name))',
        'import { render } from "fs";\nrender("../../content/post.md"); path.join(`../../${name}`);',
        'import.meta.glob("../../../packages/ui/*.css")',
        'import.meta.glob(["../../../packages/*/theme.css", "!../../../packages/*/src/*.tsx"])',
        'import.meta.glob(["../../../packages/*/src/*.tsx", "!../../../packages/shop/**"])',
        "import.meta.glob(`../../../packages/*/${name}.tsx`)",
        'const options = { watch: ["src/**", "../../../packages/**/*"] };',
        'if (dev) options.ignored = ["../../../packages/**/*"];',
        'vue({ include: ["../../../packages/**/*.tsx"] })',
        'readFileSync(path.join(process.cwd(), "..", "..", "content", "post.md"));' + " " * 1_000_000,
    ],
)
def test_what_is_there_or_no_read_is_not_found(text: str) -> None:
    assert found({PAGE: text}) == []


@pytest.mark.parametrize("setting", ["inputs: [content]", "inputs: ['content/*.md']", "context: full"])
def test_what_the_configuration_names_is_not_found(setting: str) -> None:
    assert found(config(setting)) == []
    assert len(found(config("epoch: 1"))) == 1


@pytest.mark.parametrize(
    "more",
    [
        {"turbo.json": '{"globalDependencies": ["content/**"]}'},
        {".dockerignore": "content"},
        {".dockerignore": "apps/web/src"},
        {"apps/web/Dockerfile": DOCKERFILE.replace("COPY . .", "COPY . .\nCOPY content content")},
        {
            "apps/web/Dockerfile": DOCKERFILE.replace(
                "RUN pnpm t", "RUN --mount=type=bind,source=content,target=/c pnpm t"
            )
        },
        {"apps/web/src/other.ts": 'import x from "../../../content/post.md";'},
        {"apps/web/package.json": scripts(build="next build", index="node x ../../content/post.md")},
        {"apps/web/Dockerfile": "FROM nginx\nCOPY apps/web/out /srv\n"},
    ],
)
def test_what_is_sent_for_another_reason_or_left_out_by_decision_is_not_found(more: Files) -> None:
    assert found({PAGE: READ, **more}) == []


def test_tests_and_packages_that_no_image_needs_are_not_asked() -> None:
    assert found({"apps/web/src/page.test.ts": READ, "packages/shop/src/read.ts": READ}) == []


def test_a_package_of_two_apps_has_one_finding_with_both() -> None:
    more = {
        "apps/api/package.json": manifest("@x/api", dependencies={"@x/ui": "workspace:*"}),
        "apps/api/Dockerfile": DOCKERFILE.replace("@x/web", "@x/api"),
        "packages/ui/src/read.ts": READ,
    }
    ((file, _, _, fix),) = found(more)
    assert file == "packages/ui/src/read.ts"
    assert fix is not None
    assert fix.startswith('apps.api.inputs: ["content/post.md"], apps.web.inputs: ["content/post.md"] in')


GLOB = "packages/{ui,shop}/src/**/*.tsx"


def test_a_list_of_folders_in_a_glob_is_cut_to_the_closure() -> None:
    css = f'@import "tailwindcss";\n@source "../../../{GLOB}";\n'
    assert found({"apps/web/src/app.css": css}) == [
        (
            "apps/web/src/app.css",
            2,
            f"{GLOB} reaches what the build context lacks, packages/shop/src/card.tsx for one",
            f'apps.web.inputs: ["{GLOB}"] in alecia.yaml, or `context: full` there',
        )
    ]
    assert found({"apps/web/src/app.css": '@source "../../../packages/ui/src/**/*.{ts,tsx}";'}) == []
    assert found({"apps/web/src/app.css": '@source "../../../../{a,b}/x"; @source "../{a,b}";'}) == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("apps/web/src/app.css", '@source "../../../packages";'),
        ("apps/web/src/app.css", '@import "tailwindcss" source("../../..");'),
        ("apps/web/src/app.css", "@source '../../../packages/**/*.tsx';"),
        ("packages/ui/theme.css", '@source "..";'),
        ("apps/web/tailwind.config.ts", 'export default { content: ["./src/**/*.tsx", "../../packages/**/*.tsx"] };'),
        ("apps/web/tailwind.config.ts", 'const content = [join(__dirname, "../../packages/*/src/**/*.tsx")];'),
    ],
)
def test_class_names_are_looked_for_in_all_packages(path: str, text: str) -> None:
    ((file, line, message, _),) = found({path: text})
    assert (file, line) == (path, 1)
    assert "reaches what the build context lacks" in message


def test_class_names_are_not_looked_for_where_a_style_sheet_says_so() -> None:
    assert found({"apps/web/src/app.css": '@source not "../../../packages/*/src/**";'}) == []
    assert (
        found({"apps/web/src/app.css": '@source "../../../packages";\n@source not "../../../packages/shop/**";'}) == []
    )


COPIED = DOCKERFILE.replace("COPY . .", "COPY package.json ./\nCOPY apps/web apps/web\nCOPY packages/ui packages/ui")
PRUNED = """\
FROM node:20-alpine AS pruner
COPY . .
RUN npx turbo@2 prune --scope=@x/web --docker

FROM node:20-alpine AS builder
COPY --from=pruner /out/full/ .
RUN pnpm turbo build --filter=@x/web
"""


@pytest.mark.parametrize("dockerfile", [COPIED, PRUNED])
def test_what_no_build_would_have_is_found_only_where_it_is_named(dockerfile: str) -> None:
    """A glob over all packages finds what is there, and it is the same; a file that is named is missed."""
    glob = {"apps/web/src/app.css": "@source '../../../packages/**/*.tsx';", "apps/web/Dockerfile": dockerfile}
    assert found(glob) == []
    ((file, _, message, fix),) = found({PAGE: READ, "apps/web/Dockerfile": dockerfile})
    assert (file, message.split()[0]) == (PAGE, "content/post.md")
    assert fix == "copy content/post.md in the Dockerfile of web, which brings it into the context"


def test_what_is_read_as_a_value_says_can_only_be_named_by_a_person() -> None:
    ((_, _, message, fix),) = found({PAGE: 'readFileSync(path.join(process.cwd(), "..", "..", "content", name))'})
    assert message.startswith("what is read below content is known only when it runs")
    assert fix == "in alecia.yaml, name what it reads in `inputs` of web, or set `context: full` there"


def test_where_nobody_prunes_nothing_is_lost() -> None:
    assert list(findings(snapshot({**APP, PAGE: READ}))) == []


def test_settings_that_are_a_bundle_are_not_followed() -> None:
    assert found({CONFIG: READ + "\n" * 1_000_000}) == []


def test_a_context_that_is_refused_is_judged_by_whoever_plans() -> None:
    assert found({PAGE: READ, "apps/web/.npmrc": "//npm.example/:_authToken=abc\n"}) == []


ROOT = json.dumps({"name": "root", "scripts": {"postinstall": "node tools/link.mjs", "build": "sh ./tools/all.sh"}})
TOOLS: Files = {"package.json": ROOT, "tools/link.mjs": "", "tools/all.sh": "turbo build\n", "tools/x.mjs": ""}


@pytest.mark.parametrize(
    ("commands", "expected"),
    [
        ("RUN pnpm install", [("package.json", "tools/link.mjs")]),
        ("RUN pnpm install --ignore-scripts", []),
        ("RUN pnpm run build", [("package.json", "tools/all.sh")]),
        ("RUN cd tools && node x.mjs", [("apps/web/Dockerfile", "tools/x.mjs")]),
        ("RUN pnpm exec tsx tools/x.mjs", [("apps/web/Dockerfile", "tools/x.mjs")]),
        ("RUN pnpm --filter @x/shop build", [("packages/shop/package.json", "packages/shop/shop.js")]),
        ("RUN rm -f tools/x.mjs && pnpm exec build", []),
        ("COPY tools tools\nRUN pnpm install && node tools/x.mjs", []),
        ("RUN node tools/y.mjs pnpm-lock.yaml", []),
    ],
)
def test_what_commands_name_outside_of_the_closure(commands: str, expected: list[tuple[str, str]]) -> None:
    shop = manifest("@x/shop", scripts={"build": "node shop.js"})
    dockerfile = f"FROM node:20-alpine\nCOPY . .\n{commands}\nRUN pnpm --filter @x/web build\n"
    files = {"packages/shop/package.json": shop, "packages/shop/shop.js": "", "apps/web/Dockerfile": dockerfile}
    got = found({**TOOLS, **files, "pnpm-lock.yaml": "lockfileVersion: '9.0'\n"})
    assert [(file, message.split()[0]) for file, _, message, _ in got] == expected
    assert all("is named by a command" in message for _, _, message, _ in got)


def test_a_command_of_another_package_needs_all_of_it() -> None:
    shop = manifest("@x/shop", scripts={"build": "node shop.js"})
    dockerfile = DOCKERFILE + "RUN pnpm --filter @x/shop build\n"
    files = {"packages/shop/package.json": shop, "packages/shop/shop.js": "", "apps/web/Dockerfile": dockerfile}
    ((_, _, _, fix),) = found(files)
    assert fix == 'apps.web.inputs: ["packages/shop"] in alecia.yaml, or `context: full` there'


@pytest.mark.parametrize(
    "more",
    [
        {"apps/web/codegen.yml": "schema: ../../content/post.md\n"},
        {"apps/web/.graphqlrc": "documents: [../../content/**/*.md, ../../packages/ui/*.css]\n"},
        {MANIFEST: scripts(build="sh scripts/gen.sh"), "apps/web/scripts/gen.sh": "cat ../../content/post.md > x.ts\n"},
    ],
)
def test_what_code_is_generated_from(more: Files) -> None:
    ((_, _, message, _),) = found(more)
    assert message.startswith("content/")


@pytest.mark.parametrize(
    "more",
    [
        {"packages/shop/codegen.yml": "schema: ../../content/post.md\n"},
        {"apps/web/codegen.yml": "schema: ./schema.graphql # or ../../nothing, ../.., ../../packages\n"},
        {"apps/web/gen.sh": "cat ../../content/post.md\n"},
        {"apps/web/codegen.yml": "schema: ../../content/post.md\n", ".dockerignore": "**/codegen.yml\n"},
    ],
)
def test_what_no_code_is_generated_from(more: Files) -> None:
    assert found(more) == []


@pytest.mark.parametrize(
    "more",
    [
        {"apps/web/Dockerfile": DOCKERFILE + "RUN git rev-parse HEAD > /commit\n"},
        {MANIFEST: scripts(build="COMMIT=$(git describe --tags) next build")},
        {MANIFEST: scripts(build="next build", prebuild="git log -1 > src/commit.txt")},
        {CONFIG: 'execSync("git rev-parse HEAD")'},
        {CONFIG: 'spawnSync("git", ["log", "-1"])'},
        {CONFIG: "import git from 'git-rev-sync'"},
        {CONFIG: 'fs.readFileSync(".git/HEAD")'},
        {MANIFEST: scripts(build="node scripts/meta.mjs && next build"), "apps/web/scripts/meta.mjs": "`git show`"},
    ],
)
def test_what_asks_git_is_found_with_a_build_argument_as_the_way_out(more: Files) -> None:
    ((_, _, message, fix),) = found(more)
    assert "no .git" in message
    assert fix == "pass it as a build argument: an ARG in the Dockerfile"


@pytest.mark.parametrize(
    "more",
    [
        {"apps/web/Dockerfile": DOCKERFILE + "RUN git clone x && cd x && git rev-parse HEAD\n"},
        {"apps/web/Dockerfile": DOCKERFILE + "RUN echo ${SHA:-$(git rev-parse HEAD)}\n"},
        {"apps/web/Dockerfile": DOCKERFILE + "RUN --mount=type=bind,source=.git,target=.git git rev-parse HEAD\n"},
        {"apps/web/Dockerfile": f"{DOCKERFILE}ARG SHA\n", CONFIG: 'process.env.SHA ?? execSync("git rev-parse HEAD")'},
        {"apps/web/Dockerfile": f"{DOCKERFILE}ENV SHA=1\n", CONFIG: 'process.env["SHA"] ?? execSync("git log")'},
        {CONFIG: '// as in "git log"\nconst repository = "https://github.com/x/y";'},
        {MANIFEST: scripts(build="next build", release="git describe")},
        {"apps/web/src/page.ts": 'import git from "simple-git"'},
        {"packages/shop/vite.config.ts": 'execSync("git rev-parse HEAD")'},
    ],
)
def test_what_no_build_asks_of_git_or_a_variable_answers_is_not_found(more: Files) -> None:
    assert found(more) == []


LOADED = scripts(build="dotenv -e ../../.env -- next build")


@pytest.mark.parametrize(
    "more",
    [
        {MANIFEST: LOADED},
        {MANIFEST: scripts(build="env-cmd -f ../../.env.production next build")},
        {MANIFEST: scripts(build="node --env-file=../../.env build.js")},
        {CONFIG: 'import dotenv from "dotenv";\ndotenv.config({ path: "../../.env" });'},
        {CONFIG: 'import { config } from "dotenv";\nconfig({ path: path.join(process.cwd(), "..", "..", ".env") });'},
        {CONFIG: 'import path from "path";\nprocess.loadEnvFile(path.resolve(__dirname, "../..", ".env"));'},
    ],
)
def test_an_environment_file_that_is_not_committed(more: Files) -> None:
    ((_, line, message, fix),) = found(more)
    assert line in {2, 4}
    assert "is loaded, but the commit lacks it" in message
    assert fix == "pass it as a build argument: an ARG in the Dockerfile"


def test_an_environment_file_of_the_root_that_the_context_lacks() -> None:
    root = {
        "package.json": manifest("root", scripts={"build": "dotenv -e .env.shared -- turbo build"}),
        "apps/web/Dockerfile": DOCKERFILE.replace("pnpm turbo build --filter=@x/web", "pnpm build"),
        ".env.shared": "A=1\n",
    }
    ((file, _, message, fix),) = found(root)
    assert (file, "the build context lacks it" in message) == ("package.json", True)
    assert fix == 'apps.web.inputs: [".env.shared"] in alecia.yaml, or `context: full` there'


@pytest.mark.parametrize(
    "text",
    [
        'export default { envDir: "../.." };',
        "export default { envDir: path.resolve(__dirname, '../../') };",
        'loadEnvConfig(path.join(process.cwd(), "..", ".."));',
        'loadEnv(mode, "../..");',
    ],
)
def test_a_folder_of_environment_files_is_found_by_what_is_committed_in_it(text: str) -> None:
    assert found({CONFIG: text}) == []
    ((file, _, message, _),) = found({CONFIG: text, ".env.production": "A=1\n", ".env.example": "B=1\n"})
    assert (file, message.split()[0]) == (CONFIG, ".env.production")


def test_an_environment_file_that_a_root_script_loads_without_naming_it() -> None:
    scripts_of_root = {"build": "dotenv -c -- turbo build"}
    dockerfile = DOCKERFILE.replace("pnpm turbo build --filter=@x/web", "pnpm build")
    root = {"package.json": manifest("root", scripts=scripts_of_root), "apps/web/Dockerfile": dockerfile}
    ((file, _, message, _),) = found(root)
    assert (file, message.split()[0]) == ("package.json", ".env")


@pytest.mark.parametrize(
    "more",
    [
        {".env": "A=1\n"},
        {"apps/web/Dockerfile": DOCKERFILE.replace("RUN pnpm t", "RUN echo A=1 > .env && pnpm t")},
        {"apps/web/Dockerfile": f"{DOCKERFILE}ARG NEXT_PUBLIC_SITE\n"},
        {"apps/web/Dockerfile": f"{DOCKERFILE}ARG DATABASE_URL\n", ".env.example": "# DATABASE_URL=\n"},
        {MANIFEST: scripts(build="next build", dev="dotenv -e ../../.env -- next dev")},
        {MANIFEST: scripts(build="dotenv -e .env -- next build")},
        {".dockerignore": "**/.env*\n"},
        {CONFIG: 'import "dotenv/config"; config({ path: ".env" }); config({ path: file() });'},
    ],
)
def test_an_environment_file_that_is_sent_made_or_handed_over_is_not_found(more: Files) -> None:
    assert found({MANIFEST: LOADED, **more} if CONFIG not in more else more) == []


def test_inputs_that_name_nothing_are_told() -> None:
    listed = 'inputs: ["content/.drafts", "!none", "contents/**"]'
    assert found({**config(listed), "content/.drafts/.x": "", PAGE: ""}) == [
        (
            "alecia.yaml",
            2,
            "inputs of web name contents/**, and the commit has nothing of that name",
            "mend or delete it; globs are written from the repository's root",
        )
    ]


ALIASES = json.dumps({"compilerOptions": {"baseUrl": ".", "paths": {"@/*": ["./*"]}}})


def test_an_alias_of_the_root_that_leads_out_of_the_closure_is_told_once_for_each_place() -> None:
    files = {
        "tsconfig.base.json": ALIASES,
        "apps/web/tsconfig.json": '{"extends": "../../tsconfig.base.json"}',
        "libs/money/round.ts": "",
        "libs/money/parse.ts": "",
        "packages/ui/src/button.ts": "",
        PAGE: "import '@/libs/money/round'\nimport '@/libs/money/parse'\nimport '@/packages/shop/src/card'\n"
        "import '@/packages/ui/src/button'\nimport '@/top'\nimport '../../../libs/money/parse'\n",
        "top.ts": "",
    }
    lacks = "by an alias, and the build context lacks it"
    assert [(line, message) for _, line, message, _ in found(files)] == [
        (1, f"@/libs/money/round leads to libs/money/round.ts {lacks}"),
        (3, f"@/packages/shop/src/card leads to packages/shop/src/card.tsx {lacks}"),
        (5, f"@/top leads to top.ts {lacks}"),
    ]
    named = 'apps: {web: {package: "@x/web", inputs: [libs, packages/shop, top.ts]}}'
    assert places({**files, "alecia.yaml": named}) == []


def test_inputs_that_name_what_lies_behind_a_link_name_something() -> None:
    files = {**APP, **config('inputs: ["./linked/**"]'), "linked": "content", PAGE: ""}
    got = findings(pruned(files, modes={"linked": SYMLINK}))
    assert [each.message for each in got] == []
