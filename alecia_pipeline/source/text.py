"""Bytes of a commit as text: capped, without BOM, UTF-8 only. Every parser of this package starts here."""

from alecia_pipeline.errors import UsageError

MAX_BYTES = 32_000_000
"""The largest known lockfile (82,000 lines) has 3 MB; what is ten times larger is a mistake or an attack."""


def decode(data: bytes, path: str) -> str:
    """Return the text of `data`, a leading BOM removed. Raises UsageError (with the line) when it is not UTF-8."""
    if len(data) > MAX_BYTES:
        raise UsageError(
            f"{path} is too large to parse",
            where=path,
            why=f"{len(data)} bytes, at most {MAX_BYTES}",
            fix="remove it from the repository, or cut it down",
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UsageError(
            f"{path} is not UTF-8 text",
            where=f"{path}:{line}",
            why=f"byte 0x{data[error.start]:02x} at offset {error.start}: {error.reason}",
            fix="save it as UTF-8",
        ) from error
