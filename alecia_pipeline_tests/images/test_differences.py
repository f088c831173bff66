import io
import tarfile
from typing import IO

from alecia_pipeline.images.differences import config_differences, differences, layer_differences
from alecia_pipeline_tests.oci_images import layer


def opened(files: dict[str, bytes]) -> IO[bytes]:
    return io.BytesIO(layer(files))


def told(first: dict[str, bytes], second: dict[str, bytes]) -> list[tuple[str, bool, bool]]:
    found = layer_differences(2, opened(first), opened(second))
    return [(each.what, each.first == "absent", each.second == "absent") for each in found]


def test_files_that_came_went_or_changed() -> None:
    before, after = {"a": b"1", "b": b"1", "c": b"1"}, {"a": b"1", "b": b"2", "d": b"1"}
    assert told(before, after) == [("b", False, False), ("c", False, True), ("d", True, False)]
    assert told(before, before) == []


def test_a_link_that_leads_elsewhere() -> None:
    def link(target: str) -> IO[bytes]:
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as archive:
            info = tarfile.TarInfo("l")
            info.type, info.linkname = tarfile.SYMTYPE, target
            archive.addfile(info)
        return io.BytesIO(out.getvalue())

    (found,) = layer_differences(1, link("a"), link("b"))
    assert (found.what, found.first, found.second) == ("l", "0644 0:0 a", "0644 0:0 b")


def test_the_order_of_files_counts() -> None:
    assert told({"a": b"1", "b": b"1"}, {"b": b"1", "a": b"1"}) == [("the order of its files", False, False)]


def test_a_layer_that_only_one_has() -> None:
    (found,) = layer_differences(1, None, opened({"a": b"1"}))
    assert str(found).startswith("layer 1: a: absent → 0644 0:0 1 bytes ")


def test_keys_of_the_config() -> None:
    found = config_differences({"rootfs": 1, "Env": ["a" * 80], "User": "x"}, {"rootfs": 2, "User": "y"})
    assert [(each.what, each.first, each.second) for each in found] == [
        ("Env", "['" + "a" * 55 + "…", "absent"),
        ("User", "x", "y"),
    ]


def test_everything_in_order() -> None:
    found = differences([{"User": "x"}, {}], [opened({"a": b"1"})], [opened({"a": b"1"}), opened({"b": b"1"})])
    assert [(each.where, each.what) for each in found] == [("config", "User"), ("layer 2", "b")]
