"""Offsets to line numbers."""

from bisect import bisect_left
from functools import cached_property


class Lines:
    """Tells the line of an offset. The line ends are looked for once: counting anew takes the square of the size."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    @cached_property
    def _ends(self) -> list[int]:
        ends, at = [], self._data.find(b"\n")
        while at >= 0:
            ends.append(at)
            at = self._data.find(b"\n", at + 1)
        return ends

    def at(self, offset: int) -> int:
        """Return the line (from 1) that the byte at `offset` stands on."""
        return bisect_left(self._ends, offset) + 1

    def of(self, text: str, after: int = 0) -> int:
        """Return the line that first holds `text` between quotes, else as it is, else 1."""
        name = text.encode()
        for needle in (b'"' + name + b'"', b"'" + name + b"'", name):
            if (found := self._data.find(needle, after)) >= 0:
                return self.at(found)
        return 1
