import base64
import os
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from alecia_pipeline.adapters.cosign_key import open_private_key, read_public_key
from alecia_pipeline.errors import UsageError
from alecia_pipeline.redaction import Secret
from alecia_pipeline_tests.cosign import (
    PASSWORD,
    PRIVATE_KEY,
    PUBLIC_KEY,
    SIGNATURE,
    SIGNED_PAYLOAD,
    armoured,
    encrypted,
    make_pair,
)

WHERE = "signing.key"


def test_a_key_and_a_signature_of_cosigns_own() -> None:
    public = read_public_key(PUBLIC_KEY.encode(), "--key")
    assert public.verifies(SIGNED_PAYLOAD, base64.b64decode(SIGNATURE))
    private = open_private_key(Secret(PRIVATE_KEY), Secret(PASSWORD), WHERE)
    assert public.verifies(b"text", private.sign(b"text"))
    assert private.verifies(SIGNED_PAYLOAD, base64.b64decode(SIGNATURE))


def test_another_text_another_key_and_nonsense_do_not_verify() -> None:
    pair, other = make_pair(), make_pair()
    private = open_private_key(Secret(pair.private), Secret(PASSWORD), WHERE)
    signature = private.sign(b"text")
    public = read_public_key(pair.public, "--key")
    assert public.verifies(b"text", signature)
    assert not public.verifies(b"texT", signature)
    assert not public.verifies(b"text", b"nonsense")
    assert not read_public_key(other.public, "--key").verifies(b"text", signature)


def test_keys_of_older_programs_open() -> None:
    pair = make_pair()
    older = pair.private.replace("SIGSTORE", "COSIGN")
    assert open_private_key(Secret(older), Secret(PASSWORD), WHERE).sign(b"text")


def changed(change: Callable[[dict[str, Any]], object]) -> str:
    document: dict[str, Any] = encrypted(b"no key")
    change(document)
    return armoured(document)


def deeply_nested() -> str:
    text = base64.encodebytes(b"[" * 60_000).decode()
    return f"-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n{text}-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no encrypted private key"),
        ("-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n", "no encrypted private key"),
        (armoured({}), "does not parse"),
        (armoured([]), "does not parse"),
        (deeply_nested(), "does not parse"),
        (armoured(encrypted(b"no key")), "or the key is damaged"),
        (changed(lambda document: document["kdf"].update(name="pbkdf2")), "pbkdf2, nacl/secretbox"),
        (changed(lambda document: document["cipher"].update(name="aes")), "scrypt, aes"),
        (changed(lambda document: document["kdf"]["params"].update(N=1 << 30)), "costs too much"),
        (changed(lambda document: document["kdf"]["params"].update(N=1 << 20, r=32)), "costs too much"),
        (changed(lambda document: document["kdf"]["params"].update(N=1 << 20, r=8)), "costs too much"),
        (changed(lambda document: document["kdf"]["params"].update(p=17)), "costs too much"),
        (changed(lambda document: document["kdf"]["params"].update(N=float("inf"))), "does not parse"),
        (changed(lambda document: document["kdf"]["params"].update(N=1000)), "or the key is damaged"),
        (changed(lambda document: document["kdf"]["params"].update(p=0)), "costs too much"),
        (changed(lambda document: document["cipher"].update(nonce="AAAA")), "or the key is damaged"),
        (changed(lambda document: document.update(ciphertext="a")), "does not parse"),
        (make_pair(ec.generate_private_key(ec.SECP384R1())).private, "no ECDSA key on P-256"),
        (make_pair(ed25519.Ed25519PrivateKey.generate()).private, "no ECDSA key on P-256"),
    ],
)
def test_a_key_that_cannot_be_opened_says_why(text: str, why: str) -> None:
    with pytest.raises(UsageError) as raised:
        open_private_key(Secret(text), Secret(PASSWORD), WHERE)
    assert why in str(raised.value.why)
    assert raised.value.where == WHERE
    assert raised.value.__cause__ is None


def test_a_wrong_password_is_told_and_neither_is_shown() -> None:
    password = os.urandom(8).hex()
    with pytest.raises(UsageError) as raised:
        open_private_key(Secret(make_pair().private), Secret(password), WHERE)
    assert raised.value.why == "the password is wrong, or the key is damaged"
    assert password not in repr(raised.value) + str(raised.value)
    private = open_private_key(Secret(PRIVATE_KEY), Secret(PASSWORD), WHERE)
    assert "PRIVATE" not in repr(private).upper().replace("PRIVATEKEY", "")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no public key in PEM"),
        (PRIVATE_KEY.encode(), "no public key in PEM"),
        (
            ed25519.Ed25519PrivateKey.generate()
            .public_key()
            .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
            "no ECDSA key on P-256",
        ),
        (make_pair(ec.generate_private_key(ec.SECP384R1())).public, "no ECDSA key on P-256"),
    ],
)
def test_what_is_no_public_key_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(UsageError, match="signatures cannot be checked") as raised:
        read_public_key(data, "--key")
    assert why in str(raised.value.why)
