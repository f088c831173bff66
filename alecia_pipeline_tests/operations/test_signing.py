from pathlib import Path

import httpx
import pytest

from alecia_pipeline.adapters.cosign_key import read_public_key
from alecia_pipeline.adapters.registry_http import RegistryClient
from alecia_pipeline.adapters.signed_tags import SignedTags
from alecia_pipeline.config import Config, SecretSource, SigningConfig
from alecia_pipeline.errors import UsageError
from alecia_pipeline.images.reference import Repository, key_tag
from alecia_pipeline.images.signatures import attestation_tag, signature_tag, signed_statement
from alecia_pipeline.operations.attaching import Evidence
from alecia_pipeline.operations.building import ImageBuilder
from alecia_pipeline.operations.planning import make_plan
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.operations.signing import open_signer, public_key, signing_key, vouched_for
from alecia_pipeline_tests.conftest import Repository as MakeRepository
from alecia_pipeline_tests.cosign import PASSWORD, PUBLIC_KEY, Pair, attested, make_pair
from alecia_pipeline_tests.images.test_evidence import DIGEST, bill, statement
from alecia_pipeline_tests.monorepo import mini
from alecia_pipeline_tests.registry_server import HOST, RegistryServer

CMS = Repository(HOST, "mini/cms")


@pytest.fixture
def tags(server: RegistryServer) -> SignedTags:
    return SignedTags(RegistryClient(HOST, None, transport=httpx.WSGITransport(server)))


def runner_with(folder: Path, pair: Pair, **password: str) -> Runner:
    folder.mkdir(exist_ok=True)
    (folder / "cosign.key").write_text(pair.private)
    (folder / "cosign.pub").write_bytes(pair.public)
    signing = SigningConfig(
        key=SecretSource(file=str(folder / "cosign.key")),
        password=SecretSource(**password) if password else None,
        public_key=str(folder / "cosign.pub"),
    )
    return Runner(folder, Config(registry=f"{HOST}/mini", signing=signing), lambda _: None)


@pytest.fixture
def password(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("COSIGN_PASSWORD", PASSWORD)
    return "COSIGN_PASSWORD"


def sign(runner: Runner, provenance: bytes | None = None) -> None:
    with open_signer(runner, f"{HOST}/mini") as signer:
        assert signer
        signer.sign(CMS, DIGEST, Evidence(provenance or statement(), bill()))


def test_an_image_is_signed_once_and_its_newest_statements_stay(
    tags: SignedTags, tmp_path: Path, password: str
) -> None:
    runner = runner_with(tmp_path / "one", make_pair(), env=password)
    sign(runner)
    sign(runner, statement(day=2, commit="2" * 40))
    key = public_key(runner.config, None)
    assert key
    found = vouched_for(tags, CMS, DIGEST, key)
    assert found.signature.ok
    assert (found.claims.agrees, found.claims.commit) == (True, "2" * 40)
    assert found.bill.check.ok
    assert len(tags.entries(CMS, signature_tag(DIGEST))) == 1
    assert len(tags.entries(CMS, attestation_tag(DIGEST))) == 2


def test_what_another_key_has_signed_stays(tags: SignedTags, tmp_path: Path, password: str) -> None:
    one, two = (runner_with(tmp_path / name, make_pair(), env=password) for name in ("one", "two"))
    sign(one)
    sign(two)
    for runner in (one, two):
        key = public_key(runner.config, None)
        assert key
        found = vouched_for(tags, CMS, DIGEST, key)
        assert (found.signature.ok, found.claims.agrees, found.bill.check.ok) == (True, True, True)


def test_what_the_key_attests_beside_a_build_stays(tags: SignedTags, tmp_path: Path, password: str) -> None:
    runner = runner_with(tmp_path / "one", make_pair(), env=password)
    sign(runner)
    key = signing_key(runner)
    assert key
    report = signed_statement(b'{"predicateType": "https://cosign.sigstore.dev/attestation/vuln/v1"}', "vuln", key)
    tags.write(CMS, attestation_tag(DIGEST), (*tags.entries(CMS, attestation_tag(DIGEST)), report))
    sign(runner)
    there = tags.entries(CMS, attestation_tag(DIGEST))
    assert report in there
    assert len(there) == 3


def test_what_cosign_signs_and_attests_is_believed(tags: SignedTags) -> None:
    found = attested()
    tags.write(CMS, signature_tag(found.digest), found.signatures)
    tags.write(CMS, attestation_tag(found.digest), found.statements)
    said = vouched_for(tags, CMS, found.digest, read_public_key(PUBLIC_KEY.encode(), "--key"))
    assert said.signature.ok
    assert [check for check in said.claims.checks if not check.ok] == []
    assert said.claims.agrees
    assert (said.bill.check.ok, said.bill.components) == (True, 2)
    other = vouched_for(tags, CMS, found.digest, read_public_key(make_pair().public, "--key"))
    assert (other.signature.ok, other.claims.agrees, other.bill.check.ok) == (False, False, False)


def test_without_a_key_nothing_is_signed(tmp_path: Path) -> None:
    for config in (Config(), Config(signing=SigningConfig(public_key="x"))):
        with open_signer(Runner(tmp_path, config, print), f"{HOST}/mini") as signer:
            assert signer is None


def test_the_line_break_at_the_end_of_a_file_is_not_of_the_password(tmp_path: Path) -> None:
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    assert signing_key(runner_with(tmp_path / "one", make_pair(), file=str(tmp_path / "password")))


def test_an_empty_password_is_one(tmp_path: Path) -> None:
    assert signing_key(runner_with(tmp_path / "one", make_pair(password="")))


def test_the_log_masks_key_and_password(tmp_path: Path, password: str) -> None:
    pair = make_pair()
    runner = runner_with(tmp_path / "one", pair, env=password)
    assert signing_key(runner)
    line = pair.private.splitlines()[1]
    assert PASSWORD not in runner.redactor(f"{PASSWORD} {line}")
    assert line not in runner.redactor(f"{PASSWORD} {line}")


def test_a_public_key_is_named_or_configured(tmp_path: Path, password: str) -> None:
    pair, other = make_pair(), make_pair()
    runner = runner_with(tmp_path / "one", pair, env=password)
    (tmp_path / "other.pub").write_bytes(other.public)
    assert public_key(runner.config, None) == read_public_key(pair.public, "")
    assert public_key(runner.config, tmp_path / "other.pub") == read_public_key(other.public, "")
    assert public_key(Config(), None) is None
    with pytest.raises(UsageError, match="cannot be read") as raised:
        public_key(Config(signing=SigningConfig(public_key=str(tmp_path / "none"))), None)
    assert raised.value.where == "signing.public_key"


def test_a_public_key_of_another_pair_is_refused(tmp_path: Path, password: str) -> None:
    runner = runner_with(tmp_path / "one", make_pair(), env=password)
    (tmp_path / "one" / "cosign.pub").write_bytes(make_pair().public)
    with pytest.raises(UsageError, match="not of one pair") as raised:
        signing_key(runner)
    assert raised.value.where == "signing.public_key"


def test_a_reused_image_needs_no_key_and_asks_one_question(
    repository: MakeRepository, server: RegistryServer, tmp_path: Path
) -> None:
    config = runner_with(tmp_path / "one", make_pair(), env="NOT_SET_HERE").config
    runner = Runner(repository(mini()), config, lambda _: None)
    tag = key_tag(make_plan(runner, since="HEAD", apps=["cms"]).app("cms").key)
    server.manifests["mini/cms", tag] = b"cms"
    with ImageBuilder(runner, make_plan(runner, apps=["cms"])) as images:
        assert images.result("cms").reused
    assert server.requests == [f"HEAD /v2/mini/cms/manifests/{tag}"]


@pytest.mark.parametrize("value", [None, "wrong-password"])
def test_who_cannot_sign_builds_nothing(
    repository: MakeRepository,
    server: RegistryServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    value: str | None,
) -> None:
    if value:
        monkeypatch.setenv("COSIGN_PASSWORD", value)
    config = runner_with(tmp_path / "one", make_pair(), env="COSIGN_PASSWORD").config
    runner = Runner(repository(mini()), config, lambda _: None)
    with ImageBuilder(runner, make_plan(runner)) as images:
        with pytest.raises(UsageError) as raised:
            images.start(["cms"])
        assert raised.value.where == ("signing.key" if value else "signing.password")
        assert not images._jobs
