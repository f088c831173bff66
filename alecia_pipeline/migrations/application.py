"""Apply the pending files of a commit, one message each: the file and its ledger row happen both or neither."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from alecia_pipeline.errors import ReleaseFailedError
from alecia_pipeline.migrations.files import MigrationFile
from alecia_pipeline.migrations.hazards.transactions import concurrent_index
from alecia_pipeline.migrations.ledger import CREATE_LEDGER, Standing, compare, ledger_statement
from alecia_pipeline.migrations.lexer import Statement
from alecia_pipeline.migrations.ports import Database, StatementError


@dataclass(frozen=True, slots=True)
class Stamp:
    """What the ledger says about where a file came from."""

    commit: str
    release: str | None


def apply_pending(
    files: Sequence[MigrationFile], database: Database, stamp: Stamp, progress: Callable[[MigrationFile], None]
) -> Standing:
    """Apply what is pending, in order, under the lock, and return the standing from before.

    `progress` is called with each file before it runs. Raises RefusedError (see `compare`, or another run holds the
    lock) and ReleaseFailedError naming file, line and statement; the files before the failed one stay applied.
    """
    with database.locked():
        standing = compare(files, database.ledger())
        if standing.pending:
            database.execute(CREATE_LEDGER)
        for file in standing.pending:
            progress(file)
            _apply(file, database, stamp)
    return standing


def _apply(file: MigrationFile, database: Database, stamp: Stamp) -> None:
    row = ledger_statement(file, stamp.commit, stamp.release)
    try:
        if file.alone is None:
            # the line break ends a comment on the file's last line
            database.execute(f"{file.sql}\n;\n{row}")
        else:
            _apply_alone(file.alone, database)
            database.execute(row)
    except StatementError as error:
        raise _failed(file, error) from error


def _apply_alone(statement: Statement, database: Database) -> None:
    """Run the statement; a half-made index of an earlier try goes first, or IF NOT EXISTS would keep it."""
    index = concurrent_index(statement)
    if index is not None and database.index_valid(index) is False:
        names = [name for name in (index.schema, index.name) if name is not None]
        database.execute_alone("DROP INDEX CONCURRENTLY " + ".".join(_quoted(name) for name in names))
    database.execute_alone(statement.text)


def _quoted(name: str) -> str:
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


def _failed(file: MigrationFile, error: StatementError) -> ReleaseFailedError:
    statement, line = _blamed(file, error)
    return ReleaseFailedError(
        f"{file.name} failed: {error.message}",
        where=f"{file.path}:{line}",
        why=f"{statement.summary}" + (f"  (hint: {error.hint})" if error.hint else ""),
        fix="mend the file and release again; nothing of this file was applied",
    )


def _blamed(file: MigrationFile, error: StatementError) -> tuple[Statement, int]:
    """Return the statement and line at fault. Run-time errors carry no position: results are counted."""
    if error.position is not None and error.position < len(file.sql):
        before = [statement for statement in file.statements if statement.start <= error.position]
        if before and file.alone is None:
            return before[-1], file.sql.count("\n", 0, error.position) + 1
    at = min(error.completed, len(file.statements) - 1)
    return file.statements[at], file.statements[at].line
