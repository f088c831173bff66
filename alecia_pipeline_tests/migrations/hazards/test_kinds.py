import pytest

from alecia_pipeline.migrations.hazards.kinds import additive
from alecia_pipeline.migrations.lexer import split_statements


def adds(sql: str) -> bool:
    return additive(split_statements(sql, "a.sql"))


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE SCHEMA IF NOT EXISTS crm",
        "CREATE TABLE crm.t (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), o uuid NOT NULL REFERENCES o (id))",
        "CREATE UNLOGGED TABLE IF NOT EXISTS t (a int)",
        "CREATE TABLE t AS SELECT 1",
        "CREATE INDEX ON t (a)",
        "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a)",
        "CREATE TYPE mood AS ENUM ('a')",
        "CREATE DOMAIN d AS text",
        "CREATE EXTENSION IF NOT EXISTS pgcrypto",
        "CREATE SEQUENCE s",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE VIEW v AS SELECT 1",
        "CREATE MATERIALIZED VIEW v AS SELECT 1",
        "COMMENT ON TABLE t IS 'x'",
        "GRANT SELECT ON t TO a",
        "SET lock_timeout = 100",
        "ALTER TABLE t ADD COLUMN a text",
        "ALTER TABLE IF EXISTS ONLY s.t ADD a numeric(10, 2), ADD COLUMN IF NOT EXISTS b int NULL",
        'ALTER TABLE "T" ADD COLUMN "Check" text COLLATE "C"',
        "ALTER TABLE t ADD COLUMN a int NOT NULL DEFAULT 0",
        "ALTER TABLE t ADD COLUMN a int DEFAULT -1 NOT NULL",
        "ALTER TABLE t ADD COLUMN a text DEFAULT 'x' COLLATE \"C\"",
        "ALTER TABLE t ADD COLUMN a jsonb NOT NULL DEFAULT '{}'::jsonb",
        "ALTER TABLE t ADD COLUMN a text[] NOT NULL DEFAULT '{}'::text[]",
        "ALTER TABLE t ADD COLUMN a timestamptz NOT NULL DEFAULT now()",
        "ALTER TABLE t ADD COLUMN a boolean DEFAULT FALSE",
    ],
)
def test_what_only_adds(sql: str) -> None:
    assert adds(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "DROP TABLE t",
        "ALTER TABLE t DROP COLUMN a",
        "ALTER TABLE t ADD COLUMN a text, DROP COLUMN b",
        "ALTER TABLE t RENAME TO u",
        "ALTER TABLE t ALTER COLUMN a SET NOT NULL",
        "ALTER TABLE t ADD COLUMN a text NOT NULL",
        "ALTER TABLE t ADD COLUMN a text UNIQUE",
        "ALTER TABLE t ADD COLUMN a int REFERENCES u (id)",
        "ALTER TABLE t ADD COLUMN a int CHECK (a > 0)",
        "ALTER TABLE t ADD COLUMN a bigserial",
        "ALTER TABLE t ADD COLUMN a uuid DEFAULT gen_random_uuid()",
        "ALTER TABLE t ADD COLUMN a int DEFAULT (1)",
        "ALTER TABLE t ADD COLUMN a int DEFAULT 1 + 1",
        "ALTER TABLE t ADD COLUMN a text DEFAULT 'a'::text || 'b'",
        "ALTER TABLE t ADD COLUMN a int DEFAULT",
        "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0)",
        "ALTER TABLE t ADD UNIQUE (a)",
        "ALTER TABLE t",
        "ALTER TYPE mood ADD VALUE 'b'",
        "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE OR REPLACE VIEW v AS SELECT 1",
        "CREATE UNIQUE INDEX ON t (a)",
        "CREATE UNIQUE INDEX",
        "CREATE TRIGGER g AFTER INSERT ON t EXECUTE FUNCTION f()",
        "CREATE TABLE p PARTITION OF t FOR VALUES IN (1)",
        "CREATE TABLE p (a int) INHERITS (t)",
        "CREATE POLICY p ON t",
        "CREATE",
        "INSERT INTO t VALUES (1)",
        "INSERT",
        "UPDATE t SET a = 1",
        "DO $$ BEGIN END $$",
        "SELECT set_config('a', 'b', false)",
        "CREATE SCHEMA s; DROP TABLE t",
    ],
)
def test_what_may_break_the_release_before(sql: str) -> None:
    assert not adds(sql)


def test_what_a_file_does_to_its_own_new_tables_is_free() -> None:
    made = "CREATE TABLE s.t (a int); CREATE TEMP TABLE u (a int);"
    assert adds(f"{made} INSERT INTO s.t VALUES (1); ALTER TABLE ONLY S.T ADD UNIQUE (a); CREATE UNIQUE INDEX ON u (a)")
    assert adds(f"{made} CREATE TRIGGER g AFTER INSERT ON s.t EXECUTE FUNCTION f(); CREATE POLICY p ON u")
    assert adds(f'{made} CREATE CONSTRAINT TRIGGER g AFTER INSERT ON "s"."t" EXECUTE FUNCTION f()')
    assert not adds(f"{made} INSERT INTO t VALUES (1)")
    assert not adds(f"{made} INSERT INTO other.t VALUES (1)")


def test_a_table_that_may_have_been_there_is_not_new() -> None:
    assert not adds("CREATE TABLE IF NOT EXISTS t (a int); INSERT INTO t VALUES (1)")


def test_taking_in_an_older_table_is_a_change_for_it() -> None:
    assert not adds(
        "CREATE TABLE t (a int) PARTITION BY LIST (a); ALTER TABLE t ATTACH PARTITION old FOR VALUES IN (1)"
    )


def test_after_a_new_search_path_a_bare_name_may_be_another_table() -> None:
    assert not adds("CREATE TABLE t (a int); SET search_path = other; INSERT INTO t VALUES (1)")
    assert adds("CREATE TABLE s.t (a int); SET search_path = other; INSERT INTO s.t VALUES (1)")


def test_a_table_without_a_readable_name_is_not_taken_for_new() -> None:
    assert adds("CREATE TABLE 'x' (a int)")
    assert not adds("CREATE TABLE 'x' (a int); INSERT INTO x VALUES (1)")
