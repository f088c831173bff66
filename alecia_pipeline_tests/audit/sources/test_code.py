import re
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alecia_pipeline.audit.sources import code
from alecia_pipeline.audit.sources.code import MAX_OPEN_COMMENTS, MAX_PARSED, read_code
from alecia_pipeline.audit.sources.imports import Import
from alecia_pipeline.audit.sources.syntax import parse


def found(text: str, extension: str = ".ts") -> tuple[Import, ...]:
    return read_code(text.encode(), extension).found


def names(text: str, extension: str = ".ts") -> list[str]:
    return [item.specifier for item in found(text, extension)]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('import a from "x"', "import"),
        ("import 'x'", "import"),
        ('export * from "x"', "import"),
        ('export { a } from "x"', "import"),
        ('import data from "x" with { type: "json" }', "import"),
        ('\ufeffimport "x"', "import"),
        ('import a = require("x")', "require"),
        ('const a = require("x")', "require"),
        ("const a = require(`x`)", "require"),
        ('require.resolve("x")', "require"),
        ('import.meta.resolve("x")', "dynamic"),
        ('await import("x")', "dynamic"),
        ('type A = import("x").B', "dynamic"),
        ("/// <reference types='x' />", "reference"),
        ("/** @jsxImportSource x */", "reference"),
        ('vi.mock("x")', "mock"),
        ('jest.requireActual<typeof A>("x")', "mock"),
        ('mock.module("x")', "mock"),
    ],
)
def test_every_form_of_import_is_seen(text: str, kind: str) -> None:
    assert [(item.specifier, item.kind) for item in found(text)] == [("x", kind)]


@pytest.mark.parametrize(
    "text",
    [
        'const a = "x"',
        '// import "x"',
        "import(`${name}`)",
        "import(`a${name}`)",
        "import(`@scope/${name}`)",
        'import ""',
        'other.resolve("x")',
        'define("x")',
        "export const a = 1",
        'vi.mock("")',
        'vi.spyOn("x")',
        'new URL("x", base)',
        'new URL("https://a.example/x", import.meta.url)',
        'new URL("", import.meta.url)',
        'import.meta.glob("")',
    ],
)
def test_what_is_no_import_is_not_seen(text: str) -> None:
    assert names(text) == []


@pytest.mark.parametrize(
    ("text", "folder"),
    [
        ("import(`./locales/${name}.json`)", "./locales/"),
        ("require(`./a/b-${name}`)", "./a/"),
        ("import(`x/locale/${name}`)", "x/locale/"),
        ("import(`@scope/x/${name}`)", "@scope/x/"),
    ],
)
def test_a_template_gives_the_folder_it_starts_with(text: str, folder: str) -> None:
    assert names(text) == [folder]


def test_a_url_is_a_file_beside_the_one_that_names_it() -> None:
    text = 'new URL("a.wasm", import.meta.url)\nnew URL("../b.js", import.meta.url)'
    assert [(item.specifier, item.kind, item.optional) for item in found(text)] == [
        ("./a.wasm", "url", True),
        ("../b.js", "url", True),
    ]


def test_globs_are_of_a_kind_of_their_own() -> None:
    text = 'import.meta.glob("./a/*.ts")\nimport.meta.glob(["./b/*.ts", "!./b/c.ts"])'
    assert [(item.specifier, item.kind) for item in found(text)] == [
        ("./a/*.ts", "glob"),
        ("!./b/c.ts", "glob"),
        ("./b/*.ts", "glob"),
    ]


def test_what_a_factory_replaces_need_not_be_there() -> None:
    assert [item.optional for item in found('vi.mock("a")\nvi.mock("b", () => ({}))')] == [False, True]


@pytest.mark.parametrize(
    ("text", "type_only"),
    [
        ('import type { A } from "x"', True),
        ('import { type A, type B } from "x"', True),
        ('import { type A, b } from "x"', False),
        ('import d, { type A } from "x"', False),
        ('import * as a from "x"', False),
        ('import {} from "x"', False),
        ('export type { A } from "x"', True),
        ('export { type A } from "x"', True),
        ('export { a } from "x"', False),
        ('let a: typeof import("x")', True),
        ('let a = import("x")', False),
    ],
)
def test_imports_of_types_alone_are_told_apart(text: str, type_only: bool) -> None:
    assert [item.type_only for item in found(text)] == [type_only]


def test_a_require_in_a_try_is_optional() -> None:
    guarded, plain = found('try { require("a") } catch {}\nrequire("b")', ".js")
    assert (guarded.optional, plain.optional) == (True, False)


def test_a_try_far_above_does_not_count() -> None:
    text = "try {" + "{" * 100 + 'require("a")' + "}" * 100 + "} catch {}"
    assert [item.optional for item in found(text)] == [False]


def test_lines_are_counted_from_one() -> None:
    assert [item.line for item in found('import "a"\r\n\r\nimport "b"\r\n')] == [1, 3]


def test_each_grammar_reads_its_own_syntax() -> None:
    assert names('const a = <T>b; import "x"', ".ts") == ["x"]
    assert names('const a = <p>b</p>; import "x"', ".jsx") == ["x"]


def test_a_declared_module_counts_only_outside_of_modules() -> None:
    assert read_code(b'declare module "*.svg";\ndeclare module "y" {}', ".ts").ambient == ("*.svg", "y")
    assert read_code(b'import "x";\ndeclare module "y" { }', ".ts").ambient == ()
    assert read_code(b'declare module "y" { import a from "x"; }', ".ts").ambient == ("y",)


LONG = "const filler = 1\n" * 100


@pytest.mark.parametrize(
    "head",
    [
        'import a from "x"\n',
        'import {\n  a,\n} from "x"\n',
        'function f() {\n  return import("x")\n}\n',
        'vi.mock("x", () => ({\n  a: 1,\n}))\n',
        'const text = `\nimport a from "y"\n`\nimport "x"\n',
    ],
)
def test_the_rest_of_a_file_changes_nothing(head: str) -> None:
    assert found(head + LONG) == found(head)
    assert names(head) == ["x"]


@pytest.mark.parametrize("head", ['/*\nimport a from "x"\n', '`\nimport a from "x"\n'])
def test_what_is_open_where_reading_could_stop_is_read_on(head: str) -> None:
    closing = "*/" if head.startswith("/*") else "`"
    assert names(head + LONG + closing) == []


def test_a_file_of_broken_pieces_is_read_by_pattern() -> None:
    text = "(" * 50_000 + '\nimport "x"; require("y")\nexport * from "z"; import "x"'
    assert [(item.specifier, item.line, item.optional) for item in found(text)] == [
        ("x", 2, True),
        ("y", 2, True),
        ("z", 3, True),
    ]


@pytest.mark.parametrize("tail", ["/* " * (MAX_OPEN_COMMENTS + 1), " " * MAX_PARSED])
def test_what_would_take_the_parser_too_long_is_read_by_pattern(tail: str) -> None:
    assert [(item.specifier, item.optional) for item in found('import "x"' + tail)] == [("x", True)]


@given(st.binary(max_size=300), st.sampled_from([".ts", ".tsx"]))
def test_no_input_raises(data: bytes, extension: str) -> None:
    read_code(b'import "x' + data, extension)


PIECES = ['import "a"\n', "f(`\n", "`)\n", "{\n", "}\n", "x = 1\n", 'require("b")\n', "/*\n", "*/\n", "<p>\n", "</p>\n"]


@given(st.lists(st.sampled_from(PIECES), max_size=12))
def test_stopping_early_finds_what_reading_on_does(pieces: list[str]) -> None:
    data = ("".join(pieces) + LONG).encode()
    if not parse(data, ".tsx").has_error:
        with patch.object(code, "_NEXT_STATEMENT", re.compile(rb"(?!)")):
            whole = read_code(data, ".tsx")
        assert read_code(data, ".tsx") == whole


@pytest.mark.parametrize(
    ("text", "optional"),
    [('require.resolve("x", { paths: [root] })', True), ('require("x" /* why */)', False), ('require("x")', False)],
)
def test_a_module_looked_for_elsewhere_need_not_be_here(text: str, *, optional: bool) -> None:
    assert [item.optional for item in found(text)] == [optional]


def test_a_method_of_another_object_names_no_module() -> None:
    text = 'require("x");path.resolve("./a");import.meta.resolve(["a"]);jest.mock(["b"]);import.meta.mock("c");'
    assert names(text) == ["x"]
