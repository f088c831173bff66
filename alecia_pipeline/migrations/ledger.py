"""What a database says it has, against what a commit says it should have."""

from collections.abc import Sequence
from dataclasses import dataclass

from alecia_pipeline.errors import RefusedError
from alecia_pipeline.migrations.files import MigrationFile

CREATE_LEDGER = """\
CREATE SCHEMA IF NOT EXISTS alecia_pipeline;
CREATE TABLE IF NOT EXISTS alecia_pipeline.migrations (
  name text PRIMARY KEY,
  checksum text NOT NULL,
  additive boolean NOT NULL,
  commit text NOT NULL,
  release text,
  applied_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
  seconds double precision NOT NULL
)"""
"""The ledger; made when the first file is applied.

Its schema must not be named like a role: with the default search path ("$user", public) that role's unqualified
tables would be made in it, as happened with role and schema `alecia`.
"""


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One applied file: SHA-256 of its bytes, whether it only added, and which commit and release brought it."""

    name: str
    checksum: str
    additive: bool
    commit: str
    release: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a database stands. `applied` are names in order; `ahead` are rows that the commit has no file for."""

    applied: tuple[str, ...]
    pending: tuple[MigrationFile, ...]
    ahead: tuple[LedgerRow, ...]


def compare(files: Sequence[MigrationFile], rows: Sequence[LedgerRow]) -> Standing:
    """Return what is applied, pending and ahead.

    Raises RefusedError for an applied file that was edited or renamed, a pending one that sorts before an applied
    one, and a database ahead of the commit by a file that did more than add.
    """
    by_name = {row.name: row for row in rows}
    known = {file.name for file in files}
    pending = tuple(file for file in files if file.name not in by_name)
    ahead = tuple(row for row in rows if row.name not in known)
    _refuse_edited(files, by_name)
    _refuse_renamed(pending, ahead)
    _refuse_late(pending, rows)
    _refuse_ahead(pending, ahead)
    return Standing(tuple(sorted(by_name)), pending, ahead)


def irreversible_since(rows: Sequence[LedgerRow], applied: Sequence[str]) -> tuple[str, ...]:
    """Return the files, not among `applied`, that did more than add: a release that knew only `applied` may break."""
    return tuple(sorted(row.name for row in rows if row.name not in set(applied) and not row.additive))


def ledger_statement(file: MigrationFile, commit: str, release: str | None) -> str:
    """Return the INSERT that belongs to the file's own message, so that both happen or neither.

    A role that the file set is reset first: it may not write here.
    """
    values = ", ".join(
        (
            _literal(file.name),
            _literal(file.checksum),
            "true" if file.additive else "false",
            _literal(commit),
            "NULL" if release is None else _literal(release),
            "extract(epoch FROM pg_catalog.clock_timestamp() - pg_catalog.statement_timestamp())",
        )
    )
    return (
        "RESET SESSION AUTHORIZATION;\nRESET ROLE;\n"
        f"INSERT INTO alecia_pipeline.migrations (name, checksum, additive, commit, release, seconds) VALUES ({values})"
    )


def _literal(text: str) -> str:
    """Quote a text for SQL; an E string reads the same whatever standard_conforming_strings says."""
    escaped = text.replace("\\", "\\\\").replace("'", "''")
    return f"E'{escaped}'"


def _refuse_edited(files: Sequence[MigrationFile], rows: dict[str, LedgerRow]) -> None:
    for file in files:
        if file.name in rows and rows[file.name].checksum != file.checksum:
            raise RefusedError(
                f"{file.name} was edited after it was applied",
                where=file.path,
                why=f"SHA-256 {file.checksum[:12]}…, applied was {rows[file.name].checksum[:12]}…",
                fix="restore the applied text and put the change into a new file",
            )


def _refuse_renamed(pending: Sequence[MigrationFile], ahead: Sequence[LedgerRow]) -> None:
    applied = {row.checksum: row.name for row in ahead}
    for file in pending:
        if file.checksum in applied:
            raise RefusedError(
                f"{file.name} was applied under another name",
                where=file.path,
                why=f"the database has the same bytes as {applied[file.checksum]}",
                fix=f"rename it back to {applied[file.checksum]}",
            )


def _refuse_late(pending: Sequence[MigrationFile], rows: Sequence[LedgerRow]) -> None:
    last = max((row.name for row in rows), default="")
    late = [file for file in pending if file.name < last]
    if late:
        raise RefusedError(
            f"{late[0].name} sorts before {last}, which is applied",
            where=late[0].path,
            why="another database would run them in another order",
            fix="give it the next free number",
        )


def _refuse_ahead(pending: Sequence[MigrationFile], ahead: Sequence[LedgerRow]) -> None:
    breaking = [row.name for row in ahead if not row.additive]
    if ahead and (breaking or pending):
        raise RefusedError(
            "the database is ahead of this commit",
            where="table alecia_pipeline.migrations",
            why=f"it has {', '.join(row.name for row in ahead)}, which the commit does not have",
            fix="release a commit that has these files",
        )
