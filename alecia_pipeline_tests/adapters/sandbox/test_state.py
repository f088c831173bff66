from pathlib import Path

import pytest

from alecia_pipeline.adapters.sandbox import state


def test_the_state_folder_follows_xdg(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert state.default_directory() == tmp_path / "alecia" / "sandbox"


def test_the_state_folder_is_in_the_home_by_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert state.default_directory() == tmp_path / ".local" / "state" / "alecia" / "sandbox"


def test_a_file_is_replaced_with_its_mode_and_leaves_nothing_beside(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "key"
    state.write(path, "old", mode=state.PUBLIC)
    state.write(path, b"new", mode=state.PRIVATE)
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_equal_content_is_not_written_again(tmp_path: Path) -> None:
    path = tmp_path / "file"
    assert state.write_changed(path, "one")
    before = path.stat().st_ino
    assert not state.write_changed(path, b"one")
    assert path.stat().st_ino == before
    assert state.write_changed(path, "two")
