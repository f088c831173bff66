import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from alecia_pipeline.adapters.cache import Cache, default_cache

VALUES = {b"a": b"1", b"b": b""}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "cache.sqlite"


def test_what_is_put_is_got(path: Path) -> None:
    assert Cache(path).get([b"a"]) == {}
    assert not path.exists()
    Cache(path).put({})
    assert not path.exists()
    Cache(path).put(VALUES)
    Cache(path).put({b"a": b"2"})
    assert Cache(path).get([b"b", b"a", b"c"]) == {b"a": b"2", b"b": b""}
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_more_keys_than_one_question_takes(path: Path) -> None:
    values = {b"%d" % number: b"v" for number in range(1234)}
    Cache(path).put(values)
    assert Cache(path).get(list(values)) == values


def test_a_damaged_file_is_removed_and_built_again(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"no database" * 100)
    assert Cache(path).get([b"a"]) == {}
    assert not path.exists()
    Cache(path).put(VALUES)
    assert Cache(path).get([b"a"]) == {b"a": b"1"}


def test_a_damaged_value_is_not_there(path: Path) -> None:
    Cache(path).put(VALUES)
    with sqlite3.connect(path) as database:
        database.execute("UPDATE kept SET value = substr(value, 1, 4) || x'39' WHERE key = ?", (b"a",))
    database.close()
    assert Cache(path).get([b"a", b"b"]) == {b"b": b""}


def test_a_cache_that_cannot_be_is_as_if_empty(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "file" / "cache.sqlite", tmp_path / "folder"):
        Cache(path).put(VALUES)
        assert Cache(path).get([b"a"]) == {}
    assert (tmp_path / "file").read_text() == "x"


def test_another_process_at_work_is_no_reason_to_fail(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alecia_pipeline.adapters.cache.WAIT", 0.01)
    Cache(path).put(VALUES)
    with sqlite3.connect(path) as other:
        other.execute("BEGIN EXCLUSIVE")
        Cache(path).put({b"a": b"2"})
        assert Cache(path).get([b"a"]) == {}
        other.rollback()
    other.close()
    assert Cache(path).get([b"a"]) == {b"a": b"1"}


def test_the_older_half_goes_when_it_grows_too_large(path: Path) -> None:
    small = Cache(path, limit=100_000)
    for number in range(40):
        small.put({b"%d" % number: bytes(5000)})
    kept = small.get([b"%d" % number for number in range(40)])
    assert b"39" in kept
    assert b"0" not in kept
    assert path.stat().st_size < 200_000


def test_several_processes_write_at_once(path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from alecia_pipeline.adapters.cache import Cache\n"
        "for n in range(20): Cache(Path(sys.argv[1])).put({f'{sys.argv[2]}-{n}'.encode(): b'x' * 1000})"
    )
    started = [subprocess.Popen([sys.executable, "-c", code, str(path), str(number)]) for number in range(3)]
    assert [process.wait() for process in started] == [0, 0, 0]
    keys = [f"{process}-{number}".encode() for process in range(3) for number in range(20)]
    assert set(Cache(path).get(keys).values()) == {b"x" * 1000}


def test_it_is_in_the_users_cache_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    default_cache().put(VALUES)
    assert (tmp_path / "xdg" / "alecia" / "audit.sqlite").exists()
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    default_cache().put(VALUES)
    assert (tmp_path / ".cache" / "alecia" / "audit.sqlite").exists()
