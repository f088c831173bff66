import pytest

from alecia_pipeline.audit.sources.scan import SourceFile, scan
from alecia_pipeline.source.tree import SYMLINK
from alecia_pipeline.source.workspace import read_workspace
from alecia_pipeline_tests.trees import DictTree

BASE = {
    "package.json": '{"name": "root"}',
    "pnpm-workspace.yaml": "packages: [apps/*]\n",
    "apps/web/package.json": '{"name": "@x/web"}',
}


def scanned(files: dict[str, str], modes: dict[str, int] | None = None) -> tuple[SourceFile, ...]:
    tree = DictTree({**BASE, **files}, modes=modes)
    return scan(tree, read_workspace(tree))


def test_only_source_of_the_workspace_is_read() -> None:
    files = {
        "apps/web/src/a.ts": "",
        "apps/web/src/b.css": "",
        "apps/web/src/c.md": "",
        "apps/web/dist/a.js": "",
        "apps/web/src/build/c.ts": "",
        "apps/web/public/d.js": "",
        "apps/web/lib.min.js": "",
        "apps/web/__fixtures__/e.ts": "",
        "apps/web/node_modules/x/f.js": "",
        "apps/web/template/package.json": '{"name": "made"}',
        "apps/web/template/src/g.ts": "",
        "apps/web/broken/package.json": "{",
        "apps/web/broken/h.ts": "",
        "apps/web/esm/package.json": '{"type": "module"}',
        "apps/web/esm/i.js": "",
        "apps/web/templates/app/tsconfig.json": "{}",
        "apps/web/templates/app/j.ts": "",
        "apps/web/templates/mail.ts": "",
        "apps/create-x/package.json": '{"name": "@x/create-x"}',
        "apps/create-x/templates/app/src/k.ts": "",
        "apps/create-x/src/l.ts": "",
        "apps/web/functions/deno.json": "{}",
        "apps/web/functions/m.ts": "",
        "apps/web/deno.json": "{}",
        "apps/web/mix.exs": "",
        "apps/web/assets/n.js": "",
        "apps/web/supabase/functions/hello/index.ts": "",
        "apps/web/skills/start/SKILL.md": "# Copy `scaffold` to begin",
        "apps/web/skills/start/scaffold/main.tsx": "",
        "apps/web/link.ts": "src/a.ts",
    }
    paths = [source.path for source in scanned(files, {"apps/web/link.ts": SYMLINK})]
    assert paths == [
        "apps/create-x/src/l.ts",
        "apps/web/esm/i.js",
        "apps/web/src/a.ts",
        "apps/web/src/b.css",
        "apps/web/src/build/c.ts",
        "apps/web/templates/mail.ts",
    ]


@pytest.mark.parametrize(
    ("path", "role"),
    [
        ("apps/web/src/a.ts", "source"),
        ("apps/web/src/a.css", "config"),
        ("apps/web/src/a.test.tsx", "test"),
        ("apps/web/src/a.stories.mdx", "test"),
        ("apps/web/tests/a.ts", "test"),
        ("apps/web/next.config.ts", "config"),
        ("apps/web/config/jest.config.ts", "config"),
        ("apps/web/src/observability.config.ts", "source"),
        ("apps/web/.eslintrc.cjs", "config"),
        ("apps/web/scripts/seed.ts", "config"),
        ("tools.ts", "config"),
    ],
)
def test_each_file_has_a_role(path: str, role: str) -> None:
    (source,) = scanned({path: ""})
    assert source.role == role


def test_style_sheets_name_files_and_packages() -> None:
    files = {"apps/web/a.css": '@import "b.css";\n@import "tailwindcss";', "apps/web/b.css": ""}
    first, _ = scanned(files)
    assert [(item.specifier, item.optional) for item in first.imports.found] == [
        ("./b.css", False),
        ("tailwindcss", False),
    ]


def test_the_order_of_files_does_not_matter() -> None:
    files = {"apps/web/z.ts": 'import "a"', "apps/web/a.ts": 'import "b"', "apps/web/m.css": '@import "c";'}
    assert scanned(files) == scanned(dict(reversed(files.items())))
