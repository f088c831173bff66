import json
from pathlib import Path

import pytest

from alecia_pipeline.adapters.oci_archive import CHUNK_BYTES, OciArchive
from alecia_pipeline.errors import OutsideError
from alecia_pipeline_tests.oci_images import write_archive, write_image
from alecia_pipeline_tests.registry_server import digest_of


def test_reads_an_image_in_place(tmp_path: Path) -> None:
    layer = b"x" * (CHUNK_BYTES + 1)
    archive = OciArchive(write_image(tmp_path / "image.tar", layer))
    assert archive.digest == digest_of(archive.manifest)
    assert [blob.digest for blob in archive.blobs][1:] == [digest_of(layer)]
    assert [blob.size for blob in archive.blobs][1:] == [len(layer)]
    assert [len(piece) for piece in archive.chunks(digest_of(layer))] == [CHUNK_BYTES, 1]


@pytest.mark.parametrize(
    ("members", "why"),
    [
        ({}, "has no index.json"),
        ({"index.json": b"{"}, "damaged"),
        ({"index.json": b'{"manifests": []}'}, "0 manifests"),
        ({"index.json": json.dumps({"manifests": [{"digest": "sha256:a", "mediaType": ""}]}).encode()}, "sha256/a"),
    ],
)
def test_what_is_no_image_is_an_outside_error(tmp_path: Path, members: dict[str, bytes], why: str) -> None:
    with pytest.raises(OutsideError) as caught:
        _ = OciArchive(write_archive(tmp_path / "image.tar", members)).blobs
    assert why in (caught.value.why or "")


def test_no_archive_is_an_outside_error(tmp_path: Path) -> None:
    with pytest.raises(OutsideError):
        OciArchive(tmp_path / "missing.tar")
    (tmp_path / "damaged.tar").write_bytes(b"x" * 2000)
    with pytest.raises(OutsideError):
        OciArchive(tmp_path / "damaged.tar")
