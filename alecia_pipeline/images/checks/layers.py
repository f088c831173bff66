"""One pass over the layers of an image, lowest first: which files are there at the end, and what secrets went in.

A file that a later layer takes away is still in its own layer, for everybody who pulls the image: it is looked at like
any other. Every layer is a stream: nothing is unpacked, and memory holds paths and one piece of a file.
"""

import posixpath
import re
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO

from alecia_pipeline.images.checks.needles import Known, Needles
from alecia_pipeline.source.glob import matches
from alecia_pipeline.source.manifest import MANIFEST_FILE
from alecia_pipeline.source.secret_forms import MAX_BYTES, is_sample, may_hold_secrets, secrets_in

PIECE = 1 << 20
"""Bytes of a file in memory at a time."""

MAX_SIGHTINGS = 50
"""Of one image; who has that many needs no more."""

PASSWORDS = "etc/passwd"

_WHITEOUT = ".wh."
_OPAQUE = ".wh..wh..opq"
_INSTALLED = "node_modules"
_NEXT_OWN = re.compile(r"(?:^|/)\.next/(?:.+/)?(?:[\w-]+-manifest\.js(?:on)?|preview-props\.json)$")
"""Where Next.js itself writes its keys for server actions and previews, in clear and on purpose."""

_NEXT_KEY = re.compile(rb"\\?\"(?:encryptionKey|previewModeEncryptionKey)\\?\"\s*:\s*\\?\"[^\"]")


@dataclass(frozen=True, slots=True)
class Sighting:
    """A secret in a file. `layer`: from 1, the base's counted; `line`: where it is known."""

    layer: int
    path: str
    what: str
    line: int | None = None


@dataclass
class Contents:
    """What the layers above the base hold. `files`: path -> target of a symbolic link, None for anything else.

    `texts`: the few small files that checks read; `next_keys`: the files in which Next.js keeps keys of its own;
    `pardoned`: globs of files that only look like secrets, and are no sightings.
    """

    files: dict[str, str | None] = field(default_factory=dict)
    texts: dict[str, bytes] = field(default_factory=dict)
    sightings: list[Sighting] = field(default_factory=list)
    next_keys: set[str] = field(default_factory=set)
    pardoned: Sequence[str] = ()

    def add(self, number: int, layer: IO[bytes], needles: Needles) -> None:
        """Put a layer, an open tar archive, over those before. Raises tarfile.TarError for what is no archive."""
        added: dict[str, str | None] = {}
        gone: set[str] = set()
        opaque: set[str] = set()
        for info, file in _entries(layer):
            path = posixpath.normpath("/" + info.name).lstrip("/")
            folder, name = posixpath.split(path)
            if name == _OPAQUE:
                opaque.add(folder)
            elif name.startswith(_WHITEOUT):
                gone.add(posixpath.join(folder, name.removeprefix(_WHITEOUT)))
            else:
                added[path] = info.linkname if info.issym() else None
                if file:
                    self._read(number, path, info.size, file, needles)
        self._cover(gone, opaque)
        self.files |= added

    def _cover(self, gone: set[str], opaque: set[str]) -> None:
        if gone or opaque:
            self.files = {path: link for path, link in self.files.items() if not _is_covered(path, gone, opaque)}

    def _read(self, number: int, path: str, size: int, file: IO[bytes], needles: Needles) -> None:
        installed = _INSTALLED in path.split("/")
        named = _may_hold(path, installed=installed)
        if size > MAX_BYTES or not (named or self._is_kept(path) or _NEXT_OWN.search(path)):
            self._search(number, path, needles.stream(_pieces(file), shapes=not installed))
            return
        data = file.read()
        self._keep(path, data)
        lines = tuple(secrets_in(path, data)) if named else ()
        for line, what in lines:
            self._note(Sighting(number, path, what, line))
        shapes = not installed and not lines  # one that a line has told need not be told again
        self._search(number, path, needles.find(data, len(data), shapes=shapes))

    def _keep(self, path: str, data: bytes) -> None:
        if self._is_kept(path):
            self.texts[path] = data
        elif _NEXT_OWN.search(path) and _NEXT_KEY.search(data):
            self.next_keys.add(path)

    @staticmethod
    def _is_kept(path: str) -> bool:
        return path == PASSWORDS or (posixpath.basename(path) == MANIFEST_FILE and _INSTALLED not in path.split("/"))

    def _search(self, number: int, path: str, found: Iterable[str | Known]) -> None:
        for each in dict.fromkeys(found):
            if isinstance(each, str):
                self._note(Sighting(number, path, f"this holds {each}"))
            elif not (each.for_build and _NEXT_OWN.search(path)):
                self._note(Sighting(number, path, f"the value of {each.name} stands here"))

    def _note(self, sighting: Sighting) -> None:
        if len(self.sightings) >= MAX_SIGHTINGS or sighting in self.sightings or matches(sighting.path, self.pardoned):
            return
        self.sightings.append(sighting)


def _entries(layer: IO[bytes]) -> Iterator[tuple[tarfile.TarInfo, IO[bytes] | None]]:
    """Yield every entry of an archive, with its content where it is a file."""
    with tarfile.open(fileobj=layer, mode="r|", bufsize=PIECE) as archive:
        while info := archive.next():
            yield info, archive.extractfile(info) if info.isreg() else None
            vars(archive)["members"].clear()  # it would remember every one


def _may_hold(path: str, *, installed: bool) -> bool:
    """Tell whether a file's name calls for a reading of its lines.

    `dist` in a path means a sample among sources, and in an image that a build made it. Keys of published packages are
    for their tests; an environment file among them may be one's own package.
    """
    if not may_hold_secrets(path) or is_sample(path.replace("/dist/", "/")):
        return False
    return not installed or posixpath.basename(path).startswith(".")


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(PIECE):
        yield piece


def _is_covered(path: str, gone: set[str], opaque: set[str]) -> bool:
    folder = path
    while folder:
        if folder in gone or (folder != path and folder in opaque):
            return True
        folder = folder.rpartition("/")[0]
    return "" in opaque
