import base64
import json
from dataclasses import dataclass, replace

import pytest

from alecia_pipeline.images.ports import SignedEntry
from alecia_pipeline.images.provenance import PREDICATE_TYPE
from alecia_pipeline.images.reference import Repository
from alecia_pipeline.images.signatures import (
    BILL_PREDICATE,
    attestation_tag,
    is_signed,
    lasting,
    signature_tag,
    signed_bill,
    signed_image,
    signed_provenance,
    signed_statement,
    vouched,
)
from alecia_pipeline_tests.images.test_evidence import DIGEST, bill, statement

CMS = Repository("r.example", "mini/cms")
STATEMENT, BILL = statement(), bill()
OTHER = "sha256:" + "e" * 64


@dataclass(frozen=True)
class Key:
    """Signs by writing its name before the data. As a real one it takes nothing but bytes for a signature."""

    name: bytes = b"mine:"

    def sign(self, data: bytes) -> bytes:
        return self.name + data

    def verifies(self, data: bytes, signature: bytes) -> bool:
        return signature.startswith(self.name) and signature.removeprefix(self.name) == data


MINE, OTHERS = Key(), Key(b"others:")
SIGNATURES = (signed_image(CMS, DIGEST, MINE),)
STATEMENTS = (signed_provenance(STATEMENT, MINE), signed_bill(CMS, DIGEST, BILL, MINE))


def test_the_tags_are_those_that_cosign_looks_for() -> None:
    assert signature_tag("sha256:ab") == "sha256-ab.sig"
    assert attestation_tag("sha256:ab") == "sha256-ab.att"


def test_what_the_key_has_signed_is_believed() -> None:
    found = vouched(SIGNATURES, STATEMENTS, DIGEST, MINE)
    assert found.signature.ok
    assert found.claims.agrees
    assert found.claims.commit
    assert found.bill.check.ok
    assert is_signed(SIGNATURES, DIGEST, MINE)


def test_a_statement_is_found_by_its_predicate() -> None:
    assert [entry.annotations["predicateType"] for entry in STATEMENTS] == [PREDICATE_TYPE, "https://cyclonedx.org/bom"]


def test_what_is_signed_of_an_envelope_is_its_type_and_its_payload() -> None:
    envelope = json.loads(STATEMENTS[0].content)
    signed = base64.b64decode(envelope["signatures"][0]["sig"]).removeprefix(MINE.name)
    kind = b"application/vnd.in-toto+json"
    assert signed == b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(STATEMENT), STATEMENT)


def test_what_others_have_signed_counts_for_nothing() -> None:
    found = vouched(SIGNATURES, STATEMENTS, DIGEST, OTHERS)
    assert (found.signature.ok, found.signature.found) == (False, "1 there, none of this key")
    assert found.claims.checks[0].found == found.bill.check.found == "none is signed with this key"
    assert not found.bill.check.ok
    assert not found.claims.agrees
    assert vouched((), (), DIGEST, MINE).signature.found == "none is there"


def test_what_is_signed_of_another_image_is_not_of_this_one() -> None:
    found = vouched(SIGNATURES, STATEMENTS, OTHER, MINE)
    assert found.signature.found == f"this key has signed another image: {DIGEST}"
    assert [check.what for check in found.claims.checks if not check.ok] == ["subject"]
    assert found.bill.check.found == "none is signed with this key"


def test_a_bill_of_another_image_in_a_statement_of_this_one_is_told() -> None:
    moved = BILL.replace(DIGEST.encode(), OTHER.encode())
    found = vouched(SIGNATURES, [signed_bill(CMS, DIGEST, moved, MINE)], DIGEST, MINE)
    assert (found.bill.check.ok, found.bill.check.found) == (False, f"it is about {OTHER}")


def envelope(**members: object) -> SignedEntry:
    return replace(STATEMENTS[0], content=json.dumps({**json.loads(STATEMENTS[0].content), **members}).encode())


@pytest.mark.parametrize(
    "entry",
    [
        SIGNATURES[0],
        replace(STATEMENTS[0], content=b"{"),
        replace(STATEMENTS[0], content=b"[]"),
        replace(STATEMENTS[0], content=b"[" * 100_000),
        envelope(payloadType="text/plain"),
        envelope(payload=""),
        envelope(payload=3),
        envelope(payload=base64.b64encode(STATEMENT.replace(b"commit", b"commIt")).decode()),
        envelope(signatures=None),
        envelope(signatures=[]),
        envelope(signatures=[3, {}, {"sig": "!"}, {"sig": None}]),
    ],
)
def test_an_envelope_that_was_changed_is_not_the_keys(entry: SignedEntry) -> None:
    found = vouched(SIGNATURES, [entry], DIGEST, MINE)
    assert found.claims.checks[0].found == "none is signed with this key"
    assert lasting([entry, STATEMENTS[1]], MINE) == (entry,)


def test_what_the_key_has_signed_as_another_kind_is_no_statement() -> None:
    signed = MINE.sign(b"DSSEv1 10 text/plain %d %b" % (len(STATEMENT), STATEMENT))
    entry = envelope(payloadType="text/plain", signatures=[{"sig": base64.b64encode(signed).decode()}])
    assert vouched((), [entry], DIGEST, MINE).claims.checks[0].found == "none is signed with this key"


@pytest.mark.parametrize(
    "entry",
    [
        STATEMENTS[0],
        replace(SIGNATURES[0], media_type="text/plain"),
        replace(SIGNATURES[0], content=SIGNATURES[0].content + b" "),
        replace(SIGNATURES[0], annotations={}),
        replace(SIGNATURES[0], annotations={"dev.cosignproject.cosign/signature": "?"}),
        replace(SIGNATURES[0], annotations={name: f"!{text}" for name, text in SIGNATURES[0].annotations.items()}),
        *(
            SignedEntry(
                SIGNATURES[0].media_type,
                payload,
                {"dev.cosignproject.cosign/signature": base64.b64encode(MINE.sign(payload)).decode()},
            )
            for payload in (
                b"[]",
                b'{"critical": {"image": {"docker-manifest-digest": "%s"}}}' % DIGEST.encode(),
                SIGNATURES[0].content.replace(b'"%s"' % DIGEST.encode(), b"3"),
            )
        ),
    ],
)
def test_what_is_no_signature_of_an_image_is_passed_over(entry: SignedEntry) -> None:
    assert not is_signed([entry], DIGEST, MINE)
    assert vouched([entry], (), DIGEST, MINE).signature.found == "1 there, none of this key"


@pytest.mark.parametrize("subject", [None, [], [{}], [{"digest": {"sha1": "x"}}], [{}, {}]])
def test_a_bill_without_one_subject_counts_for_nothing(subject: object) -> None:
    document = json.loads(base64.b64decode(json.loads(STATEMENTS[1].content)["payload"]))
    entry = signed_statement(json.dumps({**document, "subject": subject}).encode(), BILL_PREDICATE, MINE)
    assert vouched((), [entry], DIGEST, MINE).bill.check.found == "none is signed with this key"
