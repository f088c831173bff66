import pytest

from alecia_pipeline.errors import UsageError
from alecia_pipeline.source.documents import as_mapping, as_strings, load_json


def test_json_with_a_byte_order_mark_and_windows_line_ends() -> None:
    assert load_json(b'\xef\xbb\xbf{"a":\r\n 1}', "p") == {"a": 1}


def test_an_escaped_emoji_is_text() -> None:
    assert load_json(rb'"\ud83d\ude00"', "p") == "\U0001f600"


@pytest.mark.parametrize(
    ("data", "where", "why"),
    [
        (b'{\n "a": 1,\n}', "p.json:3", "column 1"),
        (b"", "p.json:1", "Expecting value"),
        (b"[" * 100_000, "p.json", "nested too deeply"),
        (b"9" * 5000, "p.json", "integer string"),
        (rb'{"name": "\ud800"}', "p.json", "surrogates not allowed"),
    ],
)
def test_bad_json_is_one_clear_error(data: bytes, where: str, why: str) -> None:
    with pytest.raises(UsageError, match=r"p\.json is not valid JSON") as caught:
        load_json(data, "p.json")
    assert caught.value.where == where
    assert why in str(caught.value)
    assert caught.value.fix


def test_mappings_are_checked() -> None:
    assert as_mapping(None, "p", "a") == {}
    assert as_strings({"x": "1"}, "p", "a") == {"x": "1"}
    with pytest.raises(UsageError, match="a must be a mapping"):
        as_mapping([1], "p", "a")
    with pytest.raises(UsageError, match=r"a\.x must be a string"):
        as_strings({"x": 1}, "p", "a")
