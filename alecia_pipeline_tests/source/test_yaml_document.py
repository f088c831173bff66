import math

import pytest

from alecia_pipeline.errors import UsageError
from alecia_pipeline.source.yaml_document import MAX_DEPTH, load_yaml

BOMB = b"a0: &a0 [1, 1]\n" + b"".join(b"a%d: &a%d [*a%d, *a%d]\n" % (n, n, n - 1, n - 1) for n in range(1, 60))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on", "on"),
        ("no", "no"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("12", 12),
        ("-012", -12),
        ("0x1F", 31),
        ("0o17", 15),
        ("1.0", 1.0),
        (".5", 0.5),
        ("12e4567", math.inf),
        ("-.inf", -math.inf),
        ("2026-01-01", "2026-01-01"),
        ("1_000", "1_000"),
        ("12:30:45", "12:30:45"),
        ("=", "="),
        ("-", [None]),
        ("'12'", "12"),
        ("!!str 12", "12"),
        ("[a, [b]]", ["a", ["b"]]),
        ("{1: a, true: b}", {"1": "a", "true": "b"}),
        ("[&x {k: 1}, *x]", [{"k": 1}, {"k": 1}]),
        ("{&k a: 1, b: *k}", {"a": 1, "b": "a"}),
        ("[&k a, {*k : 1}]", ["a", {"a": 1}]),
        ("[&x {k: 1, l: 2}, {<<: *x, k: 3}]", [{"k": 1, "l": 2}, {"k": 3, "l": 2}]),
        ("[&x {k: 1}, &y {k: 2, m: 4}, {<<: [*x, *y]}]", [{"k": 1}, {"k": 2, "m": 4}, {"k": 1, "m": 4}]),
        ("{'<<': 1}", {"<<": 1}),
        ("[&k '<<', {*k : 1}]", ["<<", {"<<": 1}]),
        ("first\n---\nlast", "last"),
    ],
)
def test_values_are_those_that_javascript_tools_read(text: str, value: object) -> None:
    assert load_yaml(text.encode(), "p.yaml") == value


def test_not_a_number_is_one() -> None:
    assert math.isnan(load_yaml(b".nan", "p"))


def test_no_document_is_nothing() -> None:
    assert load_yaml(b"\xef\xbb\xbf# only a comment\r\n", "p") is None


@pytest.mark.parametrize(
    ("data", "where", "why"),
    [
        (b"a: 1\r\nb: [", "p.yaml:3", "while parsing a flow node"),
        (b"a: 1\n<<<<<<< HEAD\nb: 2\n", "p.yaml:3", "could not find expected ':'"),
        (b"a: 1\nb: 2\na: 3", "p.yaml:3", "duplicate key 'a'"),
        (b"[" * 1_000_000, "p.yaml:1", "nested too deeply"),
        (b"- " * (MAX_DEPTH + 2), "p.yaml:1", "nested too deeply"),
        (BOMB, "p.yaml:20", "aliases expand without end"),
        (b"a: &x [*x]", "p.yaml:1", "*x stands for nothing"),
        (b"x: &x 1\n---\na: *x", "p.yaml:3", "*x stands for nothing"),
        (b"? [a]\n: 1", "p.yaml:1", "a key must be"),
        (b"[&x [1], {*x : 1}]", "p.yaml:1", "a key must be"),
        (b"<<: [1]", "p.yaml:1", "<< needs a mapping"),
        (b"a: \x01", "p.yaml", "control characters"),
        (b"9" * 5000, "p.yaml", "integer string"),
    ],
)
def test_bad_yaml_is_one_clear_error(data: bytes, where: str, why: str) -> None:
    with pytest.raises(UsageError, match=r"p\.yaml is not valid YAML") as caught:
        load_yaml(data, "p.yaml")
    assert caught.value.where == where
    assert why in str(caught.value)
