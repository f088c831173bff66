import gzip
import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
import zstandard

from alecia_pipeline.adapters.oci_archive import OciArchive
from alecia_pipeline.adapters.reproducible import ReproducibleImage, own_layers
from alecia_pipeline.errors import OutsideError
from alecia_pipeline.images.command import EPOCH
from alecia_pipeline_tests.oci_images import DATE, LAYER, layer, write_image

OLD = "2020-02-02T02:02:02Z"


def steps(*dates: str) -> dict[str, Any]:
    return {"created": DATE, "history": [{"created": date} for date in dates]}


def image(folder: Path, mtime: int, media_type: str = LAYER, **config: Any) -> ReproducibleImage:
    folder.mkdir()
    layers = [layer({"base": b"b"}, mtime), layer({"app": b"a" * 9000}, mtime)]
    packed = [gzip.compress(data) if "gzip" in media_type else data for data in layers]
    if "zstd" in media_type:
        packed = [zstandard.compress(data) for data in layers]
    return ReproducibleImage(
        OciArchive(write_image(folder / "i.tar", *packed, media_type=media_type, config=config)), EPOCH, folder
    )


def content(made: ReproducibleImage) -> list[dict[str, tuple[float, int]]]:
    found = []
    for blob in made.blobs[1:]:
        data = b"".join(made.chunks(blob.digest))
        assert f"sha256:{hashlib.sha256(data).hexdigest()}" == blob.digest
        assert len(data) == blob.size
        plain = zstandard.ZstdDecompressor().stream_reader(data).read() if data[:4] == b"\x28\xb5\x2f\xfd" else data
        with tarfile.open(fileobj=io.BytesIO(plain)) as archive:
            found.append({info.name: (info.mtime, info.size) for info in archive})
    return found


@pytest.mark.parametrize("media_type", [LAYER, f"{LAYER}+gzip", f"{LAYER}+zstd", "application/x.rootfs.diff.tar.gzip"])
def test_two_builds_at_different_times_are_one_image(tmp_path: Path, media_type: str) -> None:
    first, second = (image(tmp_path / str(mtime), mtime, media_type) for mtime in (10**9, 17 * 10**8))
    assert first.digest == second.digest
    assert content(first) == [{"base": (EPOCH, 1)}, {"app": (EPOCH, 9000)}]


def test_the_config_names_the_layers_that_are_pushed(tmp_path: Path) -> None:
    made = image(tmp_path / "a", 5)
    config = json.loads(b"".join(made.chunks(made.blobs[0].digest)))
    manifest = json.loads(made.manifest)
    plain = [zstandard.ZstdDecompressor().stream_reader(b"".join(made.chunks(b.digest))).read() for b in made.blobs[1:]]
    assert config["rootfs"]["diff_ids"] == [f"sha256:{hashlib.sha256(data).hexdigest()}" for data in plain]
    assert {item["mediaType"] for item in manifest["layers"]} == {f"{LAYER}+zstd"}
    assert [manifest["config"]["digest"], *(item["digest"] for item in manifest["layers"])] == [
        blob.digest for blob in made.blobs
    ]
    assert made.digest == f"sha256:{hashlib.sha256(made.manifest).hexdigest()}"
    assert made.media_type


def test_layers_of_the_base_stay_as_they_are(tmp_path: Path) -> None:
    made = image(tmp_path / "a", 5, **steps(OLD, DATE))
    assert b"".join(made.chunks(made.blobs[1].digest)) == layer({"base": b"b"}, 5)
    assert content(made) == [{"base": (5, 1)}, {"app": (EPOCH, 9000)}]


@pytest.mark.parametrize(
    ("config", "own"),
    [
        (steps(OLD, OLD, DATE), 1),
        (steps(OLD, DATE, OLD), 0),
        (steps(DATE, DATE, DATE), 3),
        (steps(OLD, OLD), 3),
        ({**steps(OLD, OLD, DATE), "created": OLD}, 3),
        ({"created": DATE}, 3),
        ({"created": DATE, "history": [{"created": OLD}, {"empty_layer": True}, *steps(OLD, DATE)["history"]]}, 1),
    ],
)
def test_own_layers_are_those_with_the_date_of_the_build(config: dict[str, Any], own: int) -> None:
    assert own_layers(config, 3, EPOCH) == own


@pytest.mark.parametrize(
    ("data", "media_type"), [(b"no tar", LAYER), (b"no gzip", f"{LAYER}+gzip"), (b"no", f"{LAYER}+zstd")]
)
def test_a_layer_that_cannot_be_read_is_an_error(tmp_path: Path, data: bytes, media_type: str) -> None:
    with pytest.raises(OutsideError, match="cannot be read"):
        ReproducibleImage(OciArchive(write_image(tmp_path / "i.tar", data, media_type=media_type)), EPOCH, tmp_path)
