"""The builder and the registry as building sees them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol

from alecia_pipeline.images.command import BuildCommand
from alecia_pipeline.images.reference import Repository
from alecia_pipeline.images.steps import Steps

if TYPE_CHECKING:  # 0.02 s that a plan does not need
    from alecia_pipeline.images.checks.boot import Outcome, Trial


@dataclass(frozen=True, slots=True)
class Blob:
    """One layer or config: its digest and its compressed size in bytes."""

    digest: str
    size: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest as the registry has it, byte for byte."""

    data: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Artifact:
    """What is attached to an image: one document with its media type. `kind`: the artifact type, to find it by."""

    kind: str
    media_type: str
    content: bytes = field(repr=False)
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SignedEntry:
    """One signature, or one signed statement, as an image's list of them has it."""

    media_type: str
    content: bytes = field(repr=False)
    annotations: Mapping[str, str] = field(default_factory=dict)


class Archive(Protocol):
    """An image on the runner's disk."""

    @property
    def digest(self) -> str:
        """The digest of its manifest."""
        ...

    @property
    def manifest(self) -> bytes:
        """The manifest, byte for byte."""
        ...

    @property
    def media_type(self) -> str:
        """The manifest's media type."""
        ...

    @property
    def blobs(self) -> tuple[Blob, ...]:
        """The config, then the layers from the lowest up."""
        ...

    def chunks(self, digest: str) -> Iterable[bytes]:
        """Iterate over a blob's bytes; every iteration starts at the beginning."""
        ...


class BuiltImage(Archive, Protocol):
    """What a builder left: its layers can be read as files, too."""

    def open(self, digest: str) -> IO[bytes]:
        """Open a blob to be read in order. The caller closes it."""
        ...


class Builder(Protocol):
    """Something that builds images."""

    def build(self, label: str, command: BuildCommand, context: bytes) -> Steps:
        """Run one build; return its steps. Raises ReleaseFailedError when it fails, OutsideError without an engine."""
        ...

    def refuses_cache(self, name: str | None, docker_config: str | None) -> str | None:
        """Return why the builder `name` (None: the default) writes no layer cache to a registry; None: it does."""
        ...

    def open(self, path: Path) -> BuiltImage:
        """Open what a build left at `path`. Raises OutsideError when that is no image."""
        ...

    def cancel(self) -> None:
        """End every build that runs."""
        ...


class TrialEngine(Protocol):
    """An engine that starts images to see whether they answer; several at a time."""

    def attempt(self, trial: "Trial", archive: Archive) -> "Outcome":
        """Start an image, and take its container away again. Raises OutsideError when the engine does not take it."""
        ...

    def cancel(self) -> None:
        """End every trial that runs, and start no other."""
        ...

    def close(self) -> None:
        """Wait until what trials left is gone. There is none after that."""
        ...


class ImageRegistry(Protocol):
    """A registry of images. Every method raises OutsideError when it cannot answer or refuses."""

    def digest(self, repository: Repository, tag: str) -> str | None:
        """Return what a tag points to, or None when there is no such tag."""
        ...

    def push(self, repository: Repository, archive: Archive) -> None:
        """Upload an image by its digest, without a tag: nothing can find it yet."""
        ...

    def tag(self, repository: Repository, digest: str, tag: str) -> str:
        """Point a new tag to a pushed digest; return the digest the tag has, another's if a race was lost."""
        ...

    def point(self, repository: Repository, digest: str, tag: str) -> bool:
        """Point a tag that moves to a pushed digest; return whether it had to be moved. No layer is sent."""
        ...

    def manifest(self, repository: Repository, reference: str) -> Manifest | None:
        """Return a manifest by its digest, checked, or by a tag; None when it is not there."""
        ...

    def put_manifest(
        self, repository: Repository, reference: str, manifest: bytes, media_type: str
    ) -> Mapping[str, str]:
        """Store a manifest under a tag or its digest; return the answer's headers."""
        ...

    def blob(self, repository: Repository, digest: str) -> bytes:
        """Return a small blob, checked by its digest."""
        ...

    def put_blob(self, repository: Repository, data: bytes) -> Blob:
        """Upload a small blob unless it is there."""
        ...


class ImageReferrers(Protocol):
    """What is attached to images in a registry. Both raise OutsideError when it cannot answer, refuses or lies."""

    def attach(self, repository: Repository, image: str, artifact: Artifact) -> str:
        """Attach to the image with this digest, which is there already; return the attachment's own digest."""
        ...

    def attached(self, repository: Repository, image: str, kinds: Collection[str]) -> tuple[Artifact, ...]:
        """Return what of these kinds is attached to the image with this digest, every byte checked by its digest."""
        ...


class ImageSignatures(Protocol):
    """Lists of signatures in a registry, by their tags. Both raise OutsideError when it cannot answer or refuses."""

    def entries(self, repository: Repository, tag: str) -> tuple[SignedEntry, ...]:
        """Return a list's entries, every byte checked by its digest; none where there is no list."""
        ...

    def write(self, repository: Repository, tag: str, entries: Sequence[SignedEntry]) -> None:
        """Put a list in place of the one that is there."""
        ...
