import json
from collections.abc import Iterator

import httpx
import pytest

from alecia_pipeline.adapters.referrers import LARGEST
from alecia_pipeline.adapters.registry_http import RegistryClient
from alecia_pipeline.adapters.signed_tags import SignedTags
from alecia_pipeline.errors import OutsideError
from alecia_pipeline.images.ports import SignedEntry
from alecia_pipeline.images.reference import Repository
from alecia_pipeline_tests.registry_server import HOST, RegistryServer, digest_of

CMS = Repository(HOST, "mini/cms")
TAG = "sha256-ab.sig"
ONE, TWO = SignedEntry("a/b", b"one", {"by": "x"}), SignedEntry("c/d", b"two")


@pytest.fixture
def server() -> RegistryServer:
    return RegistryServer()


@pytest.fixture
def tags(server: RegistryServer) -> Iterator[SignedTags]:
    with SignedTags(RegistryClient(HOST, None, transport=httpx.WSGITransport(server))) as tags:
        yield tags


def test_a_list_is_read_as_it_was_written(tags: SignedTags) -> None:
    assert tags.entries(CMS, TAG) == ()
    tags.write(CMS, TAG, [ONE])
    assert tags.entries(CMS, TAG) == (ONE,)
    tags.write(CMS, TAG, [ONE, TWO])
    assert tags.entries(CMS, TAG) == (ONE, TWO)


def test_it_is_an_image_to_registries_and_to_cosign(tags: SignedTags, server: RegistryServer) -> None:
    tags.write(CMS, TAG, [ONE])
    manifest = json.loads(server.manifests[CMS.name, TAG])
    assert manifest["schemaVersion"] == 2
    config = json.loads(server.blobs[CMS.name, manifest["config"]["digest"]])
    assert config["rootfs"]["diff_ids"] == [digest_of(b"one")]


@pytest.mark.parametrize(
    "manifest",
    [
        b"{",
        b"[]",
        b"[" * 100_000,
        b'{"layers": {}}',
        b'{"layers": [3]}',
        b'{"layers": [{"digest": "latest", "size": 1}]}',
        json.dumps({"layers": [{"digest": digest_of(b"one"), "size": LARGEST + 1}]}).encode(),
        json.dumps({"layers": [{"digest": digest_of(b"one"), "size": 3, "annotations": [1]}]}).encode(),
        json.dumps({"layers": [{"digest": digest_of(b"one"), "size": "3"}]}).encode(),
        json.dumps({"layers": [{"digest": digest_of(b"one"), "size": 3}] * 1001}).encode(),
    ],
)
def test_what_is_no_list_is_refused(tags: SignedTags, server: RegistryServer, manifest: bytes) -> None:
    tags.write(CMS, TAG, [ONE])
    server.manifests[CMS.name, TAG] = manifest
    with pytest.raises(OutsideError, match="cannot be read") as raised:
        tags.entries(CMS, TAG)
    assert raised.value.where == f"{CMS}:{TAG}"


@pytest.mark.parametrize("more", [{}, {"annotations": None}])
def test_an_entry_may_have_no_annotations(tags: SignedTags, server: RegistryServer, more: dict[str, None]) -> None:
    tags.write(CMS, TAG, [TWO])
    layer = {"mediaType": TWO.media_type, "digest": digest_of(TWO.content), "size": len(TWO.content), **more}
    server.manifests[CMS.name, TAG] = json.dumps({"layers": [layer]}).encode()
    assert tags.entries(CMS, TAG) == (TWO,)


def test_an_entry_with_other_bytes_is_refused(tags: SignedTags, server: RegistryServer) -> None:
    tags.write(CMS, TAG, [ONE])
    server.blobs[CMS.name, digest_of(b"one")] = b"eno"
    with pytest.raises(OutsideError, match="other bytes"):
        tags.entries(CMS, TAG)
