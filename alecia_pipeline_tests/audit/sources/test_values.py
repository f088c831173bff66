from typing import Any

import pytest

from alecia_pipeline.audit.sources.values import MAX_DEPTH, code_values, document_values


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('export default { a: "x" }', {"a": "x"}),
        ("module.exports = { 'a': `x` }", {"a": "x"}),
        ('export default define({ a: ["x", { b: true }] })', {"a": ["x", {"b": True}]}),
        ('export default () => ({ a: { "x/y": false } })', {"a": {"x/y": False}}),
        ('export default { a: (["x"] as const) }', {"a": ["x"]}),
        ("export default { a: { b: 1 } satisfies C }", {"a": {"b": None}}),
        ('export default { a: on ? "x" : "y", b: on && "z" }', {"a": "x", "b": "z"}),
        ('export default { a: ["x"].filter(Boolean), b: f("x"), c: g.h }', {"a": ["x"], "b": None, "c": None}),
        ('export default { ...{ a: "x" }, ...rest, b() {}, c }', {"a": "x"}),
        ("export default { a: `${b}` }", {"a": None}),
    ],
)
def test_a_script_is_read_without_running(text: str, value: Any) -> None:
    assert code_values(text.encode(), ".ts")[0] == value


def test_variables_and_method_calls_are_settings_too() -> None:
    text = b'const plugins = ["x"]\nexport default [...compat.extends("next", other)]'
    assert code_values(text, ".js") == ({"plugins": ["x"]}, {"extends": ["next"]})


def test_what_is_nested_too_deeply_is_unknown() -> None:
    text = "x = {a: " + "[" * (MAX_DEPTH + 5) + '"b"' + "]" * (MAX_DEPTH + 5) + "}"
    assert "b" not in str(code_values(text.encode(), ".js"))


def test_documents_are_json_with_comments_or_yaml() -> None:
    assert document_values(b'{"a": "x", // why\n}', "a") == ({"a": "x"},)
    assert document_values(b"a:\n  - x\n", "a") == ({"a": ["x"]},)
    assert document_values(b"a: [", "a") == ()
