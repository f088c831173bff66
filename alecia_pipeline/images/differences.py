"""What two images of the same commit differ in, file by file."""

import hashlib
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import IO, Any

_READ = 1 << 20
ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs: a file of a layer (`where`: `layer 3`), or a key of the config (`config`)."""

    where: str
    what: str
    first: str
    second: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}: {self.first} → {self.second}"


def layer_differences(number: int, first: IO[bytes] | None, second: IO[bytes] | None) -> Iterator[Difference]:
    """Yield the files of a layer that differ, in order. None: that image has no such layer.

    Raises tarfile.TarError for what is no tar archive.
    """
    before, after = (_entries(layer) if layer else {} for layer in (first, second))
    for path in sorted(before.keys() | after.keys()):
        old, new = before.get(path, ABSENT), after.get(path, ABSENT)
        if old != new:
            yield Difference(f"layer {number}", path, old, new)
    if first and second and before == after and list(before) != list(after):
        yield Difference(f"layer {number}", "the order of its files", ", ".join([*before][:3]), ", ".join([*after][:3]))


def config_differences(first: Mapping[str, Any], second: Mapping[str, Any]) -> Iterator[Difference]:
    """Yield the keys of two image configs that differ; the list of layers is left out, since they are compared."""
    for key in sorted((first.keys() | second.keys()) - {"rootfs"}):
        old, new = first.get(key, ABSENT), second.get(key, ABSENT)
        if old != new:
            yield Difference("config", key, _short(old), _short(new))


def differences(
    configs: Sequence[Mapping[str, Any]], first: Sequence[IO[bytes]], second: Sequence[IO[bytes]]
) -> Iterator[Difference]:
    """Yield all differences of two images: their configs, then layer by layer, the lowest first."""
    yield from config_differences(*configs)
    for number, (old, new) in enumerate(zip_longest(first, second), start=1):
        yield from layer_differences(number, old, new)


def _entries(layer: IO[bytes]) -> dict[str, str]:
    found: dict[str, str] = {}
    with tarfile.open(fileobj=layer, mode="r|") as archive:
        for info in archive:
            content = info.linkname
            if info.isreg():
                digest = hashlib.sha256()
                file = archive.extractfile(info)
                while file and (data := file.read(_READ)):
                    digest.update(data)
                content = f"{info.size} bytes {digest.hexdigest()[:12]}"
            found[info.name] = f"{info.mode:04o} {info.uid}:{info.gid} {content}".strip()
    return found


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}…"  # noqa: PLR2004 - a line of a table
