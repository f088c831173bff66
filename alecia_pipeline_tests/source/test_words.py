import pytest

from alecia_pipeline.source.words import expand, raw_words, split_words


def test_words_and_their_quotes() -> None:
    assert split_words(r"""a="b c" 'd  e' f\ g "h\"i" j'k'l""") == ["a=b c", "d  e", "f g", 'h"i', "jkl"]
    assert raw_words('a="b c" d') == ['a="b c"', "d"]
    assert split_words(r"""'$a' \$b "$c" "x""") == [r"\$a", r"\$b", "$c", '"x']


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$a-${a}", "1-1"),
        ("${no}x$no", "x"),
        (r"\$a", "$a"),
        ("${a:-d}${no:-d}${empty:-d}${empty-d}", "1dd"),
        ("${a:+yes}${no:+yes}${empty:+yes}${empty+yes}", "yesyes"),
        ("${no:-${a}}", "1"),
        ("${a:?needed}", "1"),
        ("$1 ${", "$1 ${"),
    ],
)
def test_variables(text: str, value: str) -> None:
    assert expand(text, {"a": "1", "empty": "", "unset": None}) == value
