import pytest

from alecia_pipeline.rollout.compose_file import ComposeFile, parse_compose
from alecia_pipeline.rollout.mounts import holds, mounted_paths, placed_top, placed_volumes, writable_volume

TEXT = """
services:
  web:
    volumes:
      - ./conf:/conf:ro
      - data:/data
      - /anonymous
      - {type: bind, source: ./more, target: /more}
      - {type: bind, target: /nothing}
      - {type: volume, source: other, target: /other}
      - ./gone:/gone
configs:
  one: {file: ./one.conf}
  two: {external: true}
  three:
secrets:
volumes: {data: }
"""


@pytest.fixture
def compose() -> ComposeFile:
    return parse_compose(TEXT.encode(), "deploy/compose.yaml")


def test_relative_sources_are_files_of_the_commit(compose: ComposeFile) -> None:
    assert mounted_paths(compose, ["web"]) == {"deploy/conf", "deploy/more", "deploy/gone", "deploy/one.conf"}


def test_they_are_mounted_from_their_places_on_the_host(compose: ComposeFile) -> None:
    placed = {"deploy/conf": "/r/files/1/conf", "deploy/more": "/r/files/2/more"}
    assert placed_volumes(compose, compose.services["web"], placed) == [
        "/r/files/1/conf:/conf:ro",
        "data:/data",
        "/anonymous",
        {"type": "bind", "source": "/r/files/2/more", "target": "/more"},
        {"type": "bind", "target": "/nothing"},
        {"type": "volume", "source": "other", "target": "/other"},
    ]


def test_configs_come_from_there_too(compose: ComposeFile) -> None:
    top = placed_top(compose, {"deploy/one.conf": "/r/files/3/one.conf"})
    assert top["configs"] == {"one": {"file": "/r/files/3/one.conf"}, "two": {"external": True}, "three": None}
    assert (top["secrets"], top["volumes"]) == ({}, {"data": None})


@pytest.mark.parametrize(
    ("volumes", "writable"),
    [
        ([], False),
        (["a:/a:ro"], False),
        (["a:/a:ro,z"], False),
        (["a:/a"], True),
        (["/a"], True),
        ([{"type": "tmpfs", "target": "/a"}], False),
        ([{"type": "volume", "source": "a", "target": "/a", "read_only": True}], False),
        ([{"type": "volume", "source": "a", "target": "/a"}], True),
    ],
)
def test_whether_a_volume_can_be_written(volumes: list[object], writable: bool) -> None:
    assert writable_volume({"volumes": volumes}) is writable


@pytest.mark.parametrize(
    ("folder", "path", "inside"),
    [("a", "a", True), ("a", "a/b", True), ("a", "ab", False), (".", "x", True)],
)
def test_what_lies_in_a_folder(folder: str, path: str, inside: bool) -> None:
    assert holds(folder, path) is inside


def test_a_file_without_configs_has_none() -> None:
    assert placed_top(parse_compose(b"services: {}\nsecrets: {}", "c.yaml"), {}) == {"secrets": {}}
