"""The database as the migrations see it."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from alecia_pipeline.migrations.hazards.transactions import IndexName
from alecia_pipeline.migrations.ledger import LedgerRow


class Database(Protocol):
    """One database. Every method raises OutsideError when the connection fails and the outcome is unknown."""

    def locked(self) -> AbstractContextManager[None]:
        """Hold the migrations' lock. Raises RefusedError when another run keeps it."""
        ...

    def ledger(self) -> Sequence[LedgerRow]:
        """Return the applied files in name order; none where the ledger does not exist yet. Changes nothing."""
        ...

    def execute(self, message: str) -> None:
        """Run statements as one message, so as one transaction, with the session reset before it.

        Waits little for locks and tries again. Raises StatementError when the server refuses a statement.
        """
        ...

    def execute_alone(self, statement: str) -> None:
        """Run one statement outside any transaction, waiting for locks as long as it takes. Raises StatementError."""
        ...

    def index_valid(self, index: IndexName) -> bool | None:
        """Tell whether an index is valid; None where there is none."""
        ...


class StatementError(Exception):
    """The server refused a statement of a message; nothing of the message happened.

    `completed` statements ran before it; `position` is the offset in the message where the server pointed, if it did.
    `message` and `hint` are the server's words without its DETAIL, which quotes data.
    """

    def __init__(self, message: str, *, completed: int, position: int | None, hint: str | None) -> None:
        super().__init__(message)
        self.message = message
        self.completed = completed
        self.position = position
        self.hint = hint
