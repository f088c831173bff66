import pytest

from alecia_pipeline.errors import UsageError
from alecia_pipeline.migrations.hazards.transactions import IndexName, alone_in, check_statements, concurrent_index
from alecia_pipeline.migrations.lexer import Statement, split_statements


def cut(sql: str) -> tuple[Statement, ...]:
    return split_statements(sql, "a.sql")


@pytest.mark.parametrize(
    "control",
    ["BEGIN", "START TRANSACTION", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT a", "RELEASE a",
     "PREPARE TRANSACTION 'a'", "COPY t FROM STDIN", "COPY t TO STDOUT"],
)  # fmt: skip
def test_a_file_is_one_transaction_that_the_server_runs_alone(control: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_statements(cut(f"SELECT 1;\n{control};"), "a.sql")
    assert caught.value.where == "a.sql:2"
    assert control.partition("'")[0] in caught.value.what


def test_ordinary_statements_pass() -> None:
    statements = cut("PREPARE a AS SELECT 1; COPY t FROM '/file'; CREATE INDEX ON t (a); CLUSTER t USING i")
    check_statements(statements, "a.sql")
    assert alone_in(statements, "a.sql") is None


@pytest.mark.parametrize(
    "sql",
    ["VACUUM t", "CREATE DATABASE d", "DROP DATABASE d", "ALTER SYSTEM SET a = 1", "REINDEX DATABASE d", "CLUSTER",
     "REINDEX INDEX CONCURRENTLY i", "DROP INDEX CONCURRENTLY i", "ALTER TABLE t DETACH PARTITION p CONCURRENTLY",
     "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a)"],
)  # fmt: skip
def test_what_needs_no_transaction_runs_alone(sql: str) -> None:
    found = alone_in(cut(sql), "a.sql")
    assert found is not None
    assert found.text == sql


def test_it_must_be_the_only_statement_of_its_file() -> None:
    with pytest.raises(UsageError, match="VACUUM") as caught:
        alone_in(cut("SELECT 1;\nVACUUM t"), "a.sql")
    assert caught.value.where == "a.sql:2"


@pytest.mark.parametrize(
    "sql",
    ["CREATE INDEX CONCURRENTLY i ON t (a)", "CREATE INDEX CONCURRENTLY ON t (a)",
     "CREATE INDEX CONCURRENTLY IF NOT EXISTS ON t (a)", "CREATE INDEX CONCURRENTLY IF NOT EXISTS"],
)  # fmt: skip
def test_a_concurrent_index_must_be_repeatable(sql: str) -> None:
    with pytest.raises(UsageError, match="CONCURRENTLY") as caught:
        alone_in(cut(sql), "a.sql")
    assert "IF NOT EXISTS <name>" in str(caught.value.fix)


@pytest.mark.parametrize(
    ("sql", "index"),
    [
        ("CREATE INDEX CONCURRENTLY IF NOT EXISTS I ON t (a)", IndexName(None, "i")),
        ('CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS "I" ON ONLY crm.t (a)', IndexName("crm", "I")),
        ('CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON "Crm"."T" (a)', IndexName("Crm", "i")),
        ("VACUUM", None),
    ],
)
def test_the_index_is_in_its_tables_schema(sql: str, index: IndexName | None) -> None:
    assert concurrent_index(cut(sql)[0]) == index
