"""The context as a tar archive: the same files give the same bytes, whatever the clock, the user or the umask."""

import io
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from alecia_pipeline.images.command import EPOCH
from alecia_pipeline.source.tree import EXECUTABLE, SYMLINK

OTHER_DAY = EPOCH + 400 * 24 * 3600
"""Another day of another year, in Unix seconds."""

_MODES = {EXECUTABLE: 0o755, SYMLINK: 0o777}


@dataclass(frozen=True, slots=True)
class TarFile:
    """One file to pack: git's mode, and its bytes (a symlink's target)."""

    path: str
    mode: int
    data: bytes


def pack(files: Iterable[TarFile], *, disordered: bool = False) -> bytes:
    """Return a tar archive: sorted, one date, owner 0, modes 0644 or 0755.

    `disordered`: files backwards and dated another day, to see whether a build notices.
    """
    ordered = sorted(files, key=lambda file: file.path, reverse=disordered)
    date = OTHER_DAY if disordered else EPOCH
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for folder in _folders(ordered):
            archive.addfile(_folder_header(folder, date))
        for file in ordered:
            archive.addfile(_header(file, date), None if file.mode == SYMLINK else io.BytesIO(file.data))
    return buffer.getvalue()


def _folders(files: Iterable[TarFile]) -> list[str]:
    """Return every folder, parents first. Left to the reader, their modes would depend on its umask."""
    folders = {parent.as_posix() for file in files for parent in PurePosixPath(file.path).parents}
    return sorted(folders - {"."})


def _folder_header(path: str, date: int) -> tarfile.TarInfo:
    header = tarfile.TarInfo(path)
    header.type = tarfile.DIRTYPE
    header.mtime = date
    header.mode = 0o755
    return header


def _header(file: TarFile, date: int) -> tarfile.TarInfo:
    header = tarfile.TarInfo(file.path)
    header.mtime = date
    header.mode = _MODES.get(file.mode, 0o644)
    if file.mode == SYMLINK:
        header.type = tarfile.SYMTYPE
        header.linkname = file.data.decode(errors="surrogateescape")
    else:
        header.size = len(file.data)
    return header
