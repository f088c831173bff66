"""A built image as BuildKit leaves it: a folder in the OCI layout, read in place."""

import json
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import IO, Any

from alecia_pipeline.errors import OutsideError
from alecia_pipeline.images.ports import Blob

CHUNK_BYTES = 1 << 20
BLOBS = Path("blobs") / "sha256"


class OciLayout:
    """One image on the runner's disk. Raises OutsideError when the folder holds no image of one platform."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def manifest(self) -> bytes:
        """The manifest, byte for byte."""
        return self._file(self.digest).read_bytes()

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
        return file_chunks(self._file(digest))

    def open(self, digest: str) -> IO[bytes]:
        """Open a blob to be read in order. The caller closes it."""
        return self._file(digest).open("rb")

    def _file(self, digest: str) -> Path:
        file = self._folder / BLOBS / digest.partition(":")[2]
        if not file.is_file():
            raise self._no_image(f"it has no blob {digest}")
        return file

    @cached_property
    def _descriptor(self) -> dict[str, Any]:
        try:
            manifests = json.loads((self._folder / "index.json").read_bytes())["manifests"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise self._no_image(f"its index.json is damaged or missing: {error}") from error
        if len(manifests) != 1:
            raise self._no_image(f"it holds {len(manifests)} manifests, not one")
        descriptor: dict[str, Any] = manifests[0]
        return descriptor

    def _no_image(self, why: str) -> OutsideError:
        return OutsideError(
            "the builder left no image",
            where=str(self._folder),
            why=why,
            fix="`docker buildx version` says whether the builder is sound; then build again",
        )


def file_chunks(path: Path) -> Iterator[bytes]:
    """Iterate over a file in pieces of a mebibyte."""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
