"""Which statements a migration must not hold, and which ones cannot run in a transaction."""

from collections.abc import Sequence
from dataclasses import dataclass

from alecia_pipeline.errors import UsageError
from alecia_pipeline.migrations.lexer import Kind, Statement

_CONTROL = (
    ("BEGIN",), ("START", "TRANSACTION"), ("COMMIT",), ("END",), ("ROLLBACK",), ("ABORT",), ("SAVEPOINT",),
    ("RELEASE",), ("PREPARE", "TRANSACTION"),
)  # fmt: skip

_ALONE = (
    ("VACUUM",), ("CREATE", "DATABASE"), ("DROP", "DATABASE"), ("CREATE", "TABLESPACE"), ("DROP", "TABLESPACE"),
    ("ALTER", "SYSTEM"), ("CREATE", "SUBSCRIPTION"), ("DROP", "SUBSCRIPTION"), ("REINDEX", "DATABASE"),
    ("REINDEX", "SYSTEM"), ("REINDEX", "SCHEMA"),
)  # fmt: skip

_CONCURRENT = (("CREATE", "INDEX"), ("CREATE", "UNIQUE"), ("DROP", "INDEX"), ("REINDEX",), ("ALTER", "TABLE"))


@dataclass(frozen=True, slots=True)
class IndexName:
    """An index as it is written: `schema` is None when the search path decides."""

    schema: str | None
    name: str


def check_statements(statements: Sequence[Statement], path: str) -> None:
    """Refuse what breaks the one transaction of a file, or what only psql can do. Raises UsageError with the line."""
    for statement in statements:
        if any(statement.starts(*words) for words in _CONTROL):
            raise _unfit(
                statement,
                path,
                "a file is one transaction, and its ledger row is part of it",
                "remove BEGIN, COMMIT and their like from the file",
            )
        if statement.starts("COPY") and {"STDIN", "STDOUT"} & set(statement.words):
            raise _unfit(statement, path, "this COPY needs psql at the other end", "write it as INSERT or SELECT")


def alone_in(statements: Sequence[Statement], path: str) -> Statement | None:
    """Return the statement that cannot run in a transaction, when there is one. Then it must be the file's only one.

    CREATE INDEX CONCURRENTLY must have a name and IF NOT EXISTS: killed half-way it leaves an invalid index, which is
    dropped before the next try; a finished one must not fail that try. Raises UsageError.
    """
    alone = next((statement for statement in statements if needs_no_transaction(statement)), None)
    if alone is None:
        return None
    if len(statements) > 1:
        raise _unfit(alone, path, "it cannot run in a transaction with the other statements", "give it its own file")
    if is_concurrent_index(alone) and concurrent_index(alone) is None:
        raise _unfit(
            alone,
            path,
            "a run that was cut off could not be repeated",
            "write CREATE INDEX CONCURRENTLY IF NOT EXISTS <name> ON …",
        )
    return alone


def needs_no_transaction(statement: Statement) -> bool:
    """Whether PostgreSQL refuses this statement inside a transaction block."""
    if any(statement.starts(*words) for words in _ALONE) or statement.words == ("CLUSTER",):
        return True
    return "CONCURRENTLY" in statement.words and any(statement.starts(*words) for words in _CONCURRENT)


def is_concurrent_index(statement: Statement) -> bool:
    """Whether the statement is CREATE [UNIQUE] INDEX CONCURRENTLY."""
    words = tuple(word for word in statement.words if word != "UNIQUE")
    return words[:3] == ("CREATE", "INDEX", "CONCURRENTLY")


def concurrent_index(statement: Statement) -> IndexName | None:
    """Return the index that CREATE INDEX CONCURRENTLY IF NOT EXISTS makes, or None for any other statement."""
    tokens = [token for token in statement.tokens if token.text != "UNIQUE" or token.kind is not Kind.WORD]
    if not is_concurrent_index(statement) or [token.text for token in tokens[3:6]] != ["IF", "NOT", "EXISTS"]:
        return None
    name, on = tokens[6:7], tokens[7:8]
    if not name or not on or on[0].text != "ON":
        return None
    table = [token for token in tokens[8:11] if token.text != "ONLY"]
    schema = table[0].identifier if [token.text for token in table[1:2]] == ["."] else None
    return IndexName(schema, name[0].identifier)


def _unfit(statement: Statement, path: str, why: str, fix: str) -> UsageError:
    where = f"{path}:{statement.line}"
    return UsageError(f"this statement cannot be in a migration: {statement.summary}", where=where, why=why, fix=fix)
