from pathlib import Path

import pytest

from alecia_pipeline.adapters.edits import replace_files
from alecia_pipeline.errors import RefusedError, UsageError


def test_files_are_replaced_and_keep_their_mode(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/one").write_text("old")
    (tmp_path / "a/one").chmod(0o640)
    replace_files(tmp_path, {"a/one": b"old"}, {"a/one": b"new", "two": b"made"})
    assert (tmp_path / "a/one").read_text() == "new"
    assert (tmp_path / "a/one").stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "one", "two"]


@pytest.mark.parametrize("before", [{"one": b"other"}, {}])
def test_a_file_that_changed_meanwhile_stops_all(tmp_path: Path, before: dict[str, bytes]) -> None:
    (tmp_path / "one").write_text("mine")
    with pytest.raises(RefusedError, match="one has changed"):
        replace_files(tmp_path, before, {"two": b"x", "one": b"y"})
    assert [path.read_text() for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize("path", ["link/file", "file", "../outside/file"])
def test_no_edit_leaves_the_repository(tmp_path: Path, path: str) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (outside / "file").write_text("theirs")
    (root / "link").symlink_to(outside)
    (root / "file").symlink_to(outside / "file")
    with pytest.raises(UsageError, match="behind a symbolic link"):
        replace_files(root, {path: b"theirs"}, {path: b"mine"})
    assert (outside / "file").read_text() == "theirs"


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    with pytest.raises(OSError):  # noqa: PT011 - a folder in the way; its message is the system's
        replace_files(tmp_path, {}, {"one": b"x"})
    assert [path.name for path in tmp_path.iterdir()] == ["one"]
