"""In-memory trees for tests of pure packages."""

import hashlib
from collections.abc import Mapping
from functools import cached_property

from alecia_pipeline.source.tree import EXECUTABLE, REGULAR, Entry

COMMIT = "c" * 40


class DictTree:
    """A tree made of `files` (text or bytes by path); ids are git's own, so they equal those of a real commit."""

    def __init__(
        self,
        files: Mapping[str, str | bytes],
        *,
        modes: Mapping[str, int] | None = None,
        executable: frozenset[str] = frozenset(),
        commit: str | None = COMMIT,
    ) -> None:
        self._files = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
        self._modes = {**dict.fromkeys(executable, EXECUTABLE), **(modes or {})}
        self._commit = commit

    @property
    def commit(self) -> str | None:
        return self._commit

    @cached_property
    def entries(self) -> Mapping[str, Entry]:
        return {p: Entry(p, self._modes.get(p, REGULAR), _oid(data)) for p, data in sorted(self._files.items())}

    def read(self, path: str) -> bytes:
        return self._files[path]

    def size(self, path: str) -> int:
        return len(self._files[path])


def _oid(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
