import pytest

from alecia_pipeline.errors import UsageError
from alecia_pipeline.source.text import MAX_BYTES, decode


def test_a_byte_order_mark_is_no_text() -> None:
    assert decode(b"\xef\xbb\xbfa\r\n", "x") == "a\r\n"


def test_what_is_not_utf8_is_refused_with_its_line() -> None:
    with pytest.raises(UsageError, match=r"x\.json is not UTF-8") as caught:
        decode(b"a\nb\n\xff", "x.json")
    assert caught.value.where == "x.json:3"
    assert "0xff" in str(caught.value)


def test_a_huge_file_is_refused_before_it_is_read() -> None:
    with pytest.raises(UsageError, match="too large"):
        decode(b" " * (MAX_BYTES + 1), "x")
