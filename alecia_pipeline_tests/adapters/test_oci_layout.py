import json
from pathlib import Path

import pytest

from alecia_pipeline.adapters.oci_layout import CHUNK_BYTES, OciLayout
from alecia_pipeline.errors import OutsideError
from alecia_pipeline_tests.oci_images import write_files, write_image
from alecia_pipeline_tests.registry_server import digest_of


def test_reads_an_image_in_place(tmp_path: Path) -> None:
    layer = b"x" * (CHUNK_BYTES + 1)
    archive = OciLayout(write_image(tmp_path / "image", layer))
    assert archive.digest == digest_of(archive.manifest)
    assert [blob.digest for blob in archive.blobs][1:] == [digest_of(layer)]
    assert [blob.size for blob in archive.blobs][1:] == [len(layer)]
    assert [len(piece) for piece in archive.chunks(digest_of(layer))] == [CHUNK_BYTES, 1]


NOWHERE = {"manifests": [{"digest": "sha256:a", "mediaType": ""}]}


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({}, "index.json is damaged or missing"),
        ({"index.json": b"{"}, "damaged"),
        ({"index.json": b'{"manifests": []}'}, "0 manifests"),
        ({"index.json": json.dumps(NOWHERE).encode()}, "no blob sha256:a"),
    ],
)
def test_what_is_no_image_is_an_outside_error(tmp_path: Path, files: dict[str, bytes], why: str) -> None:
    with pytest.raises(OutsideError) as caught:
        _ = OciLayout(write_files(tmp_path / "image", files)).blobs
    assert why in (caught.value.why or "")
