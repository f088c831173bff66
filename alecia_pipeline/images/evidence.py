"""What is attached to an image as evidence, and what it says when it is read again. Whoever wrote it may have lied.

What is read came from a registry: every part is looked at before it is believed to be there.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from alecia_pipeline.errors import UsageError
from alecia_pipeline.images.ports import Artifact
from alecia_pipeline.images.provenance import ALGORITHM, BUILD_TYPE, BUILDER_ID, PREDICATE_TYPE, STATEMENT_TYPE
from alecia_pipeline.source.documents import load_json

PROVENANCE_KIND = "application/vnd.in-toto+json"
SBOM_KIND = "application/vnd.cyclonedx+json"

UNSIGNED = "SLSA Build L1: no signature was checked (--key); whoever may write to the registry could have written it"
SIGNED = "SLSA Build L1, signed: the key's holder wrote it; L2 would take a hosted builder that signs by itself"
NO_LEVEL = "none: no provenance that agrees with the image"

_PREDICATE_NOTE = "in-toto.io/predicate-type"

_STATEMENT_TYPES = (STATEMENT_TYPE, "https://in-toto.io/Statement/v0.1")
"""`cosign attest` (2.5) calls its statements by the older name; what is read here has one meaning in both."""
_SHORT_SSH = re.compile(r"[^@/:]+@(?P<host>[^@/:]+):/?(?P<path>[^/].*)")


def provenance_artifact(statement: bytes) -> Artifact:
    """Return a statement as it is attached; the annotation is what other tools look for."""
    return Artifact(PROVENANCE_KIND, PROVENANCE_KIND, statement, {_PREDICATE_NOTE: PREDICATE_TYPE})


def sbom_artifact(document: bytes) -> Artifact:
    """Return a bill of materials as it is attached."""
    return Artifact(SBOM_KIND, SBOM_KIND, document)


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: what, whether it is as it must be, and what was found."""

    what: str
    ok: bool
    found: str


@dataclass(frozen=True)
class Claims:
    """What a statement says of an image, and how that agrees. `bases`: name -> digest, empty when unpinned."""

    checks: tuple[Check, ...]
    commit: str | None = None
    app: str | None = None
    key: str | None = None
    finished: str | None = None
    bases: Mapping[str, str] = field(default_factory=dict)

    @property
    def agrees(self) -> bool:
        """Whether every check holds."""
        return all(check.ok for check in self.checks)


@dataclass(frozen=True)
class Bill:
    """What a bill of materials says of an image. `components`: how many, the image itself left out."""

    check: Check
    components: int | None = None


def read_claims(statements: Sequence[bytes], digest: str) -> Claims:
    """Return what the statements say of the image `digest`: of several, the newest that agrees, else the newest."""
    if not statements:
        return Claims((Check("provenance", ok=False, found="none is attached"),))
    read = sorted((_claims(data, digest) for data in statements), key=lambda found: (found.agrees, _order(found)))
    return read[-1]


def read_bill(documents: Sequence[bytes], digest: str) -> Bill:
    """Return what the bills of materials say of the image `digest`: of several, one that agrees, if any does."""
    if not documents:
        return Bill(Check("sbom", ok=False, found="none is attached"))
    return max((_bill(data, digest) for data in documents), key=lambda found: found.check.ok)


def public_address(remote: str | None) -> str | None:
    """Return a git remote's address as others may read it: without user and password; None for a path or none."""
    short = _SHORT_SSH.fullmatch(remote or "")
    if short:
        return f"ssh://{short['host']}/{short['path']}"
    try:
        parts = urlsplit(remote or "")
    except ValueError:  # git allows what is no address; nobody could fetch from it
        return None
    if parts.scheme not in {"https", "http", "ssh", "git"} or not parts.hostname:
        return None
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _order(found: Claims) -> str:
    return found.finished or ""


def _claims(data: bytes, digest: str) -> Claims:
    try:
        document = _mapping(load_json(data, "provenance"))
    except UsageError as error:
        return Claims((Check("provenance", ok=False, found=f"it does not parse: {error.why}"),))
    definition = _at(document, "predicate", "buildDefinition")
    asked, metadata = (
        _mapping(definition.get("externalParameters")),
        _at(document, "predicate", "runDetails", "metadata"),
    )
    return Claims(
        checks=tuple(_checks(document, definition, digest)),
        commit=_text(asked.get("commit")),
        app=_text(asked.get("app")),
        key=_text(_at(definition, "internalParameters").get("build_key")),
        finished=_text(metadata.get("finishedOn")),
        bases=dict(_bases(definition)),
    )


def _checks(document: Mapping[str, Any], definition: Mapping[str, Any], digest: str) -> Iterator[Check]:
    kind = document.get("_type")
    yield Check("provenance", ok=kind in _STATEMENT_TYPES, found=_text(kind) or "none")
    subjects = [f"{ALGORITHM}:{_at(each, 'digest').get(ALGORITHM)}" for each in _mappings(document.get("subject"))]
    yield Check("subject", ok=subjects == [digest], found=", ".join(subjects) or "none")
    yield _equal("predicate", document.get("predicateType"), PREDICATE_TYPE)
    yield _equal("build type", definition.get("buildType"), BUILD_TYPE)
    yield _equal("builder", _at(document, "predicate", "runDetails", "builder").get("id"), BUILDER_ID)
    commit = _at(definition, "externalParameters").get("commit")
    resolved = [_at(each, "digest").get("gitCommit") for each in _mappings(definition.get("resolvedDependencies"))]
    yield Check("commit", ok=isinstance(commit, str) and commit in resolved, found=_text(commit) or "none")


def _equal(what: str, found: Any, expected: str) -> Check:
    return Check(what, ok=found == expected, found=_text(found) or "none")


def _bases(definition: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for each in _mappings(definition.get("resolvedDependencies")):
        digests, name = _at(each, "digest"), _text(each.get("name"))
        if name and "gitCommit" not in digests:
            pinned = _text(digests.get(ALGORITHM))
            yield name, f"{ALGORITHM}:{pinned}" if pinned else ""


def _bill(data: bytes, digest: str) -> Bill:
    try:
        document = _mapping(load_json(data, "sbom"))
    except UsageError as error:
        return Bill(Check("sbom", ok=False, found=f"it does not parse: {error.why}"))
    components = document.get("components")
    if document.get("bomFormat") != "CycloneDX" or not isinstance(components, list):
        return Bill(Check("sbom", ok=False, found="it is no CycloneDX document with components"))
    about = _text(_at(document, "metadata", "component").get("version")) or "no image"
    version = _text(document.get("specVersion")) or "of no version"
    found = f"CycloneDX {version}" if about == digest else f"it is about {about}"
    return Bill(Check("sbom", ok=about == digest, found=found), len(components))


def _at(value: Any, *path: str) -> Mapping[str, Any]:
    """Return the mapping that a path of keys leads to, empty where there is none."""
    for name in path:
        value = _mapping(value).get(name)
    return _mapping(value)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [_mapping(each) for each in value] if isinstance(value, list) else []


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
