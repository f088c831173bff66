"""A built image as BuildKit leaves it: one tar archive in the OCI layout, read in place."""

import io
import json
import tarfile
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import IO, Any, cast

from alecia_pipeline.errors import OutsideError
from alecia_pipeline.images.ports import Blob

CHUNK_BYTES = 1 << 20


class OciArchive:
    """One image on the runner's disk. Raises OutsideError when the file is no image of one platform."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._members = self._index()

    @cached_property
    def manifest(self) -> bytes:
        """The manifest, byte for byte."""
        return self._read(_blob_name(self.digest))

    @property
    def digest(self) -> str:
        """The digest of the manifest."""
        return str(self._descriptor["digest"])

    @property
    def media_type(self) -> str:
        """The manifest's media type."""
        return str(self._descriptor["mediaType"])

    @cached_property
    def blobs(self) -> tuple[Blob, ...]:
        """The config, then the layers from the lowest up."""
        manifest = json.loads(self.manifest)
        return tuple(Blob(item["digest"], item["size"]) for item in (manifest["config"], *manifest["layers"]))

    def chunks(self, digest: str) -> Iterator[bytes]:
        """Iterate over a blob's bytes in pieces of a mebibyte."""
        member = self._members[_blob_name(digest)]
        with self._path.open("rb") as file:
            file.seek(member.offset_data)
            for start in range(0, member.size, CHUNK_BYTES):
                yield file.read(min(CHUNK_BYTES, member.size - start))

    def open(self, digest: str) -> IO[bytes]:
        """Open a blob to be read in order. The caller closes it."""
        return cast("IO[bytes]", io.BufferedReader(_Chunks(self.chunks(digest)), CHUNK_BYTES))

    def _index(self) -> dict[str, tarfile.TarInfo]:
        try:
            with tarfile.open(self._path) as archive:
                return {member.name: member for member in archive if member.isfile()}
        except (OSError, tarfile.TarError) as error:
            raise self._no_image(str(error)) from error

    def _read(self, name: str) -> bytes:
        if name not in self._members:
            raise self._no_image(f"it has no {name}")
        member = self._members[name]
        with self._path.open("rb") as file:
            file.seek(member.offset_data)
            return file.read(member.size)

    @cached_property
    def _descriptor(self) -> dict[str, Any]:
        try:
            manifests = json.loads(self._read("index.json"))["manifests"]
        except (ValueError, KeyError, TypeError) as error:
            raise self._no_image(f"its index.json is damaged: {error}") from error
        if len(manifests) != 1:
            raise self._no_image(f"it holds {len(manifests)} manifests, not one")
        descriptor: dict[str, Any] = manifests[0]
        return descriptor

    def _no_image(self, why: str) -> OutsideError:
        return OutsideError(
            "the builder left no image",
            where=str(self._path),
            why=why,
            fix="`docker buildx version` says whether the builder is sound; then build again",
        )


class _Chunks(io.RawIOBase):
    """Pieces of bytes as a file."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._left = b""

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer as far as the next piece goes."""
        self._left = self._left or next(self._chunks, b"")
        size = min(len(buffer), len(self._left))
        buffer[:size], self._left = self._left[:size], self._left[size:]
        return size


def _blob_name(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"
