from pathlib import Path

import pytest

from alecia_pipeline.adapters.git import first_parents, resolve
from alecia_pipeline.adapters.mirror import is_remote, refresh
from alecia_pipeline.adapters.process import is_running, this_process
from alecia_pipeline.adapters.state import state_folder
from alecia_pipeline.errors import OutsideError
from alecia_pipeline_tests.conftest import Repository, git


@pytest.mark.parametrize(
    ("name", "remote"),
    [
        ("https://example.invalid/a.git", True),
        ("ssh://git@example.invalid/a.git", True),
        ("git@example.invalid:a/b.git", True),
        ("/srv/git/a.git", False),
        (".", False),
        ("../with@sign", False),
    ],
)
def test_what_is_remote(name: str, remote: bool) -> None:
    assert is_remote(name) is remote


def test_a_mirror_follows_its_origin(repository: Repository, tmp_path: Path) -> None:
    origin = repository({"a": "1"})
    mirror = tmp_path / "deep" / "mirror.git"
    refresh(f"file://{origin}", mirror)
    first = resolve(mirror, "main")
    git(origin, "commit", "--quiet", "--allow-empty", "--message=second")
    git(origin, "branch", "next")
    refresh(f"file://{origin}", mirror)
    assert resolve(mirror, "main") == resolve(mirror, "next") == resolve(origin, "HEAD") != first


def test_an_address_that_does_not_answer_is_told_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(OutsideError) as caught:
        refresh("file://user:hunter2@/nowhere/at/all", tmp_path / "m.git")
    assert "hunter2" not in str(caught.value)


def test_first_parents_leave_out_what_a_merge_brought(repository: Repository) -> None:
    repo = repository({"a": "1"})
    first = resolve(repo, "HEAD")
    git(repo, "checkout", "--quiet", "-b", "side")
    git(repo, "commit", "--quiet", "--allow-empty", "--message=side")
    git(repo, "checkout", "--quiet", "main")
    git(repo, "merge", "--quiet", "--no-ff", "--message=merge", "side")
    assert first_parents(repo, "main", 9) == (resolve(repo, "main"), first)
    assert first_parents(repo, "main", 1) == (resolve(repo, "main"),)


def test_a_process_is_known_by_more_than_its_number() -> None:
    mine = this_process()
    assert is_running(mine)
    assert not is_running(mine + "0")
    host, number, _ = mine.split(":")
    assert not is_running(f"{host}:{2**22 + 1}:1")
    assert not is_running(f"{host}:words:1")
    assert is_running(f"other-{host}:{number}:1")


def test_the_state_folder_follows_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/var/state")
    assert state_folder() == Path("/var/state/alecia")
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", "/home/someone")
    assert state_folder() == Path("/home/someone/.local/state/alecia")
