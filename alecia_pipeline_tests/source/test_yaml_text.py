import math
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from alecia_pipeline.source.yaml_document import load_yaml
from alecia_pipeline.source.yaml_text import render_yaml


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": {"b": {"c": "1.0.0(x@2.0.0)"}}}, "a:\n  b:\n    c: 1.0.0(x@2.0.0)\n"),
        ({"@a/b": ">=18", "/a@1.0.0": "link:../a"}, '"@a/b": ">=18"\n/a@1.0.0: "link:../a"\n'),
        ({"os": ["linux", "!win32"], "e": [], "m": {}}, 'os: [linux, "!win32"]\ne: []\nm: {}\n'),
        ({"a": ["x", {"b": [1]}]}, "a: [x, {b: [1]}]\n"),
        ({"v": "9.0", "w": 5.4, "x": True, "y": None, "z": 3}, 'v: "9.0"\nw: 5.4\nx: true\n"y": null\nz: 3\n'),
        ({"a": "12e4567", "b": "2026-01-01", "c": "on", "d": "1_000", "e": ""},
         'a: "12e4567"\nb: "2026-01-01"\nc: "on"\nd: "1_000"\ne: ""\n'),
        ({"a": "\u0085\u2028é"}, 'a: "\\u0085\\u2028é"\n'),
        ({"a": math.inf, "b": -math.inf, "c": math.nan}, "a: +.inf\nb: -.inf\nc: .nan\n"),
    ],
)  # fmt: skip
def test_the_text(value: dict[str, Any], text: str) -> None:
    assert render_yaml(value) == text


TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=20,
)


@given(st.dictionaries(TEXT, VALUES, min_size=1))
def test_it_is_read_back_as_it_was(value: dict[str, Any]) -> None:
    assert load_yaml(render_yaml(value).encode(), "p") == value


@given(st.dictionaries(TEXT, TEXT | st.integers() | st.booleans(), min_size=1))
def test_another_reader_sees_the_same(value: dict[str, Any]) -> None:
    assert yaml.load(render_yaml(value), Loader=yaml.CSafeLoader) == value
