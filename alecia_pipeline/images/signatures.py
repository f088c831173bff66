"""What is signed of an image, in cosign's forms: the image itself, and statements about it in DSSE envelopes.

Forms: https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md and
https://github.com/secure-systems-lab/dsse/blob/master/protocol.md. What is read came from a registry: of an entry that
does not parse or is not of the key nothing is believed.
"""

import base64
import binascii
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from alecia_pipeline.images.evidence import PROVENANCE_KIND, Bill, Check, Claims, read_bill, read_claims
from alecia_pipeline.images.ports import SignedEntry
from alecia_pipeline.images.provenance import ALGORITHM, PREDICATE_TYPE, STATEMENT_TYPE, canonical_json
from alecia_pipeline.images.reference import Repository

PAYLOAD_TYPE = "application/vnd.dev.cosign.simplesigning.v1+json"
ENVELOPE_TYPE = "application/vnd.dsse.envelope.v1+json"
BILL_PREDICATE = "https://cyclonedx.org/bom"

_OF_A_BUILD = frozenset({PREDICATE_TYPE, BILL_PREDICATE})
"""What a build states of its image."""

_KIND = "cosign container image signature"
_SIGNATURE_NOTE = "dev.cosignproject.cosign/signature"
_PREDICATE_NOTE = "predicateType"


class Signer(Protocol):
    """A private key."""

    def sign(self, data: bytes) -> bytes:
        """Return a signature of data, and of its own: two of the same data differ."""
        ...

    def verifies(self, data: bytes, signature: bytes) -> bool:
        """Tell whether a signature of data is this key's."""
        ...


class Verifier(Protocol):
    """A public key."""

    def verifies(self, data: bytes, signature: bytes) -> bool:
        """Tell whether a signature of data is this key's."""
        ...


@dataclass(frozen=True)
class Vouched:
    """What the holder of a key says of an image: whether it is signed, and the statements about it."""

    signature: Check
    claims: Claims
    bill: Bill


def signature_tag(digest: str) -> str:
    """Return the tag that lists an image's signatures."""
    return f"{digest.replace(':', '-', 1)}.sig"


def attestation_tag(digest: str) -> str:
    """Return the tag that lists the signed statements about an image."""
    return f"{digest.replace(':', '-', 1)}.att"


def signed_image(repository: Repository, digest: str, key: Signer) -> SignedEntry:
    """Return the signature of an image."""
    payload = canonical_json(
        {
            "critical": {
                "identity": {"docker-reference": str(repository)},
                "image": {"docker-manifest-digest": digest},
                "type": _KIND,
            },
            "optional": None,
        }
    )
    return SignedEntry(PAYLOAD_TYPE, payload, {_SIGNATURE_NOTE: base64.b64encode(key.sign(payload)).decode()})


def signed_statement(statement: bytes, predicate: str, key: Signer) -> SignedEntry:
    """Return an in-toto statement in a signed envelope. `predicate`: the type of its predicate, to find it by."""
    signature = base64.b64encode(key.sign(_encoded(PROVENANCE_KIND, statement))).decode()
    envelope = {
        "payloadType": PROVENANCE_KIND,
        "payload": base64.b64encode(statement).decode(),
        "signatures": [{"keyid": "", "sig": signature}],
    }
    return SignedEntry(ENVELOPE_TYPE, canonical_json(envelope), {_SIGNATURE_NOTE: "", _PREDICATE_NOTE: predicate})


def signed_provenance(statement: bytes, key: Signer) -> SignedEntry:
    """Return a SLSA provenance statement, signed."""
    return signed_statement(statement, PREDICATE_TYPE, key)


def signed_bill(repository: Repository, digest: str, bill: bytes, key: Signer) -> SignedEntry:
    """Return a bill of materials (CycloneDX, JSON) as a statement about the image, signed."""
    algorithm, _, value = digest.partition(":")
    statement = {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": str(repository), "digest": {algorithm: value}}],
        "predicateType": BILL_PREDICATE,
        "predicate": json.loads(bill),
    }
    return signed_statement(canonical_json(statement), BILL_PREDICATE, key)


def is_signed(entries: Iterable[SignedEntry], digest: str, key: Verifier) -> bool:
    """Tell whether one of the entries is the key's signature of the image `digest`."""
    return digest in _signed(entries, key)


def lasting(entries: Iterable[SignedEntry], key: Verifier) -> tuple[SignedEntry, ...]:
    """Return the entries that stay when a build makes its statements anew: others', and what the key states besides."""
    return tuple(entry for entry in entries if _predicate(_opened(entry, key) or b"") not in _OF_A_BUILD)


def vouched(
    signatures: Sequence[SignedEntry], statements: Sequence[SignedEntry], digest: str, key: Verifier
) -> Vouched:
    """Return what the holder of the key says of the image `digest`; what others say counts for nothing."""
    of_key = [statement for statement in (_opened(entry, key) for entry in statements) if statement]
    provenances, bills = (
        [data for data in of_key if _predicate(data) == wanted] for wanted in (PREDICATE_TYPE, BILL_PREDICATE)
    )
    claims = read_claims(provenances, digest) if provenances else Claims((_none("provenance"),))
    about = [canonical_json(_mapping(json.loads(data).get("predicate"))) for data in bills if _subject(data) == digest]
    bill = read_bill(about, digest) if about else Bill(_none("sbom"))
    return Vouched(_signature(signatures, digest, key), claims, bill)


def _none(what: str) -> Check:
    return Check(what, ok=False, found="none is signed with this key")


def _signature(entries: Sequence[SignedEntry], digest: str, key: Verifier) -> Check:
    signed = list(_signed(entries, key))
    if digest in signed:
        return Check("signature", ok=True, found="of this key")
    if signed:
        return Check("signature", ok=False, found=f"this key has signed another image: {', '.join(signed)}")
    found = f"{len(entries)} there, none of this key" if entries else "none is there"
    return Check("signature", ok=False, found=found)


def _signed(entries: Iterable[SignedEntry], key: Verifier) -> Iterator[str]:
    """Yield the digests that the key has signed as images."""
    for entry in entries:
        signature = _base64(entry.annotations.get(_SIGNATURE_NOTE))
        if entry.media_type == PAYLOAD_TYPE and signature and key.verifies(entry.content, signature):
            critical = _mapping(_document(entry.content).get("critical"))
            digest = _mapping(critical.get("image")).get("docker-manifest-digest")
            if critical.get("type") == _KIND and isinstance(digest, str):
                yield digest


def _opened(entry: SignedEntry, key: Verifier) -> bytes | None:
    """Return the statement in an envelope that the key has signed, else None."""
    envelope = _document(entry.content)
    kind, payload = envelope.get("payloadType"), _base64(envelope.get("payload"))
    signatures = envelope.get("signatures")
    if kind != PROVENANCE_KIND or not payload or not isinstance(signatures, list):
        return None
    encoded = _encoded(kind, payload)
    found = (_base64(_mapping(each).get("sig")) for each in signatures)
    return payload if any(signature and key.verifies(encoded, signature) for signature in found) else None


def _encoded(kind: str, body: bytes) -> bytes:
    """Return what is signed of an envelope (DSSE's pre-authentication encoding)."""
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(body), body)


def _predicate(statement: bytes) -> str:
    return str(_document(statement).get("predicateType"))


def _subject(statement: bytes) -> str | None:
    """Return the digest that a statement is about; None where that is not one image."""
    subjects = _document(statement).get("subject")
    only = _mapping(subjects[0]) if isinstance(subjects, list) and len(subjects) == 1 else {}
    value = _mapping(only.get("digest")).get(ALGORITHM)
    return f"{ALGORITHM}:{value}" if value else None


def _document(data: bytes) -> Mapping[str, Any]:
    try:
        return _mapping(json.loads(data))
    except (ValueError, RecursionError):
        return {}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _base64(value: Any) -> bytes | None:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, TypeError, ValueError):
        return None
