import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pytest

from alecia_pipeline.errors import RefusedError, ReleaseFailedError
from alecia_pipeline.migrations.application import Stamp, apply_pending
from alecia_pipeline.migrations.files import MigrationFile
from alecia_pipeline.migrations.hazards.transactions import IndexName
from alecia_pipeline.migrations.ledger import CREATE_LEDGER, LedgerRow
from alecia_pipeline.migrations.ports import StatementError

STAMP = Stamp("c" * 40, "r1")


@dataclass
class RecordingDatabase:
    """Remembers what it is told; the real one is tried in adapters/test_postgres.py."""

    rows: Sequence[LedgerRow] = ()
    valid: bool | None = None
    error: StatementError | None = None
    busy: bool = False
    log: list[str] = field(default_factory=list)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        if self.busy:
            raise RefusedError("another run is migrating")
        self.log.append("lock")
        yield
        self.log.append("unlock")

    def ledger(self) -> Sequence[LedgerRow]:
        return self.rows

    def execute(self, message: str) -> None:
        self.log.append(message)
        if self.error and message != CREATE_LEDGER:
            raise self.error

    def execute_alone(self, statement: str) -> None:
        self.log.append(f"alone: {statement}")
        if self.error:
            raise self.error

    def index_valid(self, index: IndexName) -> bool | None:
        return self.valid


def file(sql: str, name: str = "1_a.sql") -> MigrationFile:
    return MigrationFile(name, f"db/{name}", sql, f"sum of {name}")


def run(database: RecordingDatabase, *files: MigrationFile) -> list[str]:
    seen: list[str] = []
    apply_pending(files, database, STAMP, lambda each: seen.append(each.name))
    return seen


def failure(completed: int = 0, position: int | None = None, hint: str | None = None) -> StatementError:
    return StatementError("no such table (SQLSTATE 42P01)", completed=completed, position=position, hint=hint)


def test_a_file_and_its_ledger_row_are_one_message() -> None:
    database = RecordingDatabase()
    assert run(database, file("CREATE SCHEMA a -- done")) == ["1_a.sql"]
    lock, ledger, message, unlock = database.log
    assert (lock, ledger, unlock) == ("lock", CREATE_LEDGER, "unlock")
    assert message.startswith("CREATE SCHEMA a -- done\n;\n")
    assert "INSERT INTO alecia_pipeline.migrations" in message


def test_nothing_pending_writes_nothing() -> None:
    done = LedgerRow("1_a.sql", "sum of 1_a.sql", True, "c", None)
    database = RecordingDatabase(rows=[done])
    assert run(database, file("CREATE SCHEMA a")) == []
    assert database.log == ["lock", "unlock"]


def test_a_held_lock_stops_before_anything_is_read() -> None:
    with pytest.raises(RefusedError, match="another run"):
        run(RecordingDatabase(busy=True), file("CREATE SCHEMA a"))


@pytest.mark.parametrize("valid", [None, True])
def test_a_statement_that_needs_no_transaction_runs_alone(valid: bool | None) -> None:
    database = RecordingDatabase(valid=valid)
    run(database, file("CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a);"))
    assert database.log[2] == "alone: CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a)"
    assert database.log[3].startswith("RESET SESSION AUTHORIZATION")


def test_the_ruin_of_an_earlier_index_is_dropped_first() -> None:
    database = RecordingDatabase(valid=False)
    run(database, file('CREATE INDEX CONCURRENTLY IF NOT EXISTS "i""x" ON crm.t (a)'))
    assert database.log[2] == 'alone: DROP INDEX CONCURRENTLY "crm"."i""x"'
    database = RecordingDatabase(valid=False)
    run(database, file("VACUUM t"))
    assert database.log[2] == "alone: VACUUM t"


@pytest.mark.parametrize(
    ("error", "line", "statement"),
    [
        (failure(completed=1), 2, "DROP TABLE b"),
        (failure(completed=1, position=22), 3, "DROP TABLE b"),
        (failure(completed=0, position=2), 1, "CREATE SCHEMA a"),
        (failure(completed=2, position=10_000), 2, "DROP TABLE b"),
        (failure(completed=7), 2, "DROP TABLE b"),
    ],
)
def test_a_failure_names_file_line_and_statement(error: StatementError, line: int, statement: str) -> None:
    with pytest.raises(ReleaseFailedError) as caught:
        run(RecordingDatabase(error=error), file("CREATE SCHEMA a;\nDROP\nTABLE b"))
    assert caught.value.where == f"db/1_a.sql:{line}"
    assert caught.value.why == statement
    assert "no such table" in caught.value.what


def test_a_position_before_the_first_statement_falls_back_to_the_count() -> None:
    with pytest.raises(ReleaseFailedError) as caught:
        run(RecordingDatabase(error=failure(position=0)), file("-- note\nDROP TABLE b"))
    assert caught.value.where == "db/1_a.sql:2"


def test_a_failure_alone_names_its_statement_and_hint() -> None:
    with pytest.raises(ReleaseFailedError) as caught:
        run(RecordingDatabase(error=failure(position=3, hint="look again")), file("-- note\nVACUUM b"))
    assert caught.value.where == "db/1_a.sql:2"
    assert caught.value.why == "VACUUM b  (hint: look again)"
