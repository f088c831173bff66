"""Names of images: <registry>/<app>, by key tag and by digest."""

import re
from dataclasses import dataclass

from alecia_pipeline.errors import UsageError

_NAME = re.compile(r"[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*")

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")

KEY_TAG_DIGITS = 40
"""A tag holds 128 characters; 160 bits of the key are more than enough and readable in a list."""

DIGEST_DIGITS = 19
"""`sha256:` and 12 digits, where a person reads it."""


@dataclass(frozen=True, slots=True)
class Repository:
    """One image's place in a registry: `host` with its port, `name` as the path below it."""

    host: str
    name: str

    def at(self, digest: str) -> str:
        """Return the reference that can never mean another image: host/name@sha256:…."""
        return f"{self}@{digest}"

    def __str__(self) -> str:
        return f"{self.host}/{self.name}"


def image_repository(registry: str, app: str) -> Repository:
    """Return where an app's images live. Raises UsageError when `registry` is not host[:port][/path]."""
    host, _, path = registry.strip("/").partition("/")
    name = f"{path}/{app}" if path else app
    if not _is_host(host) or not _NAME.fullmatch(name):
        raise UsageError(
            f"{registry!r} is not a registry",
            where="alecia.yaml: registry",
            why="it must be host[:port][/path] in lower case, for example ghcr.io/alecia",
            fix="correct `registry`",
        )
    return Repository(host=host, name=name)


def _is_host(text: str) -> bool:
    return bool(text) and ("." in text or ":" in text or text == "localhost")


def pinned_image(reference: str) -> tuple[Repository, str]:
    """Return repository and digest of host/name@sha256:…. Raises ValueError for what names no image by its digest."""
    place, _, digest = reference.partition("@")
    host, _, name = place.partition("/")
    if not name or not is_digest(digest):
        raise ValueError(f"{reference!r} names no image by its digest")
    return Repository(host, name), digest


def is_digest(text: str) -> bool:
    """Tell whether text is a digest as images have it: what it names can never be something else."""
    return _DIGEST.fullmatch(text) is not None


def key_tag(key: str) -> str:
    """Return the tag that says: the image with this build key exists and its gates passed."""
    return f"key-{key[:KEY_TAG_DIGITS]}"


def commit_tag(commit: str, environment: str | None) -> str:
    """Return the tag of the image that was made last from a commit. `environment`: whose build arguments it has.

    It is for people and for a registry's clean-up; nothing is decided by it.
    """
    return f"commit-{commit}" + (f"-{environment}" if environment else "")


def environment_tag(environment: str) -> str:
    """Return the tag of the image that an environment runs. It is for people, and for a registry's clean-up."""
    return f"env-{environment}"


HUB = "docker.io"
_HUB_API = "registry-1.docker.io"
_HUB_LOGIN = "https://index.docker.io/v1/"
_OFFICIAL = "library"


@dataclass(frozen=True, slots=True)
class ImageName:
    """An image as a Dockerfile names it: where it is asked for, its tag, and the name its login is stored under."""

    repository: Repository
    tag: str
    login_host: str


def image_name(name: str) -> ImageName:
    """Return what `node:20-alpine` or `ghcr.io/acme/base` means. A name without a host is Docker Hub's.

    Raises UsageError for what is no name of an image.
    """
    first, _, rest = name.partition("/")
    host, path = (first, rest) if rest and _is_host(first) else (HUB, name)
    path, _, tag = path.partition(":")
    path = f"{_OFFICIAL}/{path}" if host == HUB and "/" not in path else path
    if not _NAME.fullmatch(path) or "@" in tag:
        raise UsageError(
            f"{name!r} names no image", where="FROM", why="it must be [host/]name[:tag]", fix="correct the Dockerfile"
        )
    api, login = (_HUB_API, _HUB_LOGIN) if host == HUB else (host, host)
    return ImageName(Repository(api, path), tag or "latest", login)
