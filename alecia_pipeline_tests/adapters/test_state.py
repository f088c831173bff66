import threading
from pathlib import Path

import pytest

from alecia_pipeline.adapters.state import cache_folder, locked, state_folder


def test_the_folders_follow_xdg(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "s"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "c"))
    assert (state_folder(), cache_folder()) == (tmp_path / "s" / "alecia", tmp_path / "c" / "alecia")


def test_a_relative_cache_folder_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "c")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "alecia"


def test_a_second_command_says_that_it_waits_and_then_goes_on(tmp_path: Path) -> None:
    said: list[str] = []
    waits, done = threading.Event(), threading.Event()

    def second() -> None:
        def report(line: str) -> None:
            said.append(line)
            waits.set()

        with locked(tmp_path, report):
            done.set()

    with locked(tmp_path / "other", said.append), locked(tmp_path, said.append):
        thread = threading.Thread(target=second)
        thread.start()
        assert waits.wait(10)
        assert not done.is_set()
    thread.join(10)
    assert done.is_set()
    assert said == ["waiting for another command"]
