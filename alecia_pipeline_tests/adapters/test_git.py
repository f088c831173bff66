import os
import socket
import subprocess
from pathlib import Path

import pygit2
import pytest
import pytest_socket

from alecia_pipeline.adapters.git import (
    first_parents,
    open_commit,
    open_worktree,
    remote_url,
    resolve,
)
from alecia_pipeline.errors import UsageError
from alecia_pipeline.source.tree import EXECUTABLE, SUBMODULE, SYMLINK
from alecia_pipeline_tests.conftest import Repository, git, write
from alecia_pipeline_tests.trees import DictTree

FILES: dict[str, str | bytes] = {"b/x.txt": "x", "a.txt": b"\x00", "c": "c"}


def test_a_commit_has_the_ids_that_git_gives(repository: Repository) -> None:
    folder = repository(FILES)
    tree = open_commit(folder / "b", "HEAD")
    assert tree.entries == DictTree(FILES).entries
    assert list(tree.entries) == ["a.txt", "b/x.txt", "c"]
    assert tree.read("b/x.txt") == b"x"
    assert tree.commit == git(folder, "rev-parse", "HEAD")
    with pytest.raises(KeyError):
        tree.read("b")


def test_a_commit_is_read_and_not_the_folder(repository: Repository) -> None:
    folder = repository(FILES)
    write(folder, {"a.txt": "dirty", "new": ""})
    assert open_commit(folder, "HEAD").entries == DictTree(FILES).entries


def test_modes(repository: Repository) -> None:
    folder = repository({"run.sh": "x"})
    (folder / "run.sh").chmod(0o755)
    (folder / "link").symlink_to("run.sh")
    git(folder, "add", "--all")
    git(folder, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},vendor")
    git(folder, "commit", "--quiet", "--message=modes")
    tree = open_commit(folder, "HEAD")
    assert {path: entry.mode for path, entry in tree.entries.items()} == {
        "link": SYMLINK,
        "run.sh": EXECUTABLE,
        "vendor": SUBMODULE,
    }
    assert tree.read("link") == b"run.sh"
    with pytest.raises(KeyError):
        tree.read("vendor")


def test_a_file_that_the_clone_lacks_is_known_and_cannot_be_read(repository: Repository) -> None:
    folder = repository(FILES)
    oid = git(folder, "rev-parse", "HEAD:c")
    (folder / ".git/objects" / oid[:2] / oid[2:]).unlink()
    tree = open_commit(folder, "HEAD")
    assert [path for path, entry in tree.entries.items() if entry.is_absent] == ["c"]
    assert not tree.entries["c"].is_file
    with pytest.raises(UsageError, match="this clone has no content for c") as caught:
        tree.read("c")
    assert caught.value.where == f"{tree.commit}:c"


def test_a_bare_repository_and_every_kind_of_revision(repository: Repository, tmp_path: Path) -> None:
    folder = repository(FILES)
    git(folder, "tag", "--annotate", "--message=one", "v1")
    git(tmp_path, "clone", "--quiet", "--bare", str(folder), "bare.git")
    bare = tmp_path / "bare.git"
    head = git(folder, "rev-parse", "HEAD")
    for revision in ("HEAD", "main", "v1", head, head[:10]):
        assert resolve(bare, revision) == head
    assert open_commit(bare, "v1").read("c") == b"c"


def test_a_working_tree_is_what_the_next_commit_could_hold(repository: Repository) -> None:
    folder = repository({**FILES, ".gitignore": "ignored\n", "gone": "", "run.sh": "", "kind": "x"})
    (folder / "gone").unlink()
    (folder / "kind").unlink()
    (folder / "kind").symlink_to("c")
    (folder / "run.sh").chmod(0o755)
    write(folder, {"a.txt": "changed", "new/file": "n", "ignored": "", "staged": "s"})
    git(folder, "add", "staged")
    (folder / "inner").mkdir()
    git(folder / "inner", "init", "--quiet")
    tree = open_worktree(folder)
    expected = DictTree(
        {
            **FILES,
            ".gitignore": "ignored\n",
            "a.txt": "changed",
            "kind": "c",
            "new/file": "n",
            "run.sh": "",
            "staged": "s",
        },
        modes={"kind": SYMLINK},
        executable=frozenset({"run.sh"}),
        commit=None,
    )
    assert tree.entries == expected.entries
    assert [tree.read(path) for path in tree.entries] == [expected.read(path) for path in expected.entries]
    assert tree.commit is None


def test_a_bare_repository_has_no_working_tree(tmp_path: Path) -> None:
    pygit2.init_repository(str(tmp_path / "bare"), bare=True)
    with pytest.raises(UsageError, match="no working tree"):
        open_worktree(tmp_path / "bare")


def test_what_is_no_repository(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not a git repository") as caught:
        open_commit(tmp_path, "HEAD")
    assert caught.value.where == str(tmp_path)


def test_a_repository_of_a_kind_that_cannot_be_read(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--object-format=sha256")
    with pytest.raises(UsageError, match="not a git repository") as caught:
        open_worktree(tmp_path)
    assert "sha256" in (caught.value.why or "")


@pytest.mark.parametrize("revision", ["nope", "", "1" * 40, "HEAD^{tree}", "a..b", "--all", "HEAD~9"])
def test_an_unknown_revision(repository: Repository, revision: str) -> None:
    with pytest.raises(UsageError, match="unknown revision") as caught:
        open_commit(repository(FILES), revision)
    assert "git log" in (caught.value.fix or "")


def test_a_repository_without_a_commit(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    with pytest.raises(UsageError, match="unknown revision") as caught:
        open_commit(tmp_path, "HEAD")
    assert caught.value.fix == "commit first"


def test_unusual_names_are_kept(repository: Repository) -> None:
    files: dict[str, str | bytes] = {"új \n[x].txt": "1", "a\\b": "2", "aux": "3"}
    folder = repository(files)
    assert open_commit(folder, "HEAD").entries == DictTree(files).entries
    assert open_worktree(folder).entries == DictTree(files).entries


def test_a_name_that_is_not_utf8_is_refused(repository: Repository) -> None:
    folder = repository(FILES)
    (folder / os.fsdecode(b"caf\xe9")).write_text("")
    with pytest.raises(UsageError, match="no build can use") as caught:
        _ = open_worktree(folder).entries
    assert caught.value.where == r"'caf\udce9'"


def test_a_path_that_leaves_the_repository_is_refused(repository: Repository) -> None:
    folder = repository(FILES)
    objects = pygit2.Repository(str(folder))
    blob = objects.create_blob(b"x")
    raw = b"100644 ..\0" + blob.raw
    tree = objects.write(pygit2.enums.ObjectType.TREE, raw)
    commit = git(folder, "commit-tree", str(tree), "-m", "hostile")
    with pytest.raises(UsageError, match="no build can use"):
        _ = open_commit(folder, commit).entries


def test_first_parents_leave_merged_commits_out(repository: Repository) -> None:
    folder = repository(FILES)
    git(folder, "checkout", "--quiet", "-b", "side")
    git(folder, "commit", "--quiet", "--allow-empty", "--message=side")
    git(folder, "checkout", "--quiet", "main")
    git(folder, "merge", "--quiet", "--no-ff", "--message=merge", "side")
    expected = tuple(git(folder, "rev-parse", revision) for revision in ("main", "main~1"))
    assert first_parents(folder, "main", 9) == expected
    assert first_parents(folder, "main", 1) == expected[:1]


def test_the_address_of_the_remote(repository: Repository) -> None:
    folder = repository(FILES)
    assert remote_url(folder) is None
    git(folder, "remote", "add", "backup", "https://example.invalid/b.git")
    assert remote_url(folder) == "https://example.invalid/b.git"
    git(folder, "remote", "add", "origin", "git@example.invalid:a.git")
    assert remote_url(folder) == "git@example.invalid:a.git"


def test_the_network_is_off() -> None:
    with pytest.raises((pytest_socket.SocketBlockedError, UserWarning)):
        socket.socket(socket.AF_INET)


def test_the_fixture_makes_what_git_accepts(repository: Repository) -> None:
    assert subprocess.run(["git", "fsck", "--strict"], cwd=repository(FILES), check=False).returncode == 0
