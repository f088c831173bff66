import pytest

from alecia_pipeline.errors import UsageError
from alecia_pipeline.source.jsonc import parse_jsonc


def test_comments_and_trailing_commas_go_and_strings_stay() -> None:
    text = b"""\xef\xbb\xbf// head
    {
      "paths": {"@/*": ["./src/*", /* , } */ ],}, // tail
      "url": "http://x/,]", "quote": "\\"//\\",}",
      /* several
         lines */ "a": [1, 2 , // last
      ],
    }
    /* not closed"""
    assert parse_jsonc(text, "tsconfig.json") == {
        "paths": {"@/*": ["./src/*"]},
        "url": "http://x/,]",
        "quote": '"//",}',
        "a": [1, 2],
    }


def test_an_empty_file_is_an_empty_object() -> None:
    assert parse_jsonc(b" // nothing\n", "tsconfig.json") == {}


def test_an_error_names_the_line_of_the_file() -> None:
    with pytest.raises(UsageError) as caught:
        parse_jsonc(b"/* a\n b */\n{x}", "tsconfig.json")
    assert caught.value.where == "tsconfig.json:3"


def test_many_comments_do_not_take_for_ever() -> None:
    with pytest.raises(UsageError):
        parse_jsonc(b"[1," + b"/**/ " * 20_000 + b"x /*" * 20_000, "tsconfig.json")
