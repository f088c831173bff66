"""`alecia audit --fix`: a diff first, edits on request, and nothing of the repository is run."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from alecia_pipeline.cli.main import run
from alecia_pipeline_tests.conftest import Repository, git, write

ROOT = {"name": "root", "private": True, "packageManager": "pnpm@9.8.0"}
OLD = "lockfileVersion: '9.0'\n\nimporters:\n\n  .: {}\n\n  packages/a:\n    dependencies:\n      is-odd:\n\
        specifier: 3.0.1\n        version: 3.0.1\n\n  packages/b: {}\n\npackages:\n\n  is-odd@3.0.1:\n\
    resolution: {integrity: sha512-x}\n\nsnapshots:\n\n  is-odd@3.0.1: {}\n"
NEW = OLD.replace(
    "packages/b: {}",
    "packages/b:\n    dependencies:\n      is-odd:\n        specifier: 3.0.1\n        version: 3.0.1",
)
FILES: Mapping[str, str] = {
    "package.json": json.dumps(ROOT, indent=2) + "\n",
    "pnpm-workspace.yaml": "packages: [packages/*]\n",
    "pnpm-lock.yaml": OLD,
    "packages/a/package.json": json.dumps({"name": "a", "dependencies": {"is-odd": "3.0.1"}}, indent=2) + "\n",
    "packages/a/index.ts": 'import "is-odd";\n',
    "packages/b/package.json": '{\n  "name": "b"\n}\n',
    "packages/b/index.ts": 'import "is-odd";\n',
}
MENDED = '{\n  "name": "b",\n  "dependencies": {\n    "is-odd": "3.0.1"\n  }\n}\n'

NPX = """#!/bin/sh
env > "$HOME/environment"; pwd > "$HOME/folder"; echo "$@" > "$HOME/arguments"
while [ "$1" != --dir ]; do shift; done
{body}
"""


@pytest.fixture
def npx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for npx that writes the lockfile pnpm would write, since unit tests have no network."""
    return _program(tmp_path, monkeypatch, 'cp "$HOME/new.yaml" "$2/pnpm-lock.yaml"')


def _program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, name: str = "npx") -> Path:
    home = tmp_path / "home"
    write(home, {f"bin/{name}": NPX.replace("{body}", body), "new.yaml": NEW})
    (home / "bin" / name).chmod(0o755)
    for needed in ("sh", "env", "cp", "cat", "git"):
        (home / "bin" / needed).symlink_to(shutil.which(needed) or needed)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PATH", str(home / "bin"))
    monkeypatch.setenv("SOME_TOKEN", "secret")
    return home


def _state(folder: Path) -> dict[str, str]:
    return {path: (folder / path).read_text() for path in FILES}


def test_without_a_terminal_the_diff_is_all(
    repository: Repository, npx: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder = repository(FILES)
    assert run(["audit", str(folder), "--fix"]) == 1
    printed = capsys.readouterr()
    assert "nothing is written; `alecia audit --fix --yes` writes it" in printed.err
    assert _state(folder) == FILES
    (tmp_path / "fix.diff").write_text(printed.out)
    patch = ["patch", "--quiet", "--strip=1", "--directory", str(folder), "--input", str(tmp_path / "fix.diff")]
    subprocess.run(patch, check=True, env={"PATH": "/usr/bin:/bin"})
    assert _state(folder) == {**FILES, "packages/b/package.json": MENDED, "pnpm-lock.yaml": NEW}


def test_with_yes_it_is_written_and_audited_again(
    repository: Repository, npx: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = repository(FILES)
    assert run(["audit", str(folder), "--fix", "--yes"]) == 0
    assert _state(folder) == {**FILES, "packages/b/package.json": MENDED, "pnpm-lock.yaml": NEW}
    assert "no findings in 3 packages" in capsys.readouterr().out
    assert run(["audit", str(folder), "--fix", "--yes"]) == 0
    assert "+++" not in capsys.readouterr().out


def test_pnpm_runs_elsewhere_without_scripts_and_secrets(repository: Repository, npx: Path) -> None:
    folder = repository(FILES)
    run(["audit", str(folder), "--fix"])
    words = (npx / "arguments").read_text().split()
    assert words[:3] == ["--yes", "pnpm@9.8.0", "--dir"]
    assert {"--lockfile-only", "--ignore-scripts", "--ignore-pnpmfile"} <= set(words)
    assert not Path(words[3]).exists()
    assert (npx / "folder").read_text().strip() not in {words[3], str(folder)}
    assert "secret" not in (npx / "environment").read_text()


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", 1)])
def test_on_a_terminal_it_asks(repository: Repository, npx: Path, answer: str, code: int) -> None:
    folder = repository(FILES)
    ours, theirs = os.openpty()
    program = "import sys; from alecia_pipeline.cli.main import main; main(sys.argv[1:])"
    argv = [sys.executable, "-c", program, "audit", str(folder), "--fix"]
    with subprocess.Popen(argv, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        os.write(ours, answer.encode())
        shown = _read(ours)
        assert process.wait() == code
    os.close(ours)
    assert "Write this? [y/N]" in shown
    assert "\x1b[32m+" in shown
    assert (_state(folder) == FILES) == (code == 1)


def _read(terminal: int) -> str:
    shown = b""
    try:
        while more := os.read(terminal, 4096):
            shown += more
    except OSError:  # the other end is closed: Linux has no end of file here
        pass
    return shown.decode()


def test_what_has_no_known_version_is_told(
    repository: Repository, capsys: pytest.CaptureFixture[str], npx: Path
) -> None:
    folder = repository({**FILES, "packages/b/index.ts": 'import "unheard-of";\n'})
    assert run(["audit", str(folder), "--fix", "--yes"]) == 1
    printed = capsys.readouterr()
    assert "no version is known, run: pnpm --filter b add unheard-of" in printed.err
    assert "1 error in 3 packages" in printed.out


def test_a_failing_pnpm_writes_nothing(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = repository(FILES)
    _program(tmp_path, monkeypatch, "echo no such version; exit 1")
    assert run(["audit", str(folder), "--fix", "--yes"]) == 4
    assert "no such version" in capsys.readouterr().err
    assert _state(folder) == FILES


def test_a_pnpm_without_end_is_ended(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = repository(FILES)
    _program(tmp_path, monkeypatch, "cat /dev/zero > /dev/null")
    monkeypatch.setattr("alecia_pipeline.adapters.pnpm.SECONDS", 0.3)
    assert run(["audit", str(folder), "--fix", "--yes"]) == 4
    assert "pnpm takes too long" in capsys.readouterr().err


def test_without_node_it_runs_in_a_container(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = repository({**FILES, "alecia.yaml": "builder: {docker_config: ~/login}\n"})
    home = _program(tmp_path, monkeypatch, "exit 0", name="docker")
    assert run(["audit", str(folder), "--fix"]) == 1
    words = (home / "arguments").read_text().split()
    assert words[:3] == ["--config", str(home / "login"), "run"]
    assert {"--rm", "--cap-drop=ALL", "node:20-alpine", "--ignore-scripts"} <= set(words)
    volumes = [word for word in words if word.startswith("--volume=")]
    assert [volume.rpartition(":")[2] for volume in volumes] == ["/repo"]


def test_without_node_and_docker_it_says_so(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = repository(FILES)
    _program(tmp_path, monkeypatch, "", name="other")
    assert run(["audit", str(folder), "--fix"]) == 4
    assert "neither npx nor docker" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [["--fix", "--rev", "HEAD"], ["--fix", "--format", "json"], ["--yes"], ["--fix", "--app", "ghost"]]
)
def test_wrong_usage(arguments: list[str], repository: Repository) -> None:
    assert run(["audit", str(repository(FILES)), *arguments]) == 2


def test_a_bare_repository_cannot_be_edited(repository: Repository, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--bare", str(repository(FILES)), "bare.git")
    assert run(["audit", str(tmp_path / "bare.git"), "--fix"]) == 2
