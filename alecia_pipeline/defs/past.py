"""What Dagster remembers of an image. It explains, and saves the registry questions; nothing is decided by it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import dagster as dg

from alecia_pipeline.operations.outcome import Fact, Outcome, Table

LOOKED_AT = 20
"""Materializations; an image that is older than that has its size no longer known."""

_OF_THE_DIGEST = ("size_bytes", "layers", "layer_table")
"""Facts that hold for every image with the same digest."""

Metadata = Mapping[str, dg.MetadataValue[Any]]


@dataclass(frozen=True)
class Past:
    """An image's materializations, the newest first."""

    materialized: tuple[Metadata, ...]

    @classmethod
    def of(cls, instance: dg.DagsterInstance, image: dg.AssetKey) -> "Past":
        """Read what the instance has recorded of an image."""
        records = instance.fetch_materializations(image, limit=LOOKED_AT).records
        found = (record.asset_materialization for record in records)
        return cls(tuple(each.metadata for each in found if each))

    @property
    def commit(self) -> str | None:
        """The commit of the newest one: what the next is compared with."""
        commit = self.materialized[0].get("commit") if self.materialized else None
        return str(commit.value) if commit else None

    def completed(self, outcome: Outcome) -> Outcome:
        """Return an image's outcome with its size and layers, which nobody was asked for where it was reused."""
        digest = outcome.facts.get("digest")
        same = (each for each in self.materialized if "digest" in each and each["digest"].value == digest)
        known = next((each for each in same if "size_bytes" in each), {})
        missing = [name for name in _OF_THE_DIGEST if name in known and name not in outcome.facts]
        return replace(outcome, facts={**outcome.facts, **{name: _fact(known[name]) for name in missing}})


def _fact(value: dg.MetadataValue[Any]) -> Fact:
    if isinstance(value, dg.TableMetadataValue):
        columns = [column.name for column in value.schema.columns]  # the records come back with theirs in ABC order
        return Table(tuple({name: record.data[name] for name in columns} for record in value.records))
    fact: Fact = value.value
    return fact
