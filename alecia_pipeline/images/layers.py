"""The layers of an image as a person wants to see them: what made each, how large it is, whose it is."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from alecia_pipeline.images.ports import Blob

MEGABYTE = 1_000_000
"""Bytes, as registries and `docker` count."""

MAX_INSTRUCTION = 80
"""Letters; a RUN of many lines is known by its beginning."""

_SHELL = re.compile(r"/bin/sh -c (?:#\(nop\) )?|(RUN )(?:\|\d+ .*?)?/bin/sh -c ")
"""What builders write before an instruction; `|1 NAME=value` are the build arguments that it sees."""

_BUILDKIT = " # buildkit"


@dataclass(frozen=True, slots=True)
class ImageLayer:
    """One layer: its digest and size (bytes) as it is pushed, the instruction that made it, empty where none is known.

    `from_base`: it is a layer of the base image, which is shared and not pushed anew.
    """

    digest: str
    size_bytes: int
    instruction: str
    from_base: bool


def describe_layers(blobs: Sequence[Blob], config: Mapping[str, Any], base: int) -> tuple[ImageLayer, ...]:
    """Return the layers, the lowest first. `config`: the image's own; `base`: how many layers are the base image's."""
    made = list(_instructions(config))
    made = made if len(made) == len(blobs) else [""] * len(blobs)  # a history is optional, and may be cut
    rows = enumerate(zip(blobs, made, strict=True))
    return tuple(ImageLayer(blob.digest, blob.size, text, number < base) for number, (blob, text) in rows)


def _instructions(config: Mapping[str, Any]) -> Iterator[str]:
    for entry in config.get("history") or ():
        if not entry.get("empty_layer"):
            yield _shortened(" ".join(str(entry.get("created_by", "")).split()))


def _shortened(text: str) -> str:
    shell = _SHELL.match(text)
    text = (text if shell is None else (shell[1] or "") + text[shell.end() :]).removesuffix(_BUILDKIT)
    return text if len(text) <= MAX_INSTRUCTION else f"{text[: MAX_INSTRUCTION - 1]}…"
