import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alecia_pipeline.audit.manifests.editing import with_dependencies
from alecia_pipeline.errors import UsageError

FOUR = '{\n    "name": "x",\n    "files": ["a", "b"],\n    "dependencies": {\n        "c": "1"\n    },\n    "z": 1\n}\n'


def _edited(text: str, *names: str) -> str:
    return with_dependencies(text.encode(), "package.json", "dependencies", dict.fromkeys(names, "^1.0.0")).decode()


def test_names_are_sorted_and_all_else_stays_as_it_is() -> None:
    assert _edited(FOUR, "d", "@a/b") == FOUR.replace(
        '        "c": "1"\n', '        "@a/b": "^1.0.0",\n        "c": "1",\n        "d": "^1.0.0"\n'
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{"name":"x"}', '{"name":"x","dependencies":{"a":"^1.0.0"}}'),
        ("{}", '{"dependencies":{"a":"^1.0.0"}}'),
        (' {"dependencies" : null , "b":1}\n', ' {"dependencies" : {"a":"^1.0.0"} , "b":1}\n'),
        ('{\n\t"b": 1\n}', '{\n\t"b": 1,\n\t"dependencies": {\n\t\t"a": "^1.0.0"\n\t}\n}'),
        ('{\r\n  "b": 1\r\n}\r\n', '{\r\n  "b": 1,\r\n  "dependencies": {\r\n    "a": "^1.0.0"\r\n  }\r\n}\r\n'),
        ('\ufeff{"b": 1}', '\ufeff{"b": 1,"dependencies":{"a":"^1.0.0"}}'),
        (
            '{"dependencies": {"old": "1"}, "dependencies": {"c": "2"}}',
            '{"dependencies": {"old": "1"}, "dependencies": {"a":"^1.0.0","c":"2"}}',
        ),
        (
            '{"x": {"dependencies": {}}, "s": "\\"dependencies\\": {"}',
            '{"x": {"dependencies": {}}, "s": "\\"dependencies\\": {","dependencies":{"a":"^1.0.0"}}',
        ),
        (
            '{\n  "name": "é",\n  "dependencies": {}\n}',
            '{\n  "name": "é",\n  "dependencies": {\n    "a": "^1.0.0"\n  }\n}',
        ),
    ],
)
def test_the_form_is_kept(before: str, after: str) -> None:
    assert _edited(before, "a") == after


def test_what_is_no_manifest_is_an_error() -> None:
    with pytest.raises(UsageError, match=r"package\.json"):
        _edited("[]", "a")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(
    st.dictionaries(st.text(), VALUES).filter(lambda raw: not raw.keys() & {"name", "version", "packageManager"}),
    st.dictionaries(st.text(min_size=1), st.text(), max_size=3),
    st.sampled_from([None, 2, 4, "\t"]),
)
def test_any_manifest_gets_what_is_added_and_loses_nothing(
    raw: dict[str, object], declared: dict[str, str], indent: int | str | None
) -> None:
    raw = {key: value for key, value in raw.items() if not key.endswith("ependencies") and key != "scripts"}
    before = {**raw, "dependencies": declared}
    edited = json.loads(_edited(json.dumps(before, indent=indent), "a", "b"))
    assert edited == {**before, "dependencies": {**declared, "a": "^1.0.0", "b": "^1.0.0"}}
    assert list(edited) == list(before)
