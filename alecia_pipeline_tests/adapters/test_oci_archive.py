import io
import json
import tarfile
from pathlib import Path

from alecia_pipeline.adapters.oci_archive import oci_archive
from alecia_pipeline.adapters.oci_layout import OciLayout
from alecia_pipeline_tests.oci_images import layer, write_image
from alecia_pipeline_tests.registry_server import digest_of


def test_an_image_as_docker_load_takes_it(tmp_path: Path) -> None:
    twice = layer({"a": b"x" * 700})
    image = OciLayout(write_image(tmp_path / "i", layer({"base": b"b"}), twice, twice))
    with tarfile.open(fileobj=io.BytesIO(b"".join(oci_archive(image, "alecia-check/cms:1")))) as archive:
        files = {info.name: archive.extractfile(info).read() for info in archive}  # type: ignore[union-attr]
    (manifest,) = json.loads(files["index.json"])["manifests"]
    assert (manifest["digest"], manifest["size"]) == (image.digest, len(image.manifest))
    assert manifest["annotations"] == {"io.containerd.image.name": "docker.io/alecia-check/cms:1"}
    blobs = {f"sha256:{name.rpartition('/')[2]}": data for name, data in files.items() if name.startswith("blobs/")}
    assert all(digest_of(data) == digest for digest, data in blobs.items())
    assert set(blobs) == {image.digest, *(blob.digest for blob in image.blobs)}
    (older,) = json.loads(files["manifest.json"])
    assert older["RepoTags"] == ["alecia-check/cms:1"]
    assert digest_of(files[older["Config"]]) == image.blobs[0].digest
    assert [digest_of(files[path]) for path in older["Layers"]] == [blob.digest for blob in image.blobs[1:]]
    assert "oci-layout" in files


def test_what_the_engine_has_is_left_out(tmp_path: Path) -> None:
    image = OciLayout(write_image(tmp_path / "i", layer({"base": b"b"}), layer({"app": b"a"})))
    base = image.blobs[1].digest
    with tarfile.open(fileobj=io.BytesIO(b"".join(oci_archive(image, "x:1", {base})))) as archive:
        names = archive.getnames()
    assert f"blobs/sha256/{base[7:]}" not in names
    assert f"blobs/sha256/{image.blobs[2].digest[7:]}" in names
