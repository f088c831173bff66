"""Keys and a signature that cosign 2.5.0 made (for tests alone: the password is here), and keys that open quickly."""

import base64
import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from nacl.secret import SecretBox

from alecia_pipeline.images.ports import SignedEntry

PASSWORD = "test-password"

PRIVATE_KEY = """\
-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----
eyJrZGYiOnsibmFtZSI6InNjcnlwdCIsInBhcmFtcyI6eyJOIjo2NTUzNiwiciI6
OCwicCI6MX0sInNhbHQiOiI0cVNaVHlWdDdXSWlwVnFFWXVObmVRMlgxY1JUazY1
d1gxeUt5bmZnYWlRPSJ9LCJjaXBoZXIiOnsibmFtZSI6Im5hY2wvc2VjcmV0Ym94
Iiwibm9uY2UiOiJnbDZBaFd1SURySVBaeDE0aVUyQ0dZM0w2VEVGUmdobCJ9LCJj
aXBoZXJ0ZXh0IjoiNEw2L2tIVTNRMnhBYnpUOTJUY1VTN2Z5N0RsVkVhYUwrTU1X
dWU0MFJXdVhRWm1VMUhsL1lGaEFQMGgvdEpIWUZFR1RtSnVXbXhWSjJoVSthd0lS
MktsVGgwUDdORDFJSSs0TzQrd2lFSWhFY0JBRUV5U0x4NXMwamhqNlFZbElpQVgr
TXc5dy9ENC9KZGFESGc2Ti9FbXNHaEtFc1R0a3lyMkUwMWJjeHV3a2l5SXp0eklC
WWp3L1VUeEN3VEZTZzdNMkZDL3pTZWlGVFE9PSJ9
-----END ENCRYPTED SIGSTORE PRIVATE KEY-----
"""
PUBLIC_KEY = """\
-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE6Ml+yczpw2Qqe1nMlLgqKrFm4/1D
qMF7G/dVLZB0ja3Ndpdn8B4b/AIik3wDxozk6h0Sqexs4J/8QDFDs8SWfw==
-----END PUBLIC KEY-----
"""
SIGNED_DIGEST = "sha256:0699fe5afdfd517a811d5dbab3d95bc9b1cec501f950d43e492fb9aaebe6286f"
SIGNED_PAYLOAD = (
    b'{"critical":{"identity":{"docker-reference":"localhost:5999/mini/cms"},"image":{"docker-manifest-digest":"'
    b"sha256:0699fe5afdfd517a811d5dbab3d95bc9b1cec501f950d43e492fb9aaebe6286f"
    b'"},"type":"cosign container image signature"},"optional":null}'
)
SIGNATURE = "MEQCIEJGH4WeA2zBkbdq2WpefpCd16pJI4oWF3rDEJR73M3PAiAiga0WDuBXS7J6AkjiE5Xt7EcBJ6ne6crgB+T/58d8UA=="


@dataclass(frozen=True)
class Attested:
    """What cosign 2.5.0 wrote to a registry of an image that it signed and attested with PRIVATE_KEY."""

    digest: str
    signatures: tuple[SignedEntry, ...]
    statements: tuple[SignedEntry, ...]


def attested() -> Attested:
    """Read the entries of `sign` and of `attest` (slsaprovenance1, cyclonedx), as they came from the registry."""
    document = json.loads(Path(__file__).with_name("cosign_2_5.json").read_text())
    signatures, statements = (
        tuple(SignedEntry(each["mediaType"], each["content"].encode(), each["annotations"]) for each in document[name])
        for name in ("signatures", "statements")
    )
    return Attested(document["digest"], signatures, statements)


@dataclass(frozen=True)
class Pair:
    """A key pair in PEM, the private one encrypted with PASSWORD."""

    private: str
    public: bytes


def make_pair(key: PrivateKeyTypes | None = None, password: str = PASSWORD) -> Pair:
    """Make a pair, or encrypt a key, in cosign's form; with a scrypt that takes a millisecond."""
    made = key or ec.generate_private_key(ec.SECP256R1())
    der = made.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    public = made.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return Pair(armoured(encrypted(der, password)), public)


def encrypted(plain: bytes, password: str = PASSWORD) -> dict[str, object]:
    """Return the document that holds a private key."""
    salt, nonce = os.urandom(32), os.urandom(SecretBox.NONCE_SIZE)
    key = hashlib.scrypt(password.encode(), salt=salt, n=1024, r=8, p=1, dklen=SecretBox.KEY_SIZE)
    sealed = SecretBox(key).encrypt(plain, nonce).ciphertext
    return {
        "kdf": {"name": "scrypt", "params": {"N": 1024, "r": 8, "p": 1}, "salt": _text(salt)},
        "cipher": {"name": "nacl/secretbox", "nonce": _text(nonce)},
        "ciphertext": _text(sealed),
    }


def armoured(document: object, kind: str = "SIGSTORE") -> str:
    """Return the document in PEM."""
    text = base64.encodebytes(json.dumps(document).encode()).decode()
    return f"-----BEGIN ENCRYPTED {kind} PRIVATE KEY-----\n{text}-----END ENCRYPTED {kind} PRIVATE KEY-----\n"


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
