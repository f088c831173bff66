"""Whether an image in a registry has its evidence, and whether that agrees with the image."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from alecia_pipeline.adapters.referrers import Referrers
from alecia_pipeline.adapters.signed_tags import SignedTags
from alecia_pipeline.errors import UsageError
from alecia_pipeline.images.evidence import (
    NO_LEVEL,
    PROVENANCE_KIND,
    SBOM_KIND,
    SIGNED,
    UNSIGNED,
    Bill,
    Check,
    Claims,
    read_bill,
    read_claims,
)
from alecia_pipeline.images.reference import ImageName, Repository, image_name, is_digest
from alecia_pipeline.operations.registries import registry_client
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.operations.signing import public_key, vouched_for


@dataclass(frozen=True)
class Verification:
    """What an image's evidence says. `level`: what it is worth, in words; `components`: of the bill of materials."""

    image: str
    checks: tuple[Check, ...]
    level: str = NO_LEVEL
    commit: str | None = None
    app: str | None = None
    key: str | None = None
    bases: Mapping[str, str] = field(default_factory=dict)
    components: int | None = None

    @property
    def ok(self) -> bool:
        """Whether all is there and agrees."""
        return all(check.ok for check in self.checks)


def verify_image(runner: Runner, image: str, key: Path | None = None) -> Verification:
    """Look at an image's evidence; with a public key, here or in the configuration, at what its holder has signed.

    Raises UsageError for what names no image or is no key, OutsideError for a registry's trouble.
    """
    named, wanted = _parsed(image)
    verifier = public_key(runner.config, key)
    with Referrers(registry_client(runner, named.repository.host, named.login_host)) as referrers:
        digest = referrers.resolve(named.repository, wanted)
        if digest is None:
            return Verification(image, (Check("image", ok=False, found="the registry has it not"),))
        there = Check("image", ok=True, found=digest)
        if verifier is None:
            said = _attached(referrers, named.repository, digest)
            return _verification(named.repository.at(digest), (there,), said, UNSIGNED)
    with SignedTags(registry_client(runner, named.repository.host, named.login_host)) as tags:
        signed = vouched_for(tags, named.repository, digest, verifier)
    return _verification(named.repository.at(digest), (there, signed.signature), (signed.claims, signed.bill), SIGNED)


def _attached(referrers: Referrers, repository: Repository, digest: str) -> tuple[Claims, Bill]:
    found = referrers.attached(repository, digest, {PROVENANCE_KIND, SBOM_KIND})
    provenances, bills = (
        [each.content for each in found if each.kind == kind] for kind in (PROVENANCE_KIND, SBOM_KIND)
    )
    return read_claims(provenances, digest), read_bill(bills, digest)


def _verification(image: str, first: tuple[Check, ...], said: tuple[Claims, Bill], level: str) -> Verification:
    claims, bill = said
    checks = (*first, *claims.checks, bill.check)
    return Verification(
        image=image,
        checks=checks,
        level=level if claims.agrees and all(check.ok for check in first) else NO_LEVEL,
        commit=claims.commit,
        app=claims.app,
        key=claims.key,
        bases=claims.bases,
        components=bill.components,
    )


def _parsed(image: str) -> tuple[ImageName, str]:
    """Return where the image is, and its digest or tag. With both, the digest counts."""
    name, at, digest = image.partition("@")
    try:
        named = image_name(name)
    except UsageError as error:
        raise _no_image(image) from error
    if at and not is_digest(digest):
        raise _no_image(image)
    return named, digest or named.tag


def _no_image(image: str) -> UsageError:
    return UsageError(
        f"{image!r} names no image",
        where="IMAGE",
        why="it must be host/name@sha256:… or host/name:tag",
        fix="`alecia build --format json` prints the reference of every image",
    )
