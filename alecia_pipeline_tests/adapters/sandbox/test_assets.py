from pathlib import Path

import pytest

from alecia_pipeline.adapters.sandbox import assets
from alecia_pipeline.errors import UsageError


def test_the_repository_carries_its_assets() -> None:
    for name in ("base", "registry", "vps", "services"):
        assert assets.folder(name).is_dir()


def test_a_missing_folder_says_where_and_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="files are missing") as caught:
        assets.folder("vps", tmp_path)
    assert caught.value.where == str(tmp_path / "sandbox" / "vps")


def test_the_digest_changes_with_content_name_and_text(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    first = assets.digest(tmp_path, "x")
    assert first == assets.digest(tmp_path, "x")
    assert first != assets.digest(tmp_path, "y")
    (tmp_path / "a").rename(tmp_path / "b")
    renamed = assets.digest(tmp_path, "x")
    assert renamed != first
    (tmp_path / "b").write_text("2")
    assert assets.digest(tmp_path, "x") != renamed


def test_the_digest_of_one_file_does_not_depend_on_its_folder(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "file").write_text("same")
    assert assets.digest(tmp_path / "one" / "file") == assets.digest(tmp_path / "two" / "file")
