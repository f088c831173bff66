import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from alecia_pipeline.adapters.oci_layout import OciLayout
from alecia_pipeline.adapters.referrers import Referrers, fallback_tag
from alecia_pipeline.adapters.registry import Registry
from alecia_pipeline.adapters.registry_http import RegistryClient
from alecia_pipeline.adapters.registry_login import Login
from alecia_pipeline.errors import OutsideError
from alecia_pipeline.images.ports import Artifact
from alecia_pipeline.images.reference import Repository
from alecia_pipeline.redaction import Secret
from alecia_pipeline_tests.oci_images import write_image
from alecia_pipeline_tests.registry_server import HOST, RegistryServer, digest_of

NAME = "alecia/website"
WEBSITE = Repository(HOST, NAME)
NOTE = Artifact("application/vnd.note", "text/plain", b"hello", {"made": "2026-01-01"})
OTHER = replace(NOTE, content=b"other")
FOREIGN = replace(NOTE, kind="application/vnd.foreign")

Connect = Callable[..., Referrers]


@pytest.fixture
def image(tmp_path: Path) -> OciLayout:
    return OciLayout(write_image(tmp_path / "image", b"base"))


@pytest.fixture
def connect(tmp_path: Path, image: OciLayout) -> Connect:
    def make(server: RegistryServer) -> Referrers:
        login = Login("bot", Secret("hunter22"))
        client = RegistryClient(
            HOST, login, certificates=tmp_path, transport=httpx.WSGITransport(server), pause=lambda _: None
        )
        Registry(client).push(WEBSITE, image)
        return Referrers(client)

    return make


def stored(server: RegistryServer, digest: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(server.manifests[NAME, digest])
    return document


def entries(server: RegistryServer, image: OciLayout) -> list[str]:
    return [each["digest"] for each in stored(server, fallback_tag(image.digest))["manifests"]]


@pytest.mark.parametrize("has_referrers", [True, False])
@pytest.mark.parametrize("scheme", [None, "basic", "bearer"])
def test_what_is_attached_is_found(connect: Connect, image: OciLayout, has_referrers: bool, scheme: str | None) -> None:
    server = RegistryServer(scheme=scheme, has_referrers=has_referrers, page=1, elsewhere=True)
    with connect(server) as referrers:
        assert referrers.attached(WEBSITE, image.digest, {NOTE.kind}) == ()
        digests = [referrers.attach(WEBSITE, image.digest, each) for each in (NOTE, OTHER, FOREIGN)]
        found = referrers.attached(WEBSITE, image.digest, {NOTE.kind})
    assert sorted(each.content for each in found) == [b"hello", b"other"]
    assert NOTE in found
    assert ((NAME, fallback_tag(image.digest)) in server.manifests) is not has_referrers
    assert len(set(digests)) == 3


def test_an_attachment_is_a_manifest_with_a_subject_and_an_empty_config(connect: Connect, image: OciLayout) -> None:
    server = RegistryServer(has_referrers=True)
    with connect(server) as referrers:
        document = stored(server, referrers.attach(WEBSITE, image.digest, NOTE))
    assert document["artifactType"] == "application/vnd.note"
    assert document["subject"]["digest"] == image.digest
    assert document["subject"]["size"] == len(image.manifest)
    assert document["config"] == {
        "mediaType": "application/vnd.oci.empty.v1+json",
        "digest": digest_of(b"{}"),
        "size": 2,
    }
    assert document["layers"] == [{"mediaType": "text/plain", "digest": digest_of(b"hello"), "size": 5}]
    assert document["annotations"] == {"made": "2026-01-01"}
    assert server.blobs[NAME, digest_of(b"{}")] == b"{}"


def test_the_tag_keeps_what_others_wrote_and_holds_nothing_twice(connect: Connect, image: OciLayout) -> None:
    server = RegistryServer()
    theirs: dict[str, Any] = {
        "mediaType": "x/y",
        "digest": "sha256:" + "0" * 64,
        "size": 1,
        "platform": {"os": "linux"},
    }
    index = {"schemaVersion": 2, "manifests": [theirs], "annotations": {"kept": "yes"}}
    server.manifests[NAME, fallback_tag(image.digest)] = json.dumps(index).encode()
    with connect(server) as referrers:
        first = referrers.attach(WEBSITE, image.digest, NOTE)
        second = referrers.attach(WEBSITE, image.digest, OTHER)
        assert referrers.attach(WEBSITE, image.digest, NOTE) == first
    assert sorted(entries(server, image)) == sorted([str(theirs["digest"]), first, second])
    document = stored(server, fallback_tag(image.digest))
    assert theirs in document["manifests"]
    assert document["annotations"] == {"kept": "yes"}


def test_nothing_is_attached_to_an_image_that_is_not_there(connect: Connect) -> None:
    with connect(RegistryServer()) as referrers, pytest.raises(OutsideError, match="is not in the registry"):
        referrers.attach(WEBSITE, "sha256:" + "f" * 64, NOTE)


def test_a_blob_with_other_bytes_is_refused(connect: Connect, image: OciLayout) -> None:
    server = RegistryServer(has_referrers=True)
    with connect(server) as referrers:
        referrers.attach(WEBSITE, image.digest, NOTE)
        server.blobs[NAME, digest_of(b"hello")] = b"hullo"
        with pytest.raises(OutsideError, match="other bytes"):
            referrers.attached(WEBSITE, image.digest, {NOTE.kind})


def test_an_attachment_with_other_bytes_is_refused(connect: Connect, image: OciLayout) -> None:
    server = RegistryServer()
    with connect(server) as referrers:
        server.manifests[NAME, referrers.attach(WEBSITE, image.digest, NOTE)] += b" "
        with pytest.raises(OutsideError, match="other bytes"):
            referrers.attached(WEBSITE, image.digest, {NOTE.kind})


def test_nothing_is_attached_to_an_image_with_other_bytes(connect: Connect, image: OciLayout) -> None:
    server = RegistryServer()
    with connect(server) as referrers:
        server.manifests[NAME, image.digest] += b" "
        with pytest.raises(OutsideError, match="other bytes"):
            referrers.attach(WEBSITE, image.digest, NOTE)


def listing(server: RegistryServer, image: OciLayout, manifest: object) -> None:
    """Have the tag list a manifest that somebody else wrote."""
    data = json.dumps(manifest).encode()
    server.manifests[NAME, digest_of(data)] = data
    entry = {"artifactType": NOTE.kind, "digest": digest_of(data)}
    server.manifests[NAME, fallback_tag(image.digest)] = json.dumps({"manifests": [entry]}).encode()


@pytest.mark.parametrize(
    ("layers", "why"),
    [
        ([], "one document"),
        ("text", "one document"),
        ([1], "one document"),
        ([{"digest": "sha256:x"}], "one document"),
        ([{"digest": 1, "size": 1}], "one document"),
        ([{"digest": "sha256:x", "size": 10**12}], "one document"),
    ],
)
def test_an_attachment_of_another_shape_is_refused(
    connect: Connect, image: OciLayout, layers: object, why: str
) -> None:
    server = RegistryServer()
    listing(server, image, {"subject": {"digest": image.digest}, "layers": layers})
    with connect(server) as referrers, pytest.raises(OutsideError, match="cannot be read") as caught:
        referrers.attached(WEBSITE, image.digest, {NOTE.kind})
    assert why in str(caught.value.why)


@pytest.mark.parametrize("subject", [None, "text", {}, {"digest": "sha256:" + "0" * 64}])
def test_an_attachment_of_another_image_is_refused(connect: Connect, image: OciLayout, subject: object) -> None:
    server = RegistryServer()
    listing(server, image, {"subject": subject, "layers": []})
    with connect(server) as referrers, pytest.raises(OutsideError) as caught:
        referrers.attached(WEBSITE, image.digest, {NOTE.kind})
    assert "not attached" in str(caught.value.why)


@pytest.mark.parametrize(
    ("index", "why"),
    [
        (b"<html>", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "no JSON object"),
        (b"{}", "no image index"),
        (b'{"manifests": [1]}', "no image index"),
        (b'{"manifests": [{"artifactType": "application/vnd.note", "digest": "latest"}]}', "no digest"),
        (b'{"manifests": [{"artifactType": "application/vnd.note"}]}', "no digest"),
        (
            b'{"manifests": [{"artifactType": "application/vnd.note", "digest": "sha256:' + b"0" * 64 + b'"}]}',
            "has it not",
        ),
    ],
)
def test_a_list_that_is_none_is_refused(connect: Connect, image: OciLayout, index: bytes, why: str) -> None:
    server = RegistryServer(manifests={(NAME, fallback_tag(image.digest)): index})
    with connect(server) as referrers, pytest.raises(OutsideError) as caught:
        referrers.attached(WEBSITE, image.digest, {NOTE.kind})
    assert why in str(caught.value.why)


def test_a_registry_that_lists_without_end_is_left(connect: Connect, image: OciLayout) -> None:
    server = RegistryServer(has_referrers=True, page=0)
    with connect(server) as referrers:
        referrers.attach(WEBSITE, image.digest, NOTE)
        with pytest.raises(OutsideError) as caught:
            referrers.attached(WEBSITE, image.digest, {NOTE.kind})
    assert "more than 100 pages" in str(caught.value.why)


def test_a_tag_or_a_digest_is_resolved_from_the_bytes(connect: Connect, image: OciLayout) -> None:
    server = RegistryServer(manifests={(NAME, "key-1"): image.manifest})
    with connect(server) as referrers:
        assert referrers.resolve(WEBSITE, "key-1") == image.digest
        assert referrers.resolve(WEBSITE, image.digest) == image.digest
        assert referrers.resolve(WEBSITE, "key-2") is None
        server.manifests[NAME, image.digest] += b" "
        with pytest.raises(OutsideError, match="other bytes"):
            referrers.resolve(WEBSITE, image.digest)
