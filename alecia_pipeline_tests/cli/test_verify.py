import base64
import functools
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from alecia_pipeline.adapters.cosign_key import open_private_key
from alecia_pipeline.adapters.oci_layout import OciLayout
from alecia_pipeline.adapters.registry import Registry
from alecia_pipeline.adapters.registry_http import RegistryClient
from alecia_pipeline.adapters.signed_tags import SignedTags
from alecia_pipeline.cli.main import run
from alecia_pipeline.config import Config, SecretSource, SigningConfig
from alecia_pipeline.images.reference import Repository as Place
from alecia_pipeline.images.signatures import attestation_tag, signature_tag, signed_image
from alecia_pipeline.operations.attaching import Pushed, attach_evidence, evidence_of, open_referrers
from alecia_pipeline.operations.planning import keyed_app, read_commit
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.operations.signing import open_signer
from alecia_pipeline.redaction import Secret
from alecia_pipeline_tests.conftest import Repository
from alecia_pipeline_tests.cosign import make_pair
from alecia_pipeline_tests.monorepo import mini
from alecia_pipeline_tests.oci_images import write_image
from alecia_pipeline_tests.registry_server import HOST, RegistryServer, digest_of

CMS = Place(HOST, "mini/cms")
TAGGED = f"{CMS}:key-1"
PAIR = make_pair(password="")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> RegistryServer:
    server = RegistryServer(has_referrers=True)
    connect = functools.partial(RegistryClient, transport=httpx.WSGITransport(server), pause=lambda _: None)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setattr("alecia_pipeline.operations.registries.RegistryClient", connect)
    archive = OciLayout(write_image(tmp_path / "image", b"base"))
    with Registry(connect(HOST, None)) as registry:
        registry.push(CMS, archive)
        registry.tag(CMS, archive.digest, "key-1")
    return server


@pytest.fixture
def tags(server: RegistryServer) -> SignedTags:
    return SignedTags(RegistryClient(HOST, None, transport=httpx.WSGITransport(server)))


@pytest.fixture
def digest(server: RegistryServer) -> str:
    return digest_of(server.manifests[CMS.name, "key-1"])


@pytest.fixture
def repo(repository: Repository) -> Path:
    return repository(mini())


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def commit(repo: Path, digest: str, keys: Path) -> str:
    """Attach and sign what a build does; return its commit."""
    (keys / "cosign.key").write_text(PAIR.private)
    (keys / "cosign.pub").write_bytes(PAIR.public)
    signing = SigningConfig(key=SecretSource(file=str(keys / "cosign.key")))
    runner = Runner(repo, Config(registry=f"{HOST}/mini", signing=signing), lambda _: None)
    view = read_commit(runner, "HEAD")
    keyed = keyed_app(runner, view, view.app("cms"), None)
    pushed = Pushed(CMS, digest, datetime(2026, 1, 1, tzinfo=UTC))
    evidence = evidence_of(runner, view, keyed, pushed)
    with open_referrers(runner, f"{HOST}/mini") as referrers:
        attach_evidence(evidence, pushed, referrers)
    with open_signer(runner, f"{HOST}/mini") as signer:
        assert signer
        signer.sign(CMS, digest, evidence)
    return view.commit


@pytest.mark.parametrize("by", ["tag", "digest", "both"])
def test_an_image_with_its_evidence_passes(
    commit: str, digest: str, by: str, capsys: pytest.CaptureFixture[str]
) -> None:
    image = {"tag": TAGGED, "digest": CMS.at(digest), "both": f"{TAGGED}@{digest}"}[by]
    assert run(["verify", image]) == 0
    out = capsys.readouterr().out
    assert CMS.at(digest) in out
    assert commit in out
    assert "node:20-alpine is not pinned" in out
    assert "SLSA Build L1: no signature was checked" in out
    assert "wrong" not in out


def test_json_holds_the_same(commit: str, digest: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["verify", TAGGED, "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["ok"], document["commit"], document["app"]) == (True, commit, "cms")
    assert document["image"] == CMS.at(digest)
    assert document["components"] == 5
    assert all(check["ok"] for check in document["checks"])


def test_with_a_key_what_its_holder_has_signed_counts(
    commit: str, digest: str, keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["verify", TAGGED, "--key", str(keys / "cosign.pub")]) == 0
    out = capsys.readouterr().out
    assert "of this key" in out
    assert commit in out
    assert "SLSA Build L1, signed" in out


def test_another_key_exits_with_one(commit: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "other.pub").write_bytes(make_pair().public)
    assert run(["verify", TAGGED, "--key", str(tmp_path / "other.pub")]) == 1
    out = capsys.readouterr().out
    assert "1 there, none of this key" in out
    assert out.count("none is signed with this key") == 2
    assert "none: no provenance that agrees" in out


def test_an_image_that_nobody_signed_exits_with_one(
    server: RegistryServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "own.pub").write_bytes(PAIR.public)
    assert run(["verify", TAGGED, "--key", str(tmp_path / "own.pub")]) == 1
    assert "none is there" in capsys.readouterr().out


def test_a_signature_of_another_image_exits_with_one(
    commit: str, tags: SignedTags, digest: str, keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = f"sha256:{'e' * 64}"
    key = open_private_key(Secret(PAIR.private), Secret(""), "signing.key")
    tags.write(CMS, signature_tag(digest), [signed_image(CMS, other, key)])
    assert run(["verify", TAGGED, "--key", str(keys / "cosign.pub")]) == 1
    assert f"this key has signed another image: {other}" in capsys.readouterr().out


def test_an_envelope_that_was_tampered_with_exits_with_one(
    commit: str, tags: SignedTags, digest: str, keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    provenance, bill = tags.entries(CMS, attestation_tag(digest))
    envelope = json.loads(provenance.content)
    forged = base64.b64decode(envelope["payload"]).replace(commit.encode(), b"f" * 40)
    content = json.dumps({**envelope, "payload": base64.b64encode(forged).decode()}).encode()
    tags.write(CMS, attestation_tag(digest), [replace(provenance, content=content), bill])
    assert run(["verify", TAGGED, "--key", str(keys / "cosign.pub")]) == 1
    out = capsys.readouterr().out
    assert out.count("none is signed with this key") == 1
    assert "none: no provenance that agrees" in out


def test_the_configured_key_is_used_without_being_named(
    commit: str, repo: Path, keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (repo / "alecia.yaml").write_text(f"signing: {{public_key: {keys / 'cosign.pub'}}}\n")
    assert run(["verify", TAGGED, "--repo", str(repo)]) == 0
    assert "SLSA Build L1, signed" in capsys.readouterr().out


def test_what_is_no_key_exits_with_two(commit: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "no.pub").write_text("no key")
    assert run(["verify", TAGGED, "--key", str(tmp_path / "no.pub")]) == 2
    assert "no public key in PEM" in capsys.readouterr().err
    assert run(["verify", TAGGED, "--key", str(tmp_path / "none")]) == 2
    assert "No such file" in capsys.readouterr().err


def test_an_image_without_evidence_exits_with_one(server: RegistryServer, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["verify", TAGGED]) == 1
    out = capsys.readouterr().out
    assert out.count("none is attached") == 2
    assert "none: no provenance that agrees" in out


def test_an_image_that_is_not_there_exits_with_one(server: RegistryServer, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["verify", f"{CMS}:other"]) == 1
    assert "the registry has it not" in capsys.readouterr().out


def test_evidence_that_was_changed_exits_with_four(
    commit: str, server: RegistryServer, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, blob in server.blobs.items():
        server.blobs[name] = blob.replace(b'"subject"', b'"sUbject"')
    assert run(["verify", TAGGED]) == 4
    assert "other bytes" in capsys.readouterr().err


def test_a_silent_registry_exits_with_four(server: RegistryServer, capsys: pytest.CaptureFixture[str]) -> None:
    server.failures = [("503 Busy", {}, b"")] * 9
    assert run(["verify", TAGGED]) == 4
    assert "does not answer" in capsys.readouterr().err


@pytest.mark.parametrize("image", ["UPPER CASE", f"{CMS}@sha256:short", f"{CMS}@md5:1", "", f"{CMS}:a@b@c"])
def test_what_names_no_image_exits_with_two(image: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["verify", image]) == 2
    assert "names no image" in capsys.readouterr().err
