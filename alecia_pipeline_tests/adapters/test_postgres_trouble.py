"""Busy tables, other runs, lost connections and killed clients, on a real server."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import cast

import psycopg
import pytest
from psycopg import pq

from alecia_pipeline.adapters import postgres
from alecia_pipeline.adapters.postgres import Login, PostgresDatabase, open_database
from alecia_pipeline.errors import OutsideError, RefusedError
from alecia_pipeline.migrations.ports import StatementError
from alecia_pipeline.redaction import Secret
from alecia_pipeline_tests.postgres import PASSWORD, USER, Migrate, one

pytestmark = pytest.mark.engine


def test_a_busy_table_is_tried_again_until_it_is_free(
    migrate: Migrate, admin: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate({"1_a.sql": "CREATE TABLE t ()"})
    admin.execute(b"BEGIN; LOCK TABLE t IN ACCESS SHARE MODE")
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            admin.execute(b"COMMIT")

    monkeypatch.setattr("time.sleep", pause)
    migrate({"1_a.sql": "CREATE TABLE t ()", "2_b.sql": "ALTER TABLE t ADD COLUMN a int"})
    assert len(pauses) == 2


def test_a_table_that_stays_busy_ends_in_a_clear_failure(login: Login, admin: psycopg.Connection) -> None:
    admin.execute(b"CREATE TABLE t ()")
    admin.execute(b"BEGIN; LOCK TABLE t IN ACCESS SHARE MODE")
    with open_database(login, patience=0) as database, pytest.raises(StatementError, match="lock timeout"):
        database.execute("ALTER TABLE t ADD COLUMN a int")


def test_a_deadlock_of_a_lone_statement_is_its_failure(database: PostgresDatabase, admin: psycopg.Connection) -> None:
    admin.execute(b"CREATE TABLE t ()")
    with pytest.raises(StatementError, match="canceling statement due to lock timeout"):
        database.execute_alone(
            "DO $$ BEGIN RAISE 'canceling statement due to lock timeout' USING ERRCODE = '55P03'; END $$"
        )


def test_only_one_run_migrates_at_a_time(login: Login, database: PostgresDatabase) -> None:
    with database.locked(), open_database(login, patience=0) as other:
        late = other.locked()
        with pytest.raises(RefusedError, match="another run"):
            late.__enter__()
    with open_database(login, patience=0) as other, other.locked():
        assert other.ledger() == ()


def test_a_run_waits_for_the_lock_by_polling(
    login: Login, database: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = database.locked()
    held.__enter__()
    monkeypatch.setattr("time.sleep", lambda _: held.__exit__(None, None, None))
    with open_database(login, patience=30) as other, other.locked():
        assert other.ledger() == ()


def test_a_wrong_password_or_port_is_an_outside_error(login: Login) -> None:
    wrong = Login(login.port, login.database, USER, Secret("wrong-password"), "staging: postgres")
    with pytest.raises(OutsideError, match="cannot be reached") as caught, open_database(wrong):
        pass
    assert "password authentication failed" in str(caught.value.why)
    assert "wrong-password" not in str(caught.value)
    with socket.create_server(("127.0.0.1", 0)) as server:
        closed = server.getsockname()[1]
    with pytest.raises(OutsideError), open_database(Login(closed, "x", USER, Secret(PASSWORD), "x")):
        pass


def test_a_backend_that_is_killed_is_an_outside_error_not_a_failed_statement(
    database: PostgresDatabase, admin: psycopg.Connection
) -> None:
    with pytest.raises(OutsideError, match="connection to it was lost"), database.locked():
        database.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    with pytest.raises(OutsideError):
        database.ledger()
    assert one(admin, "SELECT 1") == 1


def test_a_fatal_end_is_no_failed_statement_either() -> None:
    class Fatal:
        def error_field(self, code: int) -> bytes | None:
            severity = pq.DiagnosticField.SEVERITY_NONLOCALIZED
            return {severity: b"FATAL", pq.DiagnosticField.MESSAGE_PRIMARY: b"terminating connection"}.get(
                pq.DiagnosticField(code)
            )

    error = postgres._refusal(cast("pq.abc.PGresult", Fatal()), completed=0)
    assert isinstance(error, psycopg.OperationalError)
    assert "terminating connection" in str(error)


def test_a_copy_that_gets_through_ends_instead_of_waiting_for_ever(database: PostgresDatabase) -> None:
    with pytest.raises(OutsideError, match="cannot be reached, or"):
        database.execute("COPY (SELECT 1) TO STDOUT")


def test_the_server_gives_up_soon_when_the_client_is_killed(login: Login, admin: psycopg.Connection) -> None:
    script = (
        "import sys; from alecia_pipeline.adapters.postgres import *\n"
        "login = Login(int(sys.argv[1]), sys.argv[2], sys.argv[3], Secret(sys.stdin.readline()), 'x')\n"
        "with open_database(login) as d: d.execute('CREATE TABLE late (); SELECT pg_sleep(60)')\n"
    )
    command = [sys.executable, "-c", script, str(login.port), login.database, USER]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as client:
        assert client.stdin is not None
        client.stdin.write(PASSWORD.encode())
        client.stdin.close()
        asleep = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'alecia' AND wait_event = 'PgSleep'"
        _until(lambda: one(admin, asleep) == 1)
        os.kill(client.pid, signal.SIGKILL)
    gone = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'alecia'"
    _until(lambda: one(admin, gone) == 0)
    assert one(admin, "SELECT to_regclass('late')") is None


def _until(true: Callable[[], bool]) -> None:
    """Look every 20 ms, 20 s at most."""
    tick = threading.Event()
    assert any(true() or tick.wait(0.02) for _ in range(1000))
