import pytest

from alecia_pipeline.errors import RefusedError
from alecia_pipeline.migrations.files import MigrationFile
from alecia_pipeline.migrations.ledger import LedgerRow, compare, irreversible_since, ledger_statement


def file(name: str, checksum: str = "", sql: str = "CREATE SCHEMA a") -> MigrationFile:
    return MigrationFile(name, f"db/{name}", sql, checksum or f"sum of {name}")


def row(name: str, checksum: str = "", *, additive: bool = True) -> LedgerRow:
    return LedgerRow(name, checksum or f"sum of {name}", additive, "c" * 40, None)


def test_what_the_ledger_lacks_is_pending() -> None:
    standing = compare([file("1_a.sql"), file("2_b.sql")], [row("1_a.sql")])
    assert standing.applied == ("1_a.sql",)
    assert [each.name for each in standing.pending] == ["2_b.sql"]
    assert standing.ahead == ()


@pytest.mark.parametrize(
    ("files", "rows", "what"),
    [
        ([file("1_a.sql")], [row("1_a.sql", "other")], "edited"),
        ([file("1_b.sql", "same")], [row("1_a.sql", "same")], "another name"),
        ([file("1_a.sql"), file("2_b.sql")], [row("2_b.sql")], "sorts before"),
        ([file("1_a.sql")], [row("1_a.sql"), row("2_b.sql", additive=False)], "ahead"),
        ([file("1_a.sql"), file("3_c.sql")], [row("1_a.sql"), row("2_b.sql")], "ahead"),
    ],
)
def test_a_ledger_that_does_not_fit_is_refused(files: list[MigrationFile], rows: list[LedgerRow], what: str) -> None:
    with pytest.raises(RefusedError, match=what):
        compare(files, rows)


def test_an_older_commit_works_with_a_database_that_only_has_more() -> None:
    standing = compare([file("1_a.sql")], [row("1_a.sql"), row("2_b.sql")])
    assert [each.name for each in standing.ahead] == ["2_b.sql"]
    assert standing.pending == ()


def test_going_back_is_unsafe_past_what_did_more_than_add() -> None:
    rows = [row("1_a.sql", additive=False), row("2_b.sql"), row("3_c.sql", additive=False)]
    assert irreversible_since(rows, ["1_a.sql"]) == ("3_c.sql",)
    assert irreversible_since(rows, ["1_a.sql", "2_b.sql", "3_c.sql"]) == ()


def test_the_ledgers_statement_quotes_its_values() -> None:
    statement = ledger_statement(file("1_a.sql", sql="DROP TABLE a"), r"it's\ ", "r1")
    assert r"E'it''s\\ ', E'r1'" in statement
    assert "false" in statement
    assert ", NULL," in ledger_statement(file("1_a.sql"), "c", None)
