"""The SQL files of a commit, in the order in which they are applied."""

import hashlib
import re
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import PurePosixPath

from alecia_pipeline.errors import UsageError
from alecia_pipeline.migrations.hazards.kinds import additive
from alecia_pipeline.migrations.hazards.transactions import alone_in, check_statements
from alecia_pipeline.migrations.lexer import Statement, split_statements
from alecia_pipeline.source.text import decode
from alecia_pipeline.source.tree import Entry, Tree

_NAME = re.compile(r"(\d+)_[A-Za-z0-9_.-]+\.sql")


@dataclass(frozen=True)
class MigrationFile:
    """One file. `name` is its file name (the ledger's key), `checksum` the SHA-256 of its bytes (64 hex)."""

    name: str
    path: str
    sql: str
    checksum: str

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        """Its statements. Raises UsageError for SQL that cannot be cut, or that a migration must not hold."""
        statements = split_statements(self.sql, self.path)
        if not statements:
            raise _wrong(self.path, "it holds no statement", "write one, or remove the file")
        check_statements(statements, self.path)
        return statements

    @cached_property
    def alone(self) -> Statement | None:
        """The one statement of a file that cannot run in a transaction, or None for an ordinary file."""
        return alone_in(self.statements, self.path)

    @cached_property
    def additive(self) -> bool:
        """Whether the release before this file still works after it: every statement only adds."""
        return additive(self.statements)


def collect_migrations(tree: Tree, folder: str) -> tuple[MigrationFile, ...]:
    """Return the `<number>_<name>.sql` files of `folder`, in name order, each one cut and checked.

    Raises UsageError when there are none, for another name, a number that is there twice, or an order by name that
    is not the order by number.
    """
    entries = [entry for path, entry in tree.entries.items() if _is_sql(path, folder)]
    files = tuple(_read(tree, entry) for entry in sorted(entries, key=lambda entry: entry.path))
    if not files:
        raise UsageError(
            "no migration files found",
            where=folder,
            why="the commit has no .sql file in this folder",
            fix="mend migrations.dir in alecia.yaml, or commit the files",
        )
    _check_order(files)
    for file in files:
        _ = file.alone  # cuts and checks it now: nothing is applied before every file is known to be sound
    return files


def _is_sql(path: str, folder: str) -> bool:
    pure = PurePosixPath(path)
    # macOS leaves `._name.sql` beside `name.sql` (trap 5): never SQL
    return pure.parent == PurePosixPath(folder) and pure.suffix == ".sql" and not pure.name.startswith("._")


def _read(tree: Tree, entry: Entry) -> MigrationFile:
    name = PurePosixPath(entry.path).name
    if not entry.is_file:
        raise _wrong(entry.path, "it is a symlink or a submodule, not a file", "commit the file itself")
    if not _NAME.fullmatch(name):
        raise _wrong(entry.path, "its name is not <number>_<name>.sql", "rename it, for example 0014_add_notes.sql")
    data = tree.read(entry.path)
    if data.startswith(b"version https://git-lfs"):
        raise _wrong(entry.path, "it is a Git LFS pointer", "commit the file itself")
    return MigrationFile(name, entry.path, decode(data, entry.path), hashlib.sha256(data).hexdigest())


def _check_order(files: tuple[MigrationFile, ...]) -> None:
    for before, after in pairwise(files):
        first, second = (int(file.name.partition("_")[0]) for file in (before, after))
        if first == second:
            raise _wrong(after.path, f"{before.name} has the same number", "give one of them the next free number")
        if first > second:
            raise _wrong(
                after.path,
                f"by name it comes after {before.name}, by number before it",
                "write all numbers with the same count of digits",
            )


def _wrong(path: str, why: str, fix: str) -> UsageError:
    return UsageError("this migration file cannot be used", where=path, why=why, fix=fix)
