import pytest
from hypothesis import given
from hypothesis import strategies as st

from alecia_pipeline.audit.sources.styles import EXTENSIONS, read_styles


def names(text: str, extension: str = ".css") -> list[str]:
    return [item.specifier for item in read_styles(text.encode(), extension).found]


@pytest.mark.parametrize(
    ("text", "specifiers"),
    [
        ('@import "tailwindcss";', ["tailwindcss"]),
        ('@import "tailwindcss" source("../src") layer(base);', ["tailwindcss"]),
        ("@import url(a.css);", ["a.css"]),
        ("@import url('a.css') screen;", ["a.css"]),
        ('@import "a", "b";', ["a", "b"]),
        ('@plugin "@tailwindcss/typography";', ["@tailwindcss/typography"]),
        ('@config "../tailwind.config.ts";', ["../tailwind.config.ts"]),
        ('@reference "../app.css";', ["../app.css"]),
        ('@source "../src";', []),
        ('@import "https://fonts.example/x.css";', []),
        ('@import "//fonts.example/x.css";', []),
        ('@import "/site.css";', []),
        ('/* @import "a"; */', []),
        ("a { background: url(./x.png) }", ["./x.png"]),
        ("a { background: url('data:image/png;base64,x') }", []),
        ("a { background: url(x.png) }", []),
        ('a { composes: b from "./b.css"; }', ["./b.css"]),
        ("a { composes: b from global; }", []),
        ("@media print { a { color: red } }", []),
    ],
)
def test_css(text: str, specifiers: list[str]) -> None:
    assert names(text) == specifiers


@pytest.mark.parametrize(
    ("text", "specifiers"),
    [
        ('@use "sass:math";', []),
        ('@use "variables" as v;', ["variables"]),
        ('@use "x" with ($a: "b");', ["x"]),
        ('@forward "src/list" hide a;', ["src/list"]),
        ('@import "~bootstrap/scss/bootstrap";', ["bootstrap/scss/bootstrap"]),
        ('@use "pkg:bootstrap";', ["bootstrap"]),
        ('// @import "a";\n@import "b";', ["b"]),
        ('@import (reference) "a";', ["a"]),
    ],
)
def test_preprocessors(text: str, specifiers: list[str]) -> None:
    assert names(text, ".scss") == specifiers


def test_files_are_optional_and_lines_right() -> None:
    text = '/* a\n*/\n@import "b";\na { background: url("./c.png") }'
    assert [(item.line, item.kind, item.optional) for item in read_styles(text.encode(), ".css").found] == [
        (3, "style", False),
        (4, "style", True),
    ]


@given(st.binary(max_size=200), st.sampled_from(EXTENSIONS))
def test_no_input_raises(data: bytes, extension: str) -> None:
    read_styles(b'@import "' + data, extension)
