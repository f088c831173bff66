import pytest
from hypothesis import given
from hypothesis import strategies as st

from alecia_pipeline.audit.sources.imports import MAX_BYTES, extract


def names(text: str, extension: str = ".ts") -> list[str]:
    return [item.specifier for item in extract(text.encode(), extension).found]


@pytest.mark.parametrize(
    "text",
    [
        'import a from "x"',
        "import 'x'",
        'export * from "x"',
        'export { a } from "x"',
        'import a = require("x")',
        'const a = require("x")',
        "const a = require(`x`)",
        'require.resolve("x")',
        'import.meta.resolve("x")',
        'await import("x")',
        'type A = import("x").B',
        "/// <reference types='x' />",
        "/** @jsxImportSource x */",
        'import data from "x" with { type: "json" }',
        '\ufeffimport "x"',
    ],
)
def test_every_form_of_import_is_seen(text: str) -> None:
    assert names(text) == ["x"]


@pytest.mark.parametrize(
    "text",
    [
        'const a = "x"',
        '// import "x"',
        "import(`./${name}`)",
        'import ""',
        'other.resolve("x")',
        'define("x")',
        "export const a = 1",
    ],
)
def test_what_is_no_import_is_not_seen(text: str) -> None:
    assert names(text) == []


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
    assert [item.type_only for item in extract(text.encode(), ".ts").found] == [type_only]


def test_a_require_in_a_try_is_optional() -> None:
    guarded, plain = extract(b'try { require("a") } catch {}\nrequire("b")', ".js").found
    assert (guarded.optional, plain.optional) == (True, False)


def test_lines_are_counted_from_one() -> None:
    assert [item.line for item in extract(b'import "a"\r\n\r\nimport "b"\r\n', ".ts").found] == [1, 3]


def test_each_grammar_reads_its_own_syntax() -> None:
    assert names('const a = <T>b; import "x"', ".ts") == ["x"]
    assert names('const a = <p>b</p>; import "x"', ".jsx") == ["x"]


def test_a_declared_module_counts_only_outside_of_modules() -> None:
    assert extract(b'declare module "*.svg";\ndeclare module "y" {}', ".ts").ambient == ("*.svg", "y")
    assert extract(b'import "x";\ndeclare module "y" { }', ".ts").ambient == ()
    assert extract(b'declare module "y" { import a from "x"; }', ".ts").ambient == ("y",)


def test_bundles_and_binaries_are_not_parsed() -> None:
    assert extract(b'import "x"' + b" " * MAX_BYTES, ".js").found == ()
    assert extract(b'import "x"\0', ".ts").found == ()


def test_a_file_of_broken_pieces_is_read_by_pattern() -> None:
    text = "(" * 50_000 + '\nimport "x"; require("y")\nexport * from "z"'
    found = [(item.specifier, item.line) for item in extract(text.encode(), ".ts").found]
    assert found == [("x", 2), ("y", 2), ("z", 3)]


def test_a_try_far_above_does_not_count() -> None:
    text = "try {" + "{" * 100 + 'require("a")' + "}" * 100 + "} catch {}"
    assert [item.optional for item in extract(text.encode(), ".ts").found] == [False]


@given(st.binary(max_size=300), st.sampled_from([".ts", ".tsx"]))
def test_no_input_raises(data: bytes, extension: str) -> None:
    extract(b'import "x' + data, extension)
