"""Small images as BuildKit leaves them."""

import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path

from alecia_pipeline_tests.registry_server import MANIFEST_TYPE, digest_of


def write_archive(path: Path, members: Mapping[str, bytes]) -> Path:
    with tarfile.open(path, "w") as archive:
        for name, data in members.items():
            header = tarfile.TarInfo(name)
            header.size = len(data)
            archive.addfile(header, io.BytesIO(data))
    return path


LAYER = "application/vnd.oci.image.layer.v1.tar"
DATE = "1980-01-01T00:00:00Z"


def layer(files: Mapping[str, bytes], mtime: int = 0) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in files.items():
            header = tarfile.TarInfo(name)
            header.size, header.mtime = len(data), mtime
            archive.addfile(header, io.BytesIO(data))
    return out.getvalue()


def write_image(
    path: Path, *layers: bytes, media_type: str = LAYER, config: Mapping[str, object] | None = None
) -> Path:
    plain = {"os": "linux", "rootfs": {"type": "layers", "diff_ids": [digest_of(layer) for layer in layers]}}
    packed = json.dumps({**plain, **(config or {})}).encode()
    described = [{"digest": digest_of(blob), "size": len(blob), "mediaType": media_type} for blob in (packed, *layers)]
    return _write(path, packed, layers, described)


def _write(path: Path, config: bytes, layers: tuple[bytes, ...], described: list[dict[str, object]]) -> Path:
    manifest = json.dumps({"config": described[0], "layers": described[1:]}).encode()
    blobs = {f"blobs/sha256/{digest_of(blob)[7:]}": blob for blob in (config, *layers, manifest)}
    index = {"manifests": [{"mediaType": MANIFEST_TYPE, "digest": digest_of(manifest), "size": len(manifest)}]}
    return write_archive(path, {**blobs, "index.json": json.dumps(index).encode(), "oci-layout": b"{}"})
