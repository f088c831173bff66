import pytest

from alecia_pipeline.images.references import MAX_BYTES, Reference, relative_paths
from alecia_pipeline_tests.snapshots import Changes, context, snapshot


def beyond(changes: Changes) -> set[str]:
    """Return what an edit of cms brings into its context, the edited and added files of cms itself left out."""
    before = {file.path for file in context(snapshot(), "cms").files}
    after = {file.path for file in context(snapshot(changes), "cms").files}
    return {path for path in after - before if not path.startswith("apps/cms/")}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('import a from "../../shared/a";', [("../../shared/a", False)]),
        ("require('./b')", [("./b", False)]),
        ("@import url(../../theme.css);", [("../../theme.css", False)]),
        ("content: ['!../../ui/src/**/*.tsx']", [("../../ui/src/", True)]),
        ("import(`../../locales/${name}.json`)", [("../../locales/$", True)]),
        ("new URL('../../font.woff2?inline', import.meta.url)", [("../../font.woff2", False)]),
        ("a ./ b ... c", []),
        ("no paths at all", []),
    ],
)
def test_relative_paths_are_those_in_quotes_or_brackets(text: str, found: list[tuple[str, bool]]) -> None:
    assert list(relative_paths(text.encode())) == [Reference(*each) for each in found]


def test_a_bundle_is_not_read() -> None:
    assert list(relative_paths(b'"../a"' + b" " * MAX_BYTES)) == []


@pytest.mark.parametrize(
    ("path", "folders"), [("../a", 1), ("../../a", 2), ("..", 1), ("../..", 2), ("./..a/b", 0), ("a", 0)]
)
def test_every_folder_up_counts(path: str, folders: int) -> None:
    assert Reference(path, open=False).climbs == folders


def test_a_file_that_an_import_reaches_is_in_and_what_that_one_imports() -> None:
    changes: Changes = {
        "apps/cms/src/server.ts": 'import { a } from "../../../shared/a";\n',
        "shared/a.ts": 'export * from "./b.js";\n',
        "shared/b.ts": "export const b = 1;\n",
        "shared/c.ts": "",
    }
    assert beyond(changes) == {"shared/a.ts", "shared/b.ts"}


def test_an_import_of_a_folder_takes_its_index() -> None:
    changes: Changes = {"apps/cms/src/server.ts": 'import "../../../shared";', "shared/index.ts": "", "shared/x.ts": ""}
    assert beyond(changes) == {"shared/index.ts"}


def test_a_glob_takes_the_folder() -> None:
    changes: Changes = {
        "apps/cms/tailwind.config.js": 'module.exports = { content: ["../../packages/ui/src/**/*.tsx"] };'
    }
    assert beyond(changes) == {"packages/ui/src/index.tsx"}


def test_a_project_reference_takes_the_package() -> None:
    changes: Changes = {"apps/cms/tsconfig.json": '{"references": [{"path": "../../packages/ui"}]}'}
    assert beyond(changes) == {"packages/ui/src/index.tsx", "packages/ui/package.json"}


def test_the_root_and_folders_of_packages_are_cut_to_the_closure() -> None:
    changes: Changes = {
        "apps/cms/next.config.js": 'module.exports = { root: path.join(__dirname, "../../"), all: "../../packages/*" };'
    }
    assert beyond(changes) == set()


def test_what_stays_inside_a_package_or_leaves_the_repository_says_nothing() -> None:
    changes: Changes = {"apps/cms/src/server.ts": 'import "./x"; import "../y"; import "../../../../out";'}
    assert beyond(changes) == set()


def test_root_json_files_lead_to_what_they_extend_alone() -> None:
    changes: Changes = {
        "tsconfig.json": '{"extends": "./config/strict.json", "references": [{"path": "./packages/ui"}]}',
        "config/strict.json": "{}",
    }
    assert beyond(changes) == {"tsconfig.json", "config/strict.json"}


def test_files_that_the_build_cannot_see_lead_nowhere() -> None:
    changes: Changes = {
        ".dockerignore": "**/*.test.ts\n",
        "apps/cms/src/a.test.ts": 'import "../../../shared/a";',
        "shared/a.ts": "",
    }
    assert beyond(changes) == set()


def test_a_tsconfig_that_does_not_parse_leads_nowhere() -> None:
    assert beyond({"tsconfig.json": '{"extends": ,"./etc/x.json"}', "etc/x.json": "{}"}) == {"tsconfig.json"}


@pytest.mark.parametrize("name", [".babelrc", ".swcrc", ".postcssrc"])
def test_settings_of_compilers_are_read(name: str) -> None:
    assert beyond({f"apps/cms/{name}": '{"extends": "../../etc/x.json"}', "etc/x.json": "{}"}) == {"etc/x.json"}
