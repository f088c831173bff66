"""What Dagster remembers of an image, on a real instance."""

from collections.abc import Iterator

import dagster as dg
import pytest

from alecia_pipeline.defs.past import LOOKED_AT, Past
from alecia_pipeline.defs.report import metadata
from alecia_pipeline.operations.outcome import Fact, Outcome, Table
from alecia_pipeline.redaction import Redactor

IMAGE = dg.AssetKey(["image", "cms"])
LAYERS = Table(({"layer": "1", "digest": "sha256:l"},))


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def record(instance: dg.DagsterInstance, **facts: Fact) -> None:
    shown = metadata(Outcome(facts=facts), Redactor())
    instance.report_runless_asset_event(dg.AssetMaterialization(IMAGE, metadata=shown))


def test_an_image_that_was_never_made_has_no_past(instance: dg.DagsterInstance) -> None:
    past = Past.of(instance, IMAGE)
    assert past.commit is None
    outcome = Outcome("k", {"digest": "sha256:1"})
    assert past.completed(outcome) == outcome


def test_the_newest_commit_is_compared_with(instance: dg.DagsterInstance) -> None:
    record(instance, commit="a" * 40)
    record(instance, commit="b" * 40)
    assert Past.of(instance, IMAGE).commit == "b" * 40
    record(instance, digest="sha256:0")  # as older versions recorded it
    assert Past.of(instance, IMAGE).commit is None


def test_a_reused_image_has_the_size_of_the_same_digest(instance: dg.DagsterInstance) -> None:
    record(instance, digest="sha256:1", size_bytes=10, layers=1, layer_table=LAYERS, cached_steps=3, seconds=40.0)
    record(instance, digest="sha256:2", size_bytes=20, layers=2)
    record(instance, digest="sha256:1", reused=True)
    found = Past.of(instance, IMAGE).completed(Outcome("k", {"digest": "sha256:1", "seconds": 0.1}))
    assert found.version == "k"
    assert found.facts == {
        "digest": "sha256:1",
        "seconds": 0.1,
        "size_bytes": 10,
        "layers": 1,
        "layer_table": LAYERS,
    }
    other = Outcome("k", {"digest": "sha256:3"})
    assert Past.of(instance, IMAGE).completed(other) == other


def test_what_was_just_built_is_not_overruled(instance: dg.DagsterInstance) -> None:
    record(instance, digest="sha256:1", size_bytes=10, layers=1)
    built = Outcome("k", {"digest": "sha256:1", "size_bytes": 11})
    assert Past.of(instance, IMAGE).completed(built).facts["size_bytes"] == 11


def test_only_the_newest_are_looked_at(instance: dg.DagsterInstance) -> None:
    record(instance, digest="sha256:1", size_bytes=10)
    for _ in range(LOOKED_AT):
        record(instance, digest="sha256:2")
    assert "size_bytes" not in Past.of(instance, IMAGE).completed(Outcome("k", {"digest": "sha256:1"})).facts
