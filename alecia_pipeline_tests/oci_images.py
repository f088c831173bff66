"""Small images as BuildKit leaves them."""

import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path

from alecia_pipeline_tests.registry_server import MANIFEST_TYPE, digest_of

LAYER = "application/vnd.oci.image.layer.v1.tar"


def layer(files: Mapping[str, bytes], mtime: int = 0) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in files.items():
            header = tarfile.TarInfo(name)
            header.size, header.mtime = len(data), mtime
            archive.addfile(header, io.BytesIO(data))
    return out.getvalue()


def write_files(folder: Path, files: Mapping[str, bytes]) -> Path:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def write_image(folder: Path, *layers: bytes, media_type: str = LAYER, **settings: object) -> Path:
    """Write an image that runs as a user of its own; `settings` are those of its config, such as Env."""
    rootfs = {"type": "layers", "diff_ids": list(map(digest_of, layers))}
    config = json.dumps({"os": "linux", "config": {"User": "node", **settings}, "rootfs": rootfs}).encode()
    described = [{"digest": digest_of(blob), "size": len(blob), "mediaType": media_type} for blob in (config, *layers)]
    manifest = json.dumps({"config": described[0], "layers": described[1:]}).encode()
    blobs = {f"blobs/sha256/{digest_of(blob)[7:]}": blob for blob in (config, *layers, manifest)}
    index = {"manifests": [{"mediaType": MANIFEST_TYPE, "digest": digest_of(manifest), "size": len(manifest)}]}
    return write_files(folder, {**blobs, "index.json": json.dumps(index).encode(), "oci-layout": b"{}"})
