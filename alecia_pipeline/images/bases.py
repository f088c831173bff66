"""Base images: where the builder gets each from, and the digest it is held to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

SCHEME = "docker-image://"
"""How BuildKit names an image as a build context."""


@dataclass(frozen=True, slots=True)
class Base:
    """One image that a Dockerfile starts or copies from.

    `name` as written; `stand_in`: the runner's replacement where no hub is reachable; `digest`: what pins it, if
    anything does.
    """

    name: str
    stand_in: str | None
    digest: str | None

    @property
    def field(self) -> str:
        """What a build key holds of it: the digest says all; without one, the stand-in's name, or nothing."""
        return self.digest or self.stand_in or ""

    @property
    def source(self) -> str | None:
        """The build context that stands for it, or None where the Dockerfile's own words will do."""
        if self.stand_in:
            return _at(self.stand_in, self.digest)
        return _at(f"{SCHEME}{self.name}", self.digest) if self.digest and not _pin(self.name) else None

    @property
    def reference(self) -> str:
        """The image itself, by its digest where there is one."""
        return (self.source or self.name).removeprefix(SCHEME)


def bases_of(names: Iterable[str], locked: Mapping[str, str], stand_ins: Mapping[str, str]) -> tuple[Base, ...]:
    """Return the images by name. A Dockerfile's digest wins over `locked` (alecia.lock's); a stand-in has its own."""
    return tuple(_base(name, locked.get(name), stand_ins.get(name)) for name in sorted(set(names)))


def _base(name: str, locked: str | None, stand_in: str | None) -> Base:
    own = _pin(stand_in) if stand_in else _pin(name)
    return Base(name, stand_in, own or (None if _pin(name) else locked))


def _pin(name: str) -> str | None:
    return name.partition("@")[2] or None


def _at(reference: str, digest: str | None) -> str:
    return reference if digest is None or _pin(reference) else f"{reference}@{digest}"
