"""The layers of base images: asked of the builder once per digest, and kept, so that no build exports them again."""

import hashlib
import json
import os
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alecia_pipeline.adapters.oci_layout import BLOBS, OciLayout
from alecia_pipeline.adapters.state import locked
from alecia_pipeline.errors import OutsideError
from alecia_pipeline.images.bases import Base

Export = Callable[[Base, Path], None]
"""Builds `FROM base` alone into a folder, in the OCI layout."""

NAME_DIGITS = 16


@dataclass(frozen=True)
class BaseImage:
    """What an image starts from, by its config; without one, nothing."""

    config: Mapping[str, Any] = field(default_factory=dict)

    @property
    def diff_ids(self) -> tuple[str, ...]:
        """The diff ids of its layers, the lowest first."""
        return tuple(self.config["rootfs"]["diff_ids"]) if self.config else ()


@dataclass(frozen=True)
class BaseLayers:
    """Base images below `folder`, each in one of its own."""

    folder: Path
    export: Export
    _locks: defaultdict[str, threading.Lock]

    @classmethod
    def below(cls, folder: Path, export: Export) -> "BaseLayers":
        """Return the base images that are kept in a folder."""
        return cls(folder, export, defaultdict(threading.Lock))

    def of(self, base: Base) -> BaseImage:
        """Return a base image. Raises what the builder raises.

        One that nothing pins is asked for every time: its tag may have moved.
        """
        folder = self._folder(base)
        with self._locks[str(folder)], locked(folder, lambda _: None):
            if base.digest is None or not self._is_whole(folder):
                self.export(base, folder)
                _forget_others(folder)
            return BaseImage(_config(folder))

    def lend(self, base: Base, folder: Path) -> None:
        """Put a base's blobs into a folder that a build is exported to: what is there is not sent again."""
        blobs = folder / BLOBS
        blobs.mkdir(parents=True, exist_ok=True)
        for blob in (self._folder(base) / BLOBS).glob("*"):
            with suppress(OSError):  # another file system: then it is sent
                os.link(blob, blobs / blob.name)

    def _folder(self, base: Base) -> Path:
        name = f"{base.source or base.name} {base.digest}"
        return self.folder / hashlib.sha256(name.encode()).hexdigest()[:NAME_DIGITS]

    def _is_whole(self, folder: Path) -> bool:
        try:
            return all((folder / BLOBS / blob.digest.partition(":")[2]).is_file() for blob in OciLayout(folder).blobs)
        except OutsideError:
            return False


def _config(folder: Path) -> Mapping[str, Any]:
    image = OciLayout(folder)
    config: Mapping[str, Any] = json.loads(b"".join(image.chunks(image.blobs[0].digest)))
    return config


def _forget_others(folder: Path) -> None:
    """Remove the blobs of what a tag was before."""
    image = OciLayout(folder)
    kept = {digest.partition(":")[2] for digest in (image.digest, *(blob.digest for blob in image.blobs))}
    for blob in (folder / BLOBS).glob("*"):
        if blob.name not in kept:
            blob.unlink(missing_ok=True)
