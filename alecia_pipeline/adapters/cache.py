"""Results kept between runs, in one file of the user's cache folder. Losing it costs time, never an answer.

What cannot be opened, read or written (a full disk, a read-only home, another process at work, a damaged file) is as
if it were empty: every value carries a checksum, and a file that SQLite calls damaged is removed.
"""

import sqlite3
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path

from alecia_pipeline.adapters.state import cache_folder

MAX_BYTES = 128_000_000
"""Of the file. A monorepo of 4,000 files takes 4 MB; beyond this, the half that was written first is dropped."""

WAIT = 2.0
"""Seconds to wait for another process that writes."""

_BATCH = 500
_SCHEMA = "CREATE TABLE IF NOT EXISTS kept (key BLOB PRIMARY KEY, value BLOB NOT NULL)"
_DROP = "DELETE FROM kept WHERE rowid <= (SELECT (min(rowid) + max(rowid)) / 2 FROM kept)"
_PRAGMAS = ("page_count", "freelist_count", "page_size")
_UNSAFE = "PRAGMA synchronous = OFF"
"""Nobody waits for the disk: what a power cut damages is as if it were not there."""

_CHECKSUM = 4
"""Bytes of CRC-32 before each value."""


def default_cache() -> "Cache":
    """Return the user's own cache, in the cache folder."""
    return Cache(cache_folder() / "audit.sqlite")


class Cache:
    """Values by key, both bytes. Several processes may use the same file; no method raises."""

    def __init__(self, path: Path, limit: int = MAX_BYTES) -> None:
        self._path = path
        self._limit = limit

    def get(self, keys: Sequence[bytes]) -> Mapping[bytes, bytes]:
        """Return the values that are kept and whole."""
        found: dict[bytes, bytes] = {}

        def read(database: sqlite3.Connection) -> None:
            for start in range(0, len(keys), _BATCH):
                some = keys[start : start + _BATCH]
                marks = ",".join("?" * len(some))
                query = f"SELECT key, CAST(value AS BLOB) FROM kept WHERE key IN ({marks})"  # noqa: S608 - marks only
                found.update(_whole(database.execute(query, some)))

        if keys and self._path.exists():
            self._try(read)
        return found

    def put(self, values: Mapping[bytes, bytes]) -> None:
        """Keep values; beyond the limit, the half of the file that was written first is dropped."""

        def write(database: sqlite3.Connection) -> None:
            rows = ((key, zlib.crc32(value).to_bytes(_CHECKSUM) + value) for key, value in values.items())
            database.executemany("INSERT OR REPLACE INTO kept VALUES (?, ?)", rows)
            if _size(database) > self._limit:
                database.execute(_DROP)

        if values:
            self._try(write)

    def _try(self, work: Callable[[sqlite3.Connection], None]) -> None:
        """Do one piece of work on the open file; what fails in it is given up."""
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with closing(sqlite3.connect(self._path, timeout=WAIT)) as database, database:
                database.execute(_UNSAFE)
                database.execute(_SCHEMA)
                work(database)
        except sqlite3.OperationalError:
            pass  # locked, read-only, or a full disk: the next run may have more luck
        except (sqlite3.DatabaseError, OSError):
            with suppress(OSError):
                self._path.unlink()


def _whole(rows: Iterator[tuple[bytes, bytes]]) -> Iterator[tuple[bytes, bytes]]:
    for key, value in rows:
        if zlib.crc32(value[_CHECKSUM:]).to_bytes(_CHECKSUM) == value[:_CHECKSUM]:
            yield key, value[_CHECKSUM:]


def _size(database: sqlite3.Connection) -> int:
    """Return the bytes in use; pages that a deletion set free are written again before the file grows."""
    pages, free, size = (database.execute(f"PRAGMA {name}").fetchone()[0] for name in _PRAGMAS)
    return int((pages - free) * size)
