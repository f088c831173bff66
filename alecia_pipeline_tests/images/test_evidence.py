import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from alecia_pipeline.images.bases import Base
from alecia_pipeline.images.evidence import (
    provenance_artifact,
    public_address,
    read_bill,
    read_claims,
    sbom_artifact,
)
from alecia_pipeline.images.provenance import BuildRun, BuiltApp, Source, provenance
from alecia_pipeline.images.reference import Repository
from alecia_pipeline.images.sbom import Contents, sbom
from alecia_pipeline_tests.snapshots import keyed, snapshot

CMS = Repository("registry.example", "mini/cms")
DIGEST = "sha256:" + "d" * 64
PIN = "sha256:" + "a" * 64
COMMIT = "c" * 40

Document = dict[str, Any]


def statement(digest: str = DIGEST, day: int = 1, commit: str = COMMIT) -> bytes:
    found = keyed(snapshot(), "cms")
    bases = (Base("node:20", None, PIN), Base("busybox", None, None))
    moment = datetime(2026, 1, day, tzinfo=UTC)
    built = BuiltApp(found.app, found.fields, found.key, bases)
    return provenance(CMS, digest, built, Source(commit), BuildRun("run-1", moment, moment))


def bill(digest: str = DIGEST) -> bytes:
    found = snapshot()
    return sbom(CMS, digest, "a" * 64, Contents("apps/cms", found.workspace, ("apps/cms",), None))


def test_what_was_written_is_read_and_agrees() -> None:
    claims = read_claims([statement()], DIGEST)
    assert claims.agrees
    assert (claims.commit, claims.app, claims.key) == (COMMIT, "cms", keyed(snapshot(), "cms").key)
    assert claims.bases == {"node:20": PIN, "busybox": ""}


def test_no_statement_and_no_bill_are_told() -> None:
    assert [(check.ok, check.found) for check in read_claims([], DIGEST).checks] == [(False, "none is attached")]
    assert not read_bill([], DIGEST).check.ok


def test_a_statement_about_another_image_does_not_agree() -> None:
    claims = read_claims([statement("sha256:" + "e" * 64)], DIGEST)
    assert [check.what for check in claims.checks if not check.ok] == ["subject"]


def test_of_several_statements_the_newest_that_agrees_counts() -> None:
    other = statement("sha256:" + "e" * 64, day=3, commit="3" * 40)
    claims = read_claims([other, statement(day=2, commit="2" * 40), b"{}", b"[", statement()], DIGEST)
    assert (claims.agrees, claims.commit) == (True, "2" * 40)


def changed(change: Callable[[Document], object]) -> bytes:
    document = json.loads(statement())
    change(document)
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        (lambda document: document.update(_type="x"), ["provenance"]),
        (lambda document: document.pop("subject"), ["subject"]),
        (lambda document: document["subject"].append(document["subject"][0]), ["subject"]),
        (lambda document: document.update(subject=[1]), ["subject"]),
        (lambda document: document.update(predicateType="https://slsa.dev/provenance/v0.2"), ["predicate"]),
        (lambda document: document["predicate"]["buildDefinition"].update(buildType=[]), ["build type"]),
        (lambda document: document["predicate"]["runDetails"].update(builder={"id": "other"}), ["builder"]),
        (lambda document: document["predicate"]["buildDefinition"].update(resolvedDependencies=[]), ["commit"]),
        (lambda document: document["predicate"]["buildDefinition"].update(externalParameters=7), ["commit"]),
        (lambda document: document.update(predicate="text"), ["build type", "builder", "commit"]),
    ],
)
def test_whatever_does_not_agree_is_named(change: Callable[[Document], object], wrong: list[str]) -> None:
    claims = read_claims([changed(change)], DIGEST)
    assert [check.what for check in claims.checks if not check.ok] == wrong


def test_a_statement_under_the_name_that_cosign_gives_it_agrees() -> None:
    older = statement().replace(b"in-toto.io/Statement/v1", b"in-toto.io/Statement/v0.1")
    assert read_claims([older], DIGEST).agrees
    newer = statement().replace(b"in-toto.io/Statement/v1", b"in-toto.io/Statement/v2")
    assert [check.what for check in read_claims([newer], DIGEST).checks if not check.ok] == ["provenance"]


@pytest.mark.parametrize("data", [b"[" * 100_000, b"\xff", b"[]", b"7"])
def test_what_is_no_document_is_told_and_not_believed(data: bytes) -> None:
    assert not read_claims([data], DIGEST).agrees
    assert not read_bill([data], DIGEST).check.ok


def test_a_bill_is_counted_and_is_about_the_image() -> None:
    found = read_bill([bill("sha256:" + "e" * 64), bill(), b"{}"], DIGEST)
    assert (found.check.ok, found.check.found, found.components) == (True, "CycloneDX 1.6", 2)
    assert "it is about sha256:eee" in read_bill([bill("sha256:" + "e" * 64)], DIGEST).check.found
    assert "no image" in read_bill([b'{"bomFormat": "CycloneDX", "components": []}'], DIGEST).check.found


def test_what_is_attached_can_be_found_by_its_kind() -> None:
    assert provenance_artifact(b"{}").annotations == {"in-toto.io/predicate-type": "https://slsa.dev/provenance/v1"}
    assert provenance_artifact(b"{}").kind == "application/vnd.in-toto+json"
    assert sbom_artifact(b"{}").media_type == "application/vnd.cyclonedx+json"


@pytest.mark.parametrize(
    ("remote", "address"),
    [
        ("https://bot:s3cret@git.example:8443/a/b.git?token=x", "https://git.example:8443/a/b.git"),
        ("git@git.example:a/b.git", "ssh://git.example/a/b.git"),
        ("ssh://git@git.example/a", "ssh://git.example/a"),
        ("/srv/repositories/a.git", None),
        ("file:///srv/a.git", None),
        ("https:///a", None),
        ("https://[bad/a", None),
        (None, None),
    ],
)
def test_an_address_shows_neither_passwords_nor_paths_of_a_machine(remote: str | None, address: str | None) -> None:
    assert public_address(remote) == address
