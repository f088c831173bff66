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


def write_image(path: Path, *layers: bytes) -> Path:
    config = b'{"os":"linux"}'
    described = [{"digest": digest_of(blob), "size": len(blob)} for blob in (config, *layers)]
    manifest = json.dumps({"config": described[0], "layers": described[1:]}).encode()
    blobs = {f"blobs/sha256/{digest_of(blob)[7:]}": blob for blob in (config, *layers, manifest)}
    index = {"manifests": [{"mediaType": MANIFEST_TYPE, "digest": digest_of(manifest), "size": len(manifest)}]}
    return write_archive(path, {**blobs, "index.json": json.dumps(index).encode(), "oci-layout": b"{}"})
