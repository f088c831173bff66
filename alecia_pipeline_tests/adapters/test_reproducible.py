import gzip
import hashlib
import io
import json
import tarfile
from pathlib import Path

import pytest
import zstandard

from alecia_pipeline.adapters.oci_layout import OciLayout
from alecia_pipeline.adapters.reproducible import ReproducibleImage
from alecia_pipeline.errors import OutsideError
from alecia_pipeline.images.command import EPOCH
from alecia_pipeline_tests.oci_images import LAYER, layer, write_image
from alecia_pipeline_tests.registry_server import digest_of


def image(folder: Path, mtime: int, media_type: str = LAYER, base: tuple[str, ...] = ()) -> ReproducibleImage:
    folder.mkdir()
    layers = [layer({"base": b"b"}, mtime), layer({"app": b"a" * 9000}, mtime)]
    packed = [gzip.compress(data) if "gzip" in media_type else data for data in layers]
    if "zstd" in media_type:
        packed = [zstandard.compress(data) for data in layers]
    return ReproducibleImage(OciLayout(write_image(folder / "i", *packed, media_type=media_type)), EPOCH, folder, base)


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
    made = image(tmp_path / "a", 5, base=(digest_of(layer({"base": b"b"}, 5)),))
    assert b"".join(made.chunks(made.blobs[1].digest)) == layer({"base": b"b"}, 5)
    assert content(made) == [{"base": (5, 1)}, {"app": (EPOCH, 9000)}]


def test_the_layers_above_the_base_can_be_read_alone(tmp_path: Path) -> None:
    made = image(tmp_path / "a", 5, base=(digest_of(layer({"base": b"b"}, 5)),))
    assert made.below == 1
    (own,) = made.layers(made.below)
    with own, tarfile.open(fileobj=own, mode="r|") as archive:
        assert [info.name for info in archive] == ["app"]
    plain = []
    for each in made.layers():
        with each:
            plain.append(f"sha256:{hashlib.sha256(each.read()).hexdigest()}")
    assert plain == made.config["rootfs"]["diff_ids"]


def test_a_base_that_the_image_does_not_start_with_is_none(tmp_path: Path) -> None:
    assert content(image(tmp_path / "a", 5, base=("sha256:other",)))[0] == {"base": (EPOCH, 1)}


@pytest.mark.parametrize(
    ("data", "media_type"), [(b"no tar", LAYER), (b"no gzip", f"{LAYER}+gzip"), (b"no", f"{LAYER}+zstd")]
)
def test_a_layer_that_cannot_be_read_is_an_error(tmp_path: Path, data: bytes, media_type: str) -> None:
    with pytest.raises(OutsideError, match="cannot be read"):
        ReproducibleImage(OciLayout(write_image(tmp_path / "i", data, media_type=media_type)), EPOCH, tmp_path)
