"""A built image made reproducible: one date in every layer above its base, all of them compressed alike.

BuildKit can rewrite dates itself (`rewrite-timestamp`), but it does so for the base's layers too, which breaks sharing
with the base and takes its time: 3.7 s of a website's 27 s. It also sets the dates of the whole history, the base's
included, so which layers are the base's is asked of the base itself (`adapters/base_layers.py`).
"""

import gzip
import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any, cast

import zstandard

from alecia_pipeline.adapters.oci_layout import file_chunks
from alecia_pipeline.errors import OutsideError
from alecia_pipeline.images.dates import dated
from alecia_pipeline.images.layers import ImageLayer, describe_layers
from alecia_pipeline.images.ports import Blob, BuiltImage

LEVEL = 1
"""Of zstd. Level 3 saves 4 % of the website's bytes and takes twice the time."""

PARALLEL = 2

_LAYER = "application/vnd.oci.image.layer.v1.tar"
_ZSTD = "+zstd"


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer as it is pushed: `diff_id` is the digest of its tar archive, the rest that of the compressed blob."""

    diff_id: str
    media_type: str
    blob: Blob
    file: Path | None = None

    def descriptor(self) -> dict[str, Any]:
        """Return it as a manifest lists it."""
        return {"mediaType": self.media_type, "digest": self.blob.digest, "size": self.blob.size}


class ReproducibleImage:
    """`built` with the dates of its own layers set to `epoch`. Its new blobs are files in `folder`.

    `base`: the diff ids of the layers that it has from its base, which stay as they are. Raises OutsideError for an
    image that cannot be read.
    """

    def __init__(self, built: BuiltImage, epoch: int, folder: Path, base: Sequence[str] = ()) -> None:
        self._built = built
        self._epoch = epoch
        self._folder = folder
        self._manifest: dict[str, Any] = json.loads(built.manifest)
        self._config: dict[str, Any] = json.loads(b"".join(built.chunks(self._manifest["config"]["digest"])))
        try:
            self._layers = self._normalised(base)
        except (ValueError, EOFError, OSError, zstandard.ZstdError) as error:
            raise OutsideError(
                "a layer of the built image cannot be read",
                where=str(folder),
                why=str(error),
                fix="build again; `df -h` says whether the disk is full",
            ) from error

    @cached_property
    def manifest(self) -> bytes:
        """The manifest, byte for byte."""
        config = {**self._manifest["config"], "digest": _digest(self._config_bytes), "size": len(self._config_bytes)}
        layers = [layer.descriptor() for layer in self._layers]
        return json.dumps({**self._manifest, "config": config, "layers": layers}, separators=(",", ":")).encode()

    @cached_property
    def digest(self) -> str:
        """The digest of the manifest."""
        return _digest(self.manifest)

    @property
    def media_type(self) -> str:
        """The manifest's media type."""
        return self._built.media_type

    @property
    def blobs(self) -> tuple[Blob, ...]:
        """The config, then the layers from the lowest up."""
        config = Blob(_digest(self._config_bytes), len(self._config_bytes))
        return (config, *(layer.blob for layer in self._layers))

    @property
    def layer_table(self) -> tuple[ImageLayer, ...]:
        """Its layers with what made them, the lowest first."""
        kept = sum(layer.file is None for layer in self._layers)
        return describe_layers(self.blobs[1:], self._config, kept)

    def chunks(self, digest: str) -> Iterable[bytes]:
        """Iterate over a blob's bytes; every iteration starts at the beginning."""
        if digest == _digest(self._config_bytes):
            return (self._config_bytes,)
        file = next((layer.file for layer in self._layers if layer.blob.digest == digest), None)
        return file_chunks(file) if file else self._built.chunks(digest)

    @property
    def config(self) -> Mapping[str, Any]:
        """The image's config, as OCI defines it."""
        config: Mapping[str, Any] = json.loads(self._config_bytes)
        return config

    @property
    def below(self) -> int:
        """How many layers it has from its base, as they are."""
        return sum(layer.file is None for layer in self._layers)

    def layers(self, start: int = 0) -> Iterator[IO[bytes]]:
        """Yield the layers from `start` on as open tar archives, the lowest first. The caller closes them."""
        for layer in self._layers[start:]:
            blob = layer.file.open("rb") if layer.file else self._built.open(layer.blob.digest)
            yield _unpacked(blob, layer.media_type)

    @cached_property
    def _config_bytes(self) -> bytes:
        rootfs = {**self._config["rootfs"], "diff_ids": [layer.diff_id for layer in self._layers]}
        return json.dumps({**self._config, "rootfs": rootfs}, separators=(",", ":")).encode()

    def _normalised(self, base: Sequence[str]) -> tuple[Layer, ...]:
        layers = list(zip(self._manifest["layers"], self._config["rootfs"]["diff_ids"], strict=True))
        below = len(base) if [diff_id for _, diff_id in layers[: len(base)]] == list(base) else 0
        kept = [
            Layer(diff_id, layer["mediaType"], Blob(layer["digest"], layer["size"]))
            for layer, diff_id in layers[:below]
        ]
        with ThreadPoolExecutor(PARALLEL) as pool:
            made = pool.map(self._rewritten, range(below, len(layers)), (layer for layer, _ in layers[below:]))
            return (*kept, *made)

    def _rewritten(self, number: int, layer: Mapping[str, Any]) -> Layer:
        path = self._folder / f"layer-{number}.tar.zst"
        plain, packed, size = hashlib.sha256(), hashlib.sha256(), 0
        compressor = zstandard.ZstdCompressor(level=LEVEL).compressobj()
        with self._built.open(layer["digest"]) as blob, path.open("wb") as out:
            for chunk in dated(_unpacked(blob, layer["mediaType"]), self._epoch):
                plain.update(chunk)
                size += _write(out, packed, compressor.compress(chunk))
            size += _write(out, packed, compressor.flush())
        blob_digest = f"sha256:{packed.hexdigest()}"
        return Layer(f"sha256:{plain.hexdigest()}", _LAYER + _ZSTD, Blob(blob_digest, size), path)


def _unpacked(blob: IO[bytes], media_type: str) -> IO[bytes]:
    if media_type.endswith(("+gzip", ".gzip")):
        return cast("IO[bytes]", _Gunzipped(blob))
    if media_type.endswith(_ZSTD):
        return cast("IO[bytes]", io.BufferedReader(zstandard.ZstdDecompressor().stream_reader(blob)))
    return blob


class _Gunzipped(gzip.GzipFile):
    """A packed file that is closed with what it is read through."""

    def __init__(self, blob: IO[bytes]) -> None:
        super().__init__(fileobj=blob)
        self._blob = blob

    def close(self) -> None:
        try:
            super().close()
        finally:
            self._blob.close()


def _write(out: IO[bytes], digest: "hashlib._Hash", data: bytes) -> int:
    if data:
        out.write(data)
        digest.update(data)
    return len(data)


def _digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()
