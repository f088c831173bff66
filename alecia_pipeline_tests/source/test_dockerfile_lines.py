import pytest

from alecia_pipeline.errors import UsageError
from alecia_pipeline.source.dockerfile_lines import Heredoc, Statement, directives, statements


def read(text: str, escape: str = "\\") -> list[Statement]:
    return list(statements(text.split("\n"), escape, "Dockerfile"))


def test_directives_stand_at_the_top() -> None:
    assert directives(["# syntax = docker/dockerfile:1 ", "#escape=`", "# a comment", "# check=skip=all"]) == {
        "syntax": "docker/dockerfile:1",
        "escape": "`",
    }
    assert directives([]) == {}


def test_continuations_comments_and_empty_lines() -> None:
    text = "# head\n\nrun a \\\n# inside\n\n  b \\  \n c\nCOPY\tx y\nRUN echo \\\\\nUSER\nRUN last \\"
    assert read(text) == [
        Statement("RUN", "a   b  c", 3),
        Statement("COPY", "x y", 8),
        Statement("RUN", "echo \\\\", 9),
        Statement("USER", "", 10),
        Statement("RUN", "last", 11),
    ]


def test_another_escape_character() -> None:
    assert read("RUN a `\n b\nRUN c \\", escape="`") == [Statement("RUN", "a  b", 1), Statement("RUN", "c \\", 3)]


def test_heredocs() -> None:
    text = "RUN <<EOF cat - <<-'END' > /x\n# kept\n\nEOF\n\tindented $x\n\tEND\nCOPY <<a /x\na\nENV X=<<EOF"
    assert read(text) == [
        Statement(
            "RUN",
            "<<EOF cat - <<-'END' > /x",
            1,
            (Heredoc("EOF", expand=True, text="# kept\n\n"), Heredoc("END", expand=False, text="indented $x\n")),
        ),
        Statement("COPY", "<<a /x", 7, (Heredoc("a", expand=True, text=""),)),
        Statement("ENV", "X=<<EOF", 9),
    ]


def test_what_only_looks_like_a_heredoc() -> None:
    assert [s.heredocs for s in read('RUN echo "<<EOF" a<<b <<< c $((1 << 2))')] == [()]


def test_a_heredoc_without_an_end() -> None:
    with pytest.raises(UsageError, match="EOF does not end") as caught:
        read("FROM x\nRUN <<EOF\na")
    assert caught.value.where == "Dockerfile:2"
