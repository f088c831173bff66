"""Whether an image in a registry has its evidence, and whether that agrees with the image."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from alecia_pipeline.adapters.referrers import Referrers
from alecia_pipeline.errors import UsageError
from alecia_pipeline.images.evidence import (
    NO_LEVEL,
    PROVENANCE_KIND,
    SBOM_KIND,
    UNSIGNED,
    Check,
    read_bill,
    read_claims,
)
from alecia_pipeline.images.reference import ImageName, image_name, is_digest
from alecia_pipeline.operations.registries import registry_client
from alecia_pipeline.operations.runner import Runner


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


def verify_image(runner: Runner, image: str) -> Verification:
    """Look at an image's evidence. Raises UsageError for what names no image, OutsideError for a registry's trouble."""
    named, wanted = _parsed(image)
    with Referrers(registry_client(runner, named.repository.host, named.login_host)) as referrers:
        digest = referrers.resolve(named.repository, wanted)
        if digest is None:
            return Verification(image, (Check("image", ok=False, found="the registry has it not"),))
        kinds = {PROVENANCE_KIND, SBOM_KIND}
        found = referrers.attached(named.repository, digest, kinds)
    claims = read_claims([each.content for each in found if each.kind == PROVENANCE_KIND], digest)
    bill = read_bill([each.content for each in found if each.kind == SBOM_KIND], digest)
    return Verification(
        image=named.repository.at(digest),
        checks=(Check("image", ok=True, found=digest), *claims.checks, bill.check),
        level=UNSIGNED if claims.agrees else NO_LEVEL,
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
