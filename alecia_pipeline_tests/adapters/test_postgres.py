"""The whole of `migrations/` against a real server."""

from pathlib import Path

import psycopg
import pytest

from alecia_pipeline.adapters.postgres import PostgresDatabase
from alecia_pipeline.errors import ReleaseFailedError
from alecia_pipeline.migrations.hazards.transactions import IndexName
from alecia_pipeline.migrations.ledger import Standing
from alecia_pipeline.migrations.ports import StatementError
from alecia_pipeline_tests.postgres import USER, Migrate, one

pytestmark = pytest.mark.engine

SAMPLE = Path(__file__).parents[2] / "examples/alepanel/packages/db/migrations"


def test_the_samples_13_files_make_79_tables_in_5_schemas(migrate: Migrate, admin: psycopg.Connection) -> None:
    files = {path.name: path.read_text() for path in SAMPLE.glob("*.sql")}
    first = migrate(files)
    assert (len(first.pending), all(file.additive for file in first.pending)) == (13, True)
    made = admin.execute(
        b"SELECT count(*), count(DISTINCT table_schema) FROM information_schema.tables "
        b"WHERE table_type = 'BASE TABLE' "
        b"AND table_schema NOT IN ('pg_catalog', 'information_schema', 'alecia_pipeline')"
    ).fetchone()
    assert made == (79, 5)
    rows = admin.execute(
        b"SELECT name, commit, release, seconds FROM alecia_pipeline.migrations ORDER BY name"
    ).fetchall()
    assert [row[0] for row in rows] == sorted(files)
    assert all(row[1:3] == ("c" * 40, "r1") and 0 < row[3] < 60 for row in rows)
    assert migrate(files) == Standing(tuple(sorted(files)), (), ())


def test_looking_at_a_fresh_database_changes_nothing(database: PostgresDatabase, admin: psycopg.Connection) -> None:
    assert database.ledger() == ()
    assert one(admin, "SELECT to_regnamespace('alecia_pipeline')") is None


def test_a_failed_file_leaves_nothing_and_those_before_it_stay(migrate: Migrate, admin: psycopg.Connection) -> None:
    files = {
        "1_a.sql": "CREATE TABLE a (id int PRIMARY KEY);",
        "2_b.sql": "CREATE TABLE b ();\n\nINSERT INTO a VALUES (1);\nINSERT INTO a\n VALUES (1);\nCREATE TABLE c ();",
    }
    with pytest.raises(ReleaseFailedError, match="duplicate key value violates") as caught:
        migrate(files)
    assert caught.value.where == "db/2_b.sql:4"
    assert caught.value.why == "INSERT INTO a VALUES (1)"
    assert one(admin, "SELECT string_agg(name, ' ') FROM alecia_pipeline.migrations") == "1_a.sql"
    assert one(admin, "SELECT to_regclass('b')") is None
    assert one(admin, "SELECT count(*) FROM a") == 0
    assert [file.name for file in migrate({**files, "2_b.sql": "CREATE TABLE b ()"}).pending] == ["2_b.sql"]


def test_an_error_where_the_server_points_has_its_line_and_hint(migrate: Migrate) -> None:
    with pytest.raises(ReleaseFailedError) as caught:
        migrate({"1_a.sql": "-- é\nCREATE TABLE a (name text);\nSELECT 1 + 1,\n  lower(1.5) FROM a;"})
    assert caught.value.where == "db/1_a.sql:4"
    assert "hint: No function matches" in str(caught.value.why)


def test_errors_quote_no_data_and_no_password(migrate: Migrate) -> None:
    sql = "CREATE TABLE a (n int);\nINSERT INTO a VALUES ('4000 1234'); CREATE ROLE x PASSWORD 'hunter2'"
    with pytest.raises(ReleaseFailedError) as caught:
        migrate({"1_a.sql": sql})
    assert "invalid input syntax for type integer (SQLSTATE 22P02)" in str(caught.value)
    assert "4000" not in str(caught.value)
    with pytest.raises(ReleaseFailedError) as caught:
        migrate({"1_a.sql": "CREATE ROLE x PASSWORD 'hunter2' NOSUCH"})
    assert "hunter2" not in str(caught.value)


def test_what_a_file_sets_does_not_reach_the_next(migrate: Migrate, admin: psycopg.Connection) -> None:
    admin.execute(b"DROP ROLE IF EXISTS weak")
    migrate(
        {
            "1_a.sql": "CREATE SCHEMA s; CREATE ROLE weak; SET search_path = s; SET lock_timeout = '1h'; SET ROLE weak",
            "2_b.sql": "CREATE TABLE t ()",
            "3_c.sql": "DO $$ BEGIN IF current_setting('lock_timeout') <> '500ms' THEN RAISE 'leaked'; END IF; END $$",
        }
    )
    assert one(admin, "SELECT to_regclass('public.t')::text") == "t"
    assert one(admin, "SELECT tableowner FROM pg_tables WHERE tablename = 't'") == USER
    admin.execute(b"DROP ROLE weak")


def test_a_ruined_concurrent_index_is_made_anew(
    migrate: Migrate, database: PostgresDatabase, admin: psycopg.Connection
) -> None:
    make = {"1_a.sql": "CREATE SCHEMA s; CREATE TABLE s.t (a int); INSERT INTO s.t VALUES (1), (1)"}
    migrate(make)
    with pytest.raises(StatementError):
        database.execute_alone("CREATE UNIQUE INDEX CONCURRENTLY i ON s.t (a)")
    assert database.index_valid(IndexName("s", "i")) is False
    admin.execute(b"DELETE FROM s.t")
    migrate({**make, "2_b.sql": "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON s.t (a)"})
    assert database.index_valid(IndexName("s", "i")) is True
    assert database.index_valid(IndexName(None, "i")) is None
