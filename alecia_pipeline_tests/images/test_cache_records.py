"""What stays of a layer cache's records: all that leads to a layer, without a link for every build there ever was."""

import hashlib
import json
from typing import Any

import pytest

from alecia_pipeline.images.cache_records import records_of, shortened, with_records
from alecia_pipeline.images.ports import Blob

PICK = "sha256:" + "8c" * 32
TYPE = "application/vnd.buildkit.cacheconfig.v0"

Record = dict[str, Any]


def named(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def step(name: str, *inputs: list[Record], layer: int | None = None) -> Record:
    layers = {} if layer is None else {"layers": [{"layer": layer, "createdAt": "2026-11-23T16:16:46.3Z"}]}
    return {**layers, "digest": named(name), **({"inputs": list(inputs)} if inputs else {})}


def served(builds: int) -> bytes:
    """Return the records of a builder that copied the same files out of this many contexts, then ran a step."""
    contexts = [step(f"context {number}") for number in range(builds)]
    copies = [step("copy /context", [{"link": number}]) for number in range(builds)]
    at = len(contexts) + len(copies)
    picked = [{"link": builds + number, "selector": PICK} for number in range(builds)]
    rest = [
        step("base"),
        step("content of the files"),
        step("COPY", [{"link": at}], [{"link": at + 1}, *picked], layer=0),
        step("RUN", [{"link": at + 2}], layer=1),
        step("COPY --from", [{"link": at}], [{"link": at + 3, "selector": PICK}, {"link": at + 1}], layer=2),
    ]
    return json.dumps({"layers": [{"blob": named("a")}], "records": [*contexts, *copies, *rest]}).encode()


def manifest_of(records: Blob, kind: str = TYPE) -> bytes:
    config = {"mediaType": kind, "digest": records.digest, "size": records.size}
    layers = [{"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": named("a"), "size": 1}]
    return json.dumps({"schemaVersion": 2, "config": config, "layers": layers}).encode()


def cut(records: bytes) -> dict[str, Any]:
    short = shortened(records)
    assert short is not None
    found: dict[str, Any] = json.loads(short)
    return found


def test_contexts_go_where_what_they_hold_is_named() -> None:
    assert cut(served(3)) == {
        "layers": [{"blob": named("a")}],
        "records": [
            step("base"),
            step("content of the files"),
            step("COPY", [{"link": 0}], [{"link": 1}], layer=0),
            step("RUN", [{"link": 2}], layer=1),
            # Who picks from a step with layers finds it without those layers: that link is worth keeping.
            step("COPY --from", [{"link": 0}], [{"link": 3, "selector": PICK}, {"link": 1}], layer=2),
        ],
    }


def test_a_days_builds_leave_no_more_than_one() -> None:
    assert len(served(700)) > 200_000
    assert shortened(served(700)) == shortened(served(1))


def test_once_is_enough() -> None:
    short = shortened(served(5))
    assert short is not None
    assert shortened(short) == short


def test_the_only_way_to_a_step_stays() -> None:
    records = [step("context"), step("COPY", [{"link": 0, "selector": PICK}], layer=0)]
    assert cut(json.dumps({"records": records}).encode()) == {"records": records}


def test_layers_in_a_chain_are_layers() -> None:
    records = [{"digest": named("RUN"), "chains": [{"layers": [0]}]}, step("no layers")]
    assert cut(json.dumps({"records": records}).encode()) == {"records": records[:1]}


def test_what_newer_builders_add_stays() -> None:
    records = [step("base"), {**step("RUN", [{"link": 0, "way": 1}], layer=0), "more": [1]}]
    assert cut(json.dumps({"records": records, "version": 3}).encode()) == {"records": records, "version": 3}


@pytest.mark.parametrize(
    "records",
    [
        b"",
        b"[]",
        b"{}",
        b'{"records": 3}',
        b'{"records": [{"inputs": [[{}]]}]}',
        b'{"records": [{"inputs": [[{"link": -1}]]}]}',
        b'{"records": [{"layers": [{}], "inputs": [[{"link": 9}]]}]}',
        b'{"records": [{"layers": [{}], "inputs": [[{"link": 9, "selector": "a"}]]}]}',
    ],
)
def test_what_is_no_record_is_left_alone(records: bytes) -> None:
    assert shortened(records) is None


def test_a_manifest_says_where_they_are() -> None:
    old, new = Blob(named("old"), 2_000_000), Blob(named("new"), 10_000)
    manifest = manifest_of(old)
    assert records_of(manifest) == old
    changed = with_records(manifest, new)
    assert records_of(changed) == new
    assert json.loads(changed)["layers"] == json.loads(manifest)["layers"]


@pytest.mark.parametrize(
    "manifest",
    [
        b"{",
        b"[]",
        b"[" * 100_000,
        b'{"manifests": []}',
        b'{"config": {}}',
        manifest_of(Blob(named("a"), 1), "application/vnd.oci.image.config.v1+json"),
    ],
)
def test_what_is_no_cache_has_none(manifest: bytes) -> None:
    assert records_of(manifest) is None
