"""A layer's tar archive with one date everywhere: all that two builds of the same content differ in is the clock.

Only the dates are touched, header by header, so that a layer of any size passes in constant memory; everything else
(order, names, modes, owners, extended attributes) stays as the builder wrote it. Contents stay, too, but for two small
files in which pnpm notes the time of an install: node_modules/.modules.yaml (`prunedAt`) and, since version 9.14,
node_modules/.pnpm-workspace-state.json (`lastValidatedTimestamp`). Neither is read at run time.
"""

import re
from collections.abc import Iterator
from email.utils import formatdate
from typing import Protocol

BLOCK = 512
_COPIED = 1 << 20

_NAME = slice(0, 100)
_PREFIX = slice(345, 500)
_SIZE = slice(124, 136)
_TIME = slice(136, 148)
_SUM = slice(148, 156)
_TYPE = slice(156, 157)
_EXTENDED = b"x"
_GLOBAL = b"g"
_CLOCKS = frozenset({b"mtime", b"atime", b"ctime"})
_BINARY = 0x80
"""The first bit of a number that is written in base 256, because it does not fit into octal digits."""


_NOTES = re.compile(rb"(.*/)?node_modules/\.(modules\.yaml|pnpm-workspace-state(-v\d+)?\.json)", re.DOTALL)
_LARGEST_NOTE = 16_000_000
"""Bytes. pnpm lists every package it hoists: 5,000 of them are 0.5 million."""

_HTTP_DATE = re.compile(rb"(?<=prunedAt)(\"?: *[\"']?)\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT")
_MILLISECONDS = re.compile(rb"(?<=lastValidatedTimestamp)(\"?: *)(\d+)")


class Readable(Protocol):
    """Whatever bytes are read from."""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes; none at the end."""
        ...


def dated(tar: Readable, epoch: int) -> Iterator[bytes]:
    """Yield a tar archive with all dates set to `epoch`, in Unix seconds. Raises ValueError for what is no archive."""
    extended: dict[bytes, bytes] = {}
    while header := _exactly(tar, BLOCK, at_end=True):
        if not any(header):
            break
        kind = header[_TYPE]
        size = _number(header[_SIZE])
        if kind in {_EXTENDED, _GLOBAL}:
            records = dict(_records(_exactly(tar, _padded(size))[:size]))
            extended = records if kind == _EXTENDED else extended
            yield from _extended(header, {key: value for key, value in records.items() if key not in _CLOCKS}, epoch)
            continue
        yield _stamped(header, epoch)
        size = int(extended.get(b"size", size))
        body = _copied(tar, _padded(size))
        is_note = size <= _LARGEST_NOTE and _NOTES.fullmatch(extended.get(b"path") or _name(header))
        yield from [_settled(b"".join(body), epoch)] if is_note else body
        extended = {}
    while tar.read(_COPIED):
        pass  # zeros, as many as the writer liked
    yield bytes(2 * BLOCK)


def _name(header: bytes) -> bytes:
    prefix, name = (header[field].partition(b"\0")[0] for field in (_PREFIX, _NAME))
    return prefix + b"/" + name if prefix else name


def _settled(note: bytes, epoch: int) -> bytes:
    """Return one of pnpm's notes with another time of the install, in the same length."""
    date = formatdate(epoch, usegmt=True).encode()
    note = _HTTP_DATE.sub(lambda found: found[1] + date, note)
    return _MILLISECONDS.sub(lambda found: found[1] + (b"%d" % (epoch * 1000)).ljust(len(found[2])), note)


def _extended(header: bytes, records: dict[bytes, bytes], epoch: int) -> Iterator[bytes]:
    """Yield an extended header, or nothing when it held dates alone."""
    body = b"".join(_record(key, value) for key, value in records.items())
    if body:
        sized = header[: _SIZE.start] + b"%011o\0" % len(body) + header[_SIZE.stop :]
        yield _stamped(sized, epoch)
        yield body.ljust(_padded(len(body)), b"\0")


def _records(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    while body:
        length, space, _ = body.partition(b" ")
        if not space or not length.isdigit() or not 0 < int(length) <= len(body):
            raise ValueError("an extended header is damaged")
        key, equals, value = body[len(length) + 1 : int(length)].partition(b"=")
        if not equals or value[-1:] != b"\n":
            raise ValueError("an extended header is damaged")
        yield key, value[:-1]
        body = body[int(length) :]


def _record(key: bytes, value: bytes) -> bytes:
    """Return a record; its length counts its own digits."""
    rest = len(key) + len(value) + 3
    length = rest + len(str(rest))
    length = rest + len(str(length))
    return b"%d %s=%s\n" % (length, key, value)


def _stamped(header: bytes, epoch: int) -> bytes:
    timed = header[: _TIME.start] + b"%011o\0" % epoch + header[_TIME.stop :]
    blank = timed[: _SUM.start] + b" " * 8 + timed[_SUM.stop :]
    return blank[: _SUM.start] + b"%06o\0 " % sum(blank) + blank[_SUM.stop :]


def _number(field: bytes) -> int:
    if field[0] & _BINARY:
        return int.from_bytes(field[1:], "big")
    digits = field.strip(b" \0")
    return int(digits, 8) if digits else 0


def _padded(size: int) -> int:
    return -(-size // BLOCK) * BLOCK


def _copied(tar: Readable, size: int) -> Iterator[bytes]:
    while size:
        chunk = _exactly(tar, min(size, _COPIED))
        size -= len(chunk)
        yield chunk


def _exactly(tar: Readable, size: int, *, at_end: bool = False) -> bytes:
    found = b""
    while len(found) < size:
        chunk = tar.read(size - len(found))
        if not chunk:
            if at_end and not found:
                return b""
            raise ValueError("the archive ends in the midst of a file")
        found = found + chunk if found else chunk
    return found
