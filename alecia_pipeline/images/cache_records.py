"""The records of a layer cache, by which BuildKit finds its layers, cut to those that another builder can use."""

import json
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from alecia_pipeline.images.ports import Blob

READABLE = 1 << 20
"""Bytes of records that BuildKit reads; of a cache with more it reads nothing (moby/buildkit issue 3719)."""

_RECORDS_TYPE = "application/vnd.buildkit.cacheconfig.v0"


class _Link(BaseModel):
    """Where an input of a step comes from: another record. `selector`: only files that a step picks from it."""

    model_config = ConfigDict(extra="allow")
    link: int = Field(ge=0)
    selector: str = ""


class _Record(BaseModel):
    """A step, or a content digest, which has no inputs. `inputs`: of each input, every link that leads to this step."""

    model_config = ConfigDict(extra="allow")
    inputs: list[list[_Link]] = []
    layers: list[Any] = []
    chains: list[Any] = []


class _Records(BaseModel):
    model_config = ConfigDict(extra="allow")
    records: list[_Record]


def records_of(manifest: bytes) -> Blob | None:
    """Return the records of the cache with this manifest; None for what is no such manifest."""
    try:
        config = json.loads(manifest)["config"]
        found = Blob(str(config["digest"]), int(config["size"]))
        return found if config["mediaType"] == _RECORDS_TYPE else None
    except (ValueError, TypeError, LookupError, RecursionError):
        return None


def with_records(manifest: bytes, records: Blob) -> bytes:
    """Return a manifest for which `records_of` gives other records. The layers stay."""
    document = json.loads(manifest)
    document["config"] |= {"digest": records.digest, "size": records.size}
    return json.dumps(document).encode()


def shortened(records: bytes) -> bytes | None:
    """Return the records that another builder can use; None for what are no records of this form.

    A builder that serves for long leaves, for each COPY, a link to every build context in which it ever found the
    same files: 700 after a day of tests, 1.1 MB. Those contexts are its own, and the link by what the files hold says
    the same, so links that pick files from steps without layers go where another is left.
    """
    try:
        found = _Records.model_validate_json(records)
        kept = [_kept(record, found.records) for record in found.records]
        order = {old: new for new, old in enumerate(_reachable(found.records, kept))}
    except (ValidationError, IndexError):
        return None
    for old in order:
        for links in kept[old]:
            for link in links:
                link.link = order[link.link]
        if found.records[old].inputs:
            found.records[old].inputs = kept[old]
    found.records = [found.records[old] for old in order]
    return found.model_dump_json(exclude_unset=True).encode()


def _kept(record: _Record, records: list[_Record]) -> list[list[_Link]]:
    return [[link for link in links if not link.selector or _has_layers(records[link.link])] or links
            for links in record.inputs]  # fmt: skip


def _has_layers(record: _Record) -> bool:
    return bool(record.layers or record.chains)


def _reachable(records: list[_Record], inputs: list[list[list[_Link]]]) -> list[int]:
    """Return the records with layers, and all to which they lead, in the order that they had."""
    found: set[int] = set()
    left = [number for number, record in enumerate(records) if _has_layers(record)]
    while left:
        number = left.pop()
        if number not in found:
            found.add(number)
            left += (link.link for links in inputs[number] for link in links)
    return sorted(found)
