"""Secrets that print redacted, and the one redactor that stands before every sink."""

import re
from collections.abc import Iterable

MASK = "[redacted]"

MIN_LENGTH = 6
"""Shorter values are not masked: replacing every `1` or `true` would make a log unreadable and hide nothing."""


class Secret:
    """A value that must never be shown. `reveal()` is the only way to it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the value, for the one place that needs it."""
        return self._value

    def __repr__(self) -> str:
        return MASK

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __bool__(self) -> bool:
        return bool(self._value)


class Redactor:
    """Replaces every known secret in a text. Longer secrets first, so that none shows through another's mask."""

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        self._values: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        self.learn(secrets)

    def learn(self, secrets: Iterable[Secret]) -> None:
        """Add secrets that became known later, for example those read from a host's environment file.

        Of one with several lines (a key in PEM), each line: a log is masked line by line.
        """
        lines = (line.strip() for secret in secrets for line in secret.reveal().splitlines())
        self._values |= {line for line in lines if len(line) >= MIN_LENGTH}
        ordered = sorted(self._values, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, ordered))) if ordered else None

    @property
    def known(self) -> tuple[Secret, ...]:
        """What is masked, for whoever looks whether it is somewhere else, too."""
        return tuple(map(Secret, sorted(self._values)))

    def __call__(self, text: str) -> str:
        """Return `text` with every known secret replaced by the mask."""
        return self._pattern.sub(MASK, text) if self._pattern else text
