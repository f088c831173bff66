import pytest
from hypothesis import given
from hypothesis import strategies as st

from alecia_pipeline.errors import UsageError
from alecia_pipeline.migrations.lexer import SUMMARY_LENGTH, Kind, split_statements


def texts(sql: str) -> list[str]:
    return [statement.text for statement in split_statements(sql, "a.sql")]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1",
        "SELECT ';', 'it''s; fine'",
        r"SELECT E'it\'s; fine\\'",
        r"SELECT 'a\' AS b",
        "SELECT $$a;b$$, $tag$ $$;' $tag$",
        'SELECT "a;b""c" FROM t',
        "SELECT U&'d\\0061;t', U&\"d\\0061;t\", b'1', x'1F'",
        "SELECT 1 /* a; /* nested; */ b; */ + 1",
        "SELECT 1 -- a; b\n + 2",
        "CREATE RULE r AS ON INSERT TO t DO ALSO (DELETE FROM a; DELETE FROM b)",
        "SELECT $1, a$b, 1.5e-3, .5, 'é;', é FROM t",
        "CREATE FUNCTION f() RETURNS int LANGUAGE SQL BEGIN ATOMIC SELECT 1; SELECT CASE WHEN a THEN 1 END; END",
        "CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC DELETE FROM t; END",
        "DO $$ BEGIN RAISE NOTICE 'x;'; END $$",
        "SELECT (ARRAY[1,2])[1]",
    ],
)
def test_a_semicolon_inside_something_ends_nothing(statement: str) -> None:
    assert texts(f"{statement};\nSELECT 2;") == [statement, "SELECT 2"]


def test_an_end_without_a_routine_body_is_an_ordinary_word() -> None:
    assert len(texts("CREATE VIEW v AS SELECT CASE a WHEN 1 THEN 2 END FROM t; SELECT 1")) == 2
    assert len(texts("BEGIN; SELECT 1; END")) == 3


def test_empty_statements_and_comments_are_none() -> None:
    assert texts(" ;; -- nothing\n/* nor here */ ;") == []


def test_a_closing_bracket_too_many_is_left_to_the_server() -> None:
    assert texts("SELECT 1); SELECT 2") == ["SELECT 1)", "SELECT 2"]


def test_each_statement_knows_its_line() -> None:
    statements = split_statements("-- first\n\nSELECT\n 1;\n\n/* x\n */ SELECT 2;", "a.sql")
    assert [statement.line for statement in statements] == [3, 7]


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("SELECT 1;\nSELECT 'a", "quote '"),
        ("SELECT 1;\nSELECT E'a\\'", "quote '"),
        ('SELECT 1;\nSELECT "a', 'quote "'),
        ("SELECT 1;\nSELECT $x$a$$", "$x$"),
        ("SELECT 1;\nSELECT 2 /* /* */", "comment"),
        ("SELECT 1;\nSELECT (2, [3]", "bracket"),
        ("SELECT 1;\n\\copy t FROM x", "psql"),
        ("SELECT 1;\nSELECT \0", "NUL"),
    ],
)
def test_what_stays_open_is_refused_with_its_line(sql: str, why: str) -> None:
    with pytest.raises(UsageError) as caught:
        split_statements(sql, "db/a.sql")
    assert caught.value.where == "db/a.sql:2"
    assert why in str(caught.value.why)


def test_the_summary_shows_no_string_no_comment_and_is_short() -> None:
    (statement,) = split_statements("CREATE ROLE a -- hidden\n PASSWORD 'hunter2' IN ROLE \"B\";", "a.sql")
    assert statement.summary == "CREATE ROLE a PASSWORD '…' IN ROLE \"B\""
    (statement,) = split_statements("SELECT " + ", ".join(f"column_{n}" for n in range(50)), "a.sql")
    assert len(statement.summary) == SUMMARY_LENGTH


def test_quoted_names_and_strings_never_look_like_keywords() -> None:
    (statement,) = split_statements("SELECT \"COMMIT\", 'COMMIT', 12 FROM Foo", "a.sql")
    assert statement.words == ("SELECT", "<name>", ",", "<string>", ",", "<number>", "FROM", "FOO")
    assert statement.starts("SELECT")
    assert not statement.starts("SELECT", "COMMIT")
    names = [token.identifier for token in statement.tokens if token.kind in {Kind.WORD, Kind.NAME}]
    assert names == ["select", "COMMIT", "from", "foo"]


_PIECES = st.sampled_from(
    ["SELECT 1", "a", "'x;y'", '"q;"', "$$;$$", "$t$;$t$", "/*;*/", "--;\n", "(;)", "E'\\';'", " ", "\n", "1.5", "+"]
)


@given(
    st.lists(st.lists(_PIECES, min_size=1).map(" ".join).filter(lambda text: split_statements(text, "")), min_size=1)
)
def test_statements_come_back_as_they_were_joined(parts: list[str]) -> None:
    found = split_statements(";\n".join(parts), "a.sql")
    assert len(found) == len(parts)
    assert all(statement.text in part for statement, part in zip(found, parts, strict=True))
