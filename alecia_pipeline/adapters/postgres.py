"""PostgreSQL over a local (forwarded) port, by libpq's own calls: they tell how many statements of a message passed.

docs/facts.md has the measurements behind each setting.
"""

import contextlib
import re
import select
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import psycopg
from psycopg import pq

from alecia_pipeline.errors import OutsideError, RefusedError
from alecia_pipeline.migrations.hazards.transactions import IndexName
from alecia_pipeline.migrations.ledger import LedgerRow
from alecia_pipeline.migrations.ports import StatementError
from alecia_pipeline.redaction import Secret

LOCK_KEY = 0x616C65636961
"""The advisory lock of migrations: "alecia" in ASCII."""

LOCK_POLL_SECONDS = 0.2
CONNECT_SECONDS = 10
LOCK_TIMEOUT = "500ms"
"""An ALTER that queues behind a reader stalls all later readers; with this they wait at most so long."""

RETRY_SQLSTATES = frozenset({"55P03", "40P01"})
"""lock_not_available, deadlock_detected: nothing happened, trying again may work."""

RETRY_PAUSE_SECONDS = 0.5
DATA_CLASS = "22"
"""SQLSTATE class "data exception": the server's message quotes the value."""

_RESET = b"RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL"
_FAILED = frozenset({pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.BAD_RESPONSE})
_COPY = frozenset({pq.ExecStatus.COPY_IN, pq.ExecStatus.COPY_OUT, pq.ExecStatus.COPY_BOTH})
_LEDGER = "SELECT name, checksum, additive, commit, release FROM alecia_pipeline.migrations ORDER BY name"
_INDEX = (
    "SELECT i.indisvalid FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid "
    "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "WHERE c.relname = %s "
    "AND CASE WHEN %s::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = %s END"
)


@dataclass(frozen=True, slots=True)
class Login:
    """How to reach a database: a port of 127.0.0.1, and `name` for messages."""

    port: int
    database: str
    user: str
    password: Secret
    name: str


class PostgresDatabase:
    """A `migrations.ports.Database`. `patience` (seconds) bounds every wait for a lock."""

    def __init__(self, connection: psycopg.Connection, login: Login, patience: float = 60) -> None:
        self._connection = connection
        self._name = login.name
        self._patience = patience

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the advisory lock. It is polled: waiting inside pg_advisory_lock deadlocks with CONCURRENTLY."""
        deadline = time.monotonic() + self._patience
        while not self._value("SELECT pg_try_advisory_lock(%s)", LOCK_KEY):
            if time.monotonic() >= deadline:
                raise RefusedError(
                    "another run is migrating this database",
                    where=self._name,
                    why=f"its lock was not free within {self._patience:g} s",
                    fix="wait for that run to end, then try again",
                )
            time.sleep(LOCK_POLL_SECONDS)
        try:
            yield
        finally:
            # a lost connection has given the lock back already, and must not hide why it was lost
            with contextlib.suppress(OutsideError):
                self._value("SELECT pg_advisory_unlock(%s)", LOCK_KEY)

    def ledger(self) -> Sequence[LedgerRow]:
        """Return the applied files in name order; none where the ledger does not exist yet."""
        with self._outside():
            if not self._value("SELECT to_regclass('alecia_pipeline.migrations') IS NOT NULL"):
                return ()
            return tuple(LedgerRow(*row) for row in self._connection.execute(_LEDGER))

    def execute(self, message: str) -> None:
        """Run one message. On a lock that is not free, or a deadlock, the whole message is tried again."""
        deadline = time.monotonic() + self._patience
        while True:
            try:
                self._reset()
                self._send(message.encode())
            except _LockBusyError as busy:
                if time.monotonic() >= deadline:
                    raise busy.error from busy
                time.sleep(RETRY_PAUSE_SECONDS)
            else:
                return

    def execute_alone(self, statement: str) -> None:
        """Run one statement outside any transaction, with no lock timeout: given up half-way, it leaves ruins."""
        self._reset()
        self._send(b"SET lock_timeout = 0")
        try:
            self._send(statement.encode())
        except _LockBusyError as busy:
            raise busy.error from busy

    def index_valid(self, index: IndexName) -> bool | None:
        """Tell whether an index is valid; None where there is none."""
        found = self._value(_INDEX, index.name, index.schema, index.schema)
        return None if found is None else bool(found)

    def _value(self, query: str, *values: object) -> object:
        with self._outside():
            row = self._connection.execute(query.encode(), values).fetchone()
        return row[0] if row else None

    def _reset(self) -> None:
        """Undo what an earlier file SET: search path, role, timeouts."""
        self._send(_RESET)

    def _send(self, message: bytes) -> None:
        with self._outside():
            results = _exchange(self._connection.pgconn, message)
            failed = [result for result in results if result.status in _FAILED]
            if failed:
                raise _refusal(failed[0], completed=len(results) - 1)

    @contextlib.contextmanager
    def _outside(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            raise _lost(self._name, error) from error


class _LockBusyError(Exception):
    def __init__(self, error: StatementError) -> None:
        super().__init__(error.message)
        self.error = error


@contextlib.contextmanager
def open_database(login: Login, patience: float = 60) -> Iterator[PostgresDatabase]:
    """Connect. Raises OutsideError when the server does not answer or refuses the login.

    The server looks for a dead client while it works (it would finish and commit otherwise), and gives up a lock soon.
    """
    options = f"-c client_connection_check_interval=200ms -c lock_timeout={LOCK_TIMEOUT} -c application_name=alecia"
    try:
        connection = psycopg.connect(
            host="127.0.0.1", port=login.port, dbname=login.database, user=login.user,
            password=login.password.reveal(), connect_timeout=CONNECT_SECONDS, options=options, autocommit=True,
        )  # fmt: skip
    except psycopg.Error as error:
        raise _lost(login.name, error) from error
    with contextlib.closing(connection):
        yield PostgresDatabase(connection, login, patience)


def _exchange(connection: pq.abc.PGconn, message: bytes) -> list[pq.abc.PGresult]:
    """Send one simple-query message and return a result per statement that ran, the failed one last.

    libpq's blocking calls would hold up the thread that forwards the port, so the socket is waited for here.
    """
    connection.send_query(message)
    results: list[pq.abc.PGresult] = []
    while True:
        while connection.is_busy():
            select.select([connection.socket], [], [], 1.0)
            connection.consume_input()
        result = connection.get_result()
        if result is None:
            return results
        if result.status in _COPY:
            raise psycopg.OperationalError("COPY to or from the client is not possible here")
        results.append(result)


def _refusal(result: pq.abc.PGresult, completed: int) -> Exception:
    """Return what a failed result means: a refused statement, a busy lock, or the end of the connection."""

    def field(code: pq.DiagnosticField) -> str:
        return (result.error_field(code) or b"").decode(errors="replace")

    state = field(pq.DiagnosticField.SQLSTATE)
    text = field(pq.DiagnosticField.MESSAGE_PRIMARY) or "the server gave no reason"
    if state.startswith(DATA_CLASS):
        text = re.sub(r':? ".*', "", text, flags=re.DOTALL)
    if field(pq.DiagnosticField.SEVERITY_NONLOCALIZED) != "ERROR":
        return psycopg.OperationalError(text)  # FATAL and PANIC end the session, whatever ran
    position = field(pq.DiagnosticField.STATEMENT_POSITION)
    error = StatementError(
        f"{text} (SQLSTATE {state})",
        completed=completed,
        position=int(position) - 1 if position else None,
        hint=field(pq.DiagnosticField.MESSAGE_HINT) or None,
    )
    return _LockBusyError(error) if state in RETRY_SQLSTATES else error


def _lost(name: str, error: psycopg.Error) -> OutsideError:
    return OutsideError(
        "the database cannot be reached, or the connection to it was lost",
        where=name,
        why=" ".join(str(error).split()) or type(error).__name__,
        fix="check that its container runs and that user and password are right, then run this again",
    )
