"""Signing what this runner builds, with a cosign key, and reading what a key has signed."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from alecia_pipeline.adapters.signed_tags import SignedTags
from alecia_pipeline.config import Config, SecretSource
from alecia_pipeline.errors import UsageError
from alecia_pipeline.images.ports import ImageSignatures
from alecia_pipeline.images.reference import Repository, image_repository
from alecia_pipeline.images.signatures import (
    Signer,
    Verifier,
    Vouched,
    attestation_tag,
    is_signed,
    lasting,
    signature_tag,
    signed_bill,
    signed_image,
    signed_provenance,
    vouched,
)
from alecia_pipeline.operations.attaching import Evidence
from alecia_pipeline.operations.registries import registry_client
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.operations.secret_sources import secret_value
from alecia_pipeline.redaction import Secret


@dataclass(frozen=True)
class ImageSigner:
    """Signs images of one registry, several at a time, with one key."""

    key: Signer
    tags: ImageSignatures
    _changing: threading.Lock = field(default_factory=threading.Lock)

    def sign(self, repository: Repository, digest: str, evidence: Evidence) -> None:
        """Sign an image and the statements about it. Raises OutsideError.

        A list is read, changed and written: of two runners that sign one digest in the same moment, one's entry may
        be lost. An image that the key has signed is not signed again; its provenance and its bill replace those before.
        """
        statements = (
            signed_provenance(evidence.provenance, self.key),
            signed_bill(repository, digest, evidence.bill, self.key),
        )
        with self._changing:
            there = self.tags.entries(repository, signature_tag(digest))
            if not is_signed(there, digest, self.key):
                entries = (*there, signed_image(repository, digest, self.key))
                self.tags.write(repository, signature_tag(digest), entries)
            stay = lasting(self.tags.entries(repository, attestation_tag(digest)), self.key)
            self.tags.write(repository, attestation_tag(digest), (*stay, *statements))


@contextmanager
def open_signer(runner: Runner, registry: str) -> Iterator[ImageSigner | None]:
    """Open the configured key; None where there is none. Raises UsageError for one that cannot be used."""
    key = signing_key(runner)
    if key is None:
        yield None
        return
    with SignedTags(registry_client(runner, image_repository(registry, "any").host)) as tags:
        yield ImageSigner(key, tags)


def signing_key(runner: Runner) -> Signer | None:
    """Return the configured key, decrypted, and have the log mask it; None where there is none.

    Raises UsageError for one that cannot be used, and for one that is not of the configured public key.
    """
    from alecia_pipeline.adapters.cosign_key import open_private_key  # noqa: PLC0415 - only where something is signed

    config = runner.config.signing
    if config is None or config.key is None:
        return None
    text = secret_value("signing.key", config.key)
    password = _password(config.password) if config.password else Secret("")
    runner.redactor.learn([text, password])
    key = open_private_key(text, password, "signing.key")
    _check_pair(key, public_key(runner.config, None))
    return key


def _check_pair(key: Signer, other: Verifier | None) -> None:
    """Refuse keys of two pairs: an image is signed once, when it is built, and would never pass `verify` here."""
    if other and not other.verifies(b"", key.sign(b"")):
        raise UsageError(
            "the signing key and the public key are not of one pair",
            where="signing.public_key",
            why="what the one signs, the other does not verify",
            fix="`cosign public-key --key cosign.key` prints the one that belongs to the key",
        )


def _password(source: SecretSource) -> Secret:
    """Return the password. The line break at the end of a file is an editor's, or echo's, and none of it."""
    text = secret_value("signing.password", source)
    return Secret(text.reveal().removesuffix("\n")) if source.file else text


def public_key(config: Config, given: Path | None) -> Verifier | None:
    """Return the key to check signatures with: the one that is named, else the configured one; None without both.

    Raises UsageError for one that cannot be read.
    """
    from alecia_pipeline.adapters.cosign_key import read_public_key  # noqa: PLC0415 - only where something is checked

    configured = config.signing.public_key if config.signing else None
    path = given or (Path(configured).expanduser() if configured else None)
    if path is None:
        return None
    where = "--key" if given else "signing.public_key"
    try:
        return read_public_key(path.read_bytes(), where)
    except OSError as error:
        raise UsageError(
            f"the public key {path} cannot be read", where=where, why=str(error.strerror), fix="name another file"
        ) from error


def vouched_for(tags: ImageSignatures, repository: Repository, digest: str, key: Verifier) -> Vouched:
    """Return what the holder of a key says of an image. Raises OutsideError."""
    signatures = tags.entries(repository, signature_tag(digest))
    return vouched(signatures, tags.entries(repository, attestation_tag(digest)), digest, key)
