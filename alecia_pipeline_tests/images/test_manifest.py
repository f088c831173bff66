import json

import pytest

from alecia_pipeline.images.manifest import is_manifest, layers_of, pulled_bytes
from alecia_pipeline.images.ports import Blob

ONE, TWO = ("sha256:" + digit * 64 for digit in "12")


def test_the_layers_are_those_of_the_manifest_in_their_order() -> None:
    layers = [{"digest": TWO, "size": 7, "mediaType": "x"}, {"digest": ONE, "size": 0}]
    data = json.dumps({"schemaVersion": 2, "config": {}, "layers": layers}).encode()
    assert layers_of(data) == (Blob(TWO, 7), Blob(ONE, 0))
    assert is_manifest(data)


def test_what_is_pulled_is_config_and_layers() -> None:
    config, layers = {"digest": ONE, "size": 3}, [{"digest": TWO, "size": 7}, {"digest": TWO, "size": 10}]
    assert pulled_bytes(json.dumps({"config": config, "layers": layers}).encode()) == 20
    assert pulled_bytes(json.dumps({"config": {}, "layers": layers}).encode()) is None
    assert pulled_bytes(json.dumps({"config": config, "manifests": []}).encode()) is None


@pytest.mark.parametrize(
    "layers",
    [
        None,
        {},
        [ONE],
        [{"digest": ONE}],
        [{"digest": "latest", "size": 1}],
        [{"digest": ONE, "size": "1"}],
        [{"digest": ONE, "size": -1}],
        [{"digest": ONE, "size": 1}, {}],
    ],
)
def test_what_is_no_list_of_layers_says_nothing_of_an_image(layers: object) -> None:
    assert layers_of(json.dumps({"layers": layers}).encode()) is None


def test_an_index_is_a_manifest_without_layers_of_its_own() -> None:
    index = json.dumps({"manifests": []}).encode()
    assert is_manifest(index)
    assert layers_of(index) is None


@pytest.mark.parametrize("data", [b"", b"<html>", b"[]", b"{}", b"[" * 100_000, b'{"layers": 3}'])
def test_nonsense_is_no_manifest(data: bytes) -> None:
    assert not is_manifest(data)
    assert layers_of(data) is None
