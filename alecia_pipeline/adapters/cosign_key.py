"""Keys as `cosign generate-key-pair` writes them: ECDSA on P-256, the private one encrypted with a password.

The form of the private key is that of https://github.com/theupdateframework/go-tuf, package encrypted: scrypt makes a
key of the password, NaCl's secretbox holds the private key as PKCS #8.
"""

import base64
import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_pem_public_key
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from alecia_pipeline.errors import UsageError
from alecia_pipeline.redaction import Secret

_ARMOUR = re.compile(
    r"\s*-----BEGIN ENCRYPTED (SIGSTORE|COSIGN) PRIVATE KEY-----\s+([A-Za-z0-9+/=\s]+)"
    r"-----END ENCRYPTED \1 PRIVATE KEY-----\s*"
)
_MOST_MEMORY, _MOST_P = 1 << 30, 16
"""Bytes, and how often they are gone through. cosign takes N = 65,536, r = 8, p = 1: 64 MiB, once."""

_BYTES_OF_A_BLOCK = 128
"""scrypt needs 128 * r bytes for each of N blocks, for each of p times, and for two more to work in (RFC 7914)."""

_CURVE = "secp256r1"


@dataclass(frozen=True)
class PublicKey:
    """A public key that signatures are checked with."""

    key: ec.EllipticCurvePublicKey

    def verifies(self, data: bytes, signature: bytes) -> bool:
        """Tell whether a signature of data is this key's."""
        try:
            self.key.verify(signature, data, ec.ECDSA(SHA256()))
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, repr=False)
class PrivateKey:
    """A private key, open. It has no text form."""

    key: ec.EllipticCurvePrivateKey

    def sign(self, data: bytes) -> bytes:
        """Return a signature (ASN.1 DER) of the SHA-256 of data."""
        return self.key.sign(data, ec.ECDSA(SHA256()))

    def verifies(self, data: bytes, signature: bytes) -> bool:
        """Tell whether a signature of data is this key's."""
        return PublicKey(self.key.public_key()).verifies(data, signature)


def open_private_key(text: Secret, password: Secret, where: str) -> PrivateKey:
    """Decrypt a private key. `where`: the setting it is from. Raises UsageError; no value is in its words."""
    try:
        key = load_der_private_key(_decrypted(text.reveal(), password.reveal()), password=None)
    except (CryptoError, _UnusableError, ValueError, TypeError, KeyError, UnsupportedAlgorithm) as error:
        why = "the password is wrong, or the key is damaged"
        raise _refused(where, str(error) if isinstance(error, _UnusableError) else why) from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != _CURVE:
        raise _refused(where, "it is no ECDSA key on P-256, which is what `cosign generate-key-pair` makes")
    return PrivateKey(key)


def read_public_key(data: bytes, where: str) -> PublicKey:
    """Read a public key in PEM. Raises UsageError."""
    try:
        key = load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm):
        raise _no_public_key(where, "it is no public key in PEM") from None
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != _CURVE:
        raise _no_public_key(where, "it is no ECDSA key on P-256")
    return PublicKey(key)


class _UnusableError(Exception):
    """Says in its own words what is wrong with a key's form."""


def _decrypted(text: str, password: str) -> bytes:
    armour = _ARMOUR.fullmatch(text)
    if armour is None:
        raise _UnusableError("it is no encrypted private key of cosign's in PEM")
    try:
        document: dict[str, Any] = json.loads(base64.b64decode(armour[2]))
        kdf, cipher = document["kdf"], document["cipher"]
        salt, nonce, sealed = (
            base64.b64decode(part) for part in (kdf["salt"], cipher["nonce"], document["ciphertext"])
        )
        n, r, p = (int(kdf["params"][name]) for name in ("N", "r", "p"))
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):  # a number or a nesting without end, too
        raise _UnusableError("what is in it does not parse") from None
    if kdf.get("name") != "scrypt" or cipher.get("name") != "nacl/secretbox":
        raise _UnusableError(f"it is encrypted in a way that is not known: {kdf.get('name')}, {cipher.get('name')}")
    memory = _BYTES_OF_A_BLOCK * r * (n + p + 2)
    if min(n, r, p) <= 0 or memory > _MOST_MEMORY or p > _MOST_P:
        raise _UnusableError(f"its scrypt costs too much: N={n}, r={r}, p={p}")
    made = hashlib.scrypt(password.encode(), salt=salt, n=n, r=r, p=p, maxmem=memory, dklen=SecretBox.KEY_SIZE)
    return SecretBox(made).decrypt(sealed, nonce)


def _refused(where: str, why: str) -> UsageError:
    fix = "`cosign generate-key-pair` makes a pair; signing.password says where its password is"
    return UsageError("the signing key cannot be opened", where=where, why=why, fix=fix)


def _no_public_key(where: str, why: str) -> UsageError:
    fix = "`cosign public-key --key cosign.key` prints it"
    return UsageError("signatures cannot be checked with this key", where=where, why=why, fix=fix)
