from pathlib import Path

import pytest

from alecia_pipeline.adapters.base_layers import BaseImage, BaseLayers
from alecia_pipeline.adapters.oci_layout import OciLayout
from alecia_pipeline.errors import OutsideError
from alecia_pipeline.images.bases import Base
from alecia_pipeline_tests.oci_images import layer, write_image
from alecia_pipeline_tests.registry_server import digest_of

PINNED = Base("node:20", None, "sha256:" + "a" * 64)
MOVING = Base("node:20", None, None)


class Exports:
    """Leaves an image whose layer is `content`, and counts."""

    def __init__(self) -> None:
        self.content = b"1"
        self.asked: list[Base] = []

    def __call__(self, base: Base, folder: Path) -> None:
        self.asked.append(base)
        write_image(folder, self.layer)

    @property
    def layer(self) -> bytes:
        return layer({"base": self.content})


@pytest.fixture
def exports() -> Exports:
    return Exports()


@pytest.fixture
def layers(exports: Exports, tmp_path: Path) -> BaseLayers:
    return BaseLayers.below(tmp_path / "bases", exports)


def test_a_pinned_base_is_asked_for_once(layers: BaseLayers, exports: Exports) -> None:
    assert [layers.of(PINNED).diff_ids for _ in range(2)] == [(digest_of(exports.layer),)] * 2
    assert exports.asked == [PINNED]


def test_nothing_is_below_what_starts_from_scratch() -> None:
    assert (BaseImage().diff_ids, BaseImage().config) == ((), {})


def test_a_base_by_its_tag_is_asked_for_every_time(layers: BaseLayers, exports: Exports) -> None:
    before = layers.of(MOVING)
    exports.content = b"2"
    assert layers.of(MOVING) != before
    assert len(exports.asked) == 2


def test_what_was_left_half_done_is_done_again(layers: BaseLayers, exports: Exports, tmp_path: Path) -> None:
    layers.of(PINNED)
    (blob,) = (tmp_path / "bases").rglob(digest_of(exports.layer)[7:])
    blob.unlink()
    layers.of(PINNED)
    assert len(exports.asked) == 2


def test_a_build_is_lent_the_blobs_and_those_before_are_gone(
    layers: BaseLayers, exports: Exports, tmp_path: Path
) -> None:
    layers.of(MOVING)
    first = digest_of(exports.layer)
    exports.content = b"2"
    layers.of(MOVING)
    layers.lend(MOVING, tmp_path / "build")
    lent = {path.name for path in (tmp_path / "build" / "blobs" / "sha256").iterdir()}
    assert digest_of(exports.layer)[7:] in lent
    assert first[7:] not in lent


def test_nothing_is_lent_of_a_base_that_is_not_there(layers: BaseLayers, tmp_path: Path) -> None:
    layers.lend(PINNED, tmp_path / "build")
    with pytest.raises(OutsideError):
        _ = OciLayout(tmp_path / "build").blobs
