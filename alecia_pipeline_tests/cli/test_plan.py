import json
from pathlib import Path

import pytest

from alecia_pipeline.cli.main import run
from alecia_pipeline_tests.conftest import Repository, git, write
from alecia_pipeline_tests.monorepo import mini

UI = {f"packages/ui/src/{number}.ts": "" for number in range(7)}


@pytest.fixture
def repo(repository: Repository) -> Path:
    folder = repository(mini())
    write(folder, UI)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=next")
    return folder


def test_text_shows_action_key_the_first_causes_and_the_sum(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plan", str(repo), "--since", "HEAD~1"]) == 0
    shown = capsys.readouterr().out
    assert "file: packages/ui/src/0.ts (added)" in shown
    assert "packages/ui/src/5.ts" not in shown
    assert "… and 2 more" in shown
    assert "the key is the same" in shown
    assert "packages affected: @mini/ui, @mini/website" in shown
    assert "1 to build, 1 to reuse, planned in 0." in shown


def test_json_is_the_contract_and_has_every_cause(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plan", str(repo), "--since", "HEAD~1", "--format", "json"]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert list(plan) == [
        "schema",
        "commit",
        "since",
        "environment",
        "apps",
        "packages_affected",
        "migrations",
        "services",
        "seconds",
    ]
    website = plan["apps"][1]
    assert list(website) == [
        "name",
        "package",
        "dir",
        "dockerfile",
        "target",
        "key",
        "previous_key",
        "action",
        "causes",
        "image",
    ]
    assert [cause["what"] for cause in website["causes"]] == sorted(UI)


def test_a_bare_repository_is_fine(repo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    git(tmp_path, "clone", "--quiet", "--bare", str(repo), "bare.git")
    assert run(["plan", str(tmp_path / "bare.git")]) == 0
    assert "unknown: cms (no registry is configured, so no image is known)" in capsys.readouterr().out


def test_no_app_is_said(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    files = {"package.json": "{}", "pnpm-workspace.yaml": "packages: []"}
    assert run(["plan", str(repository(files))]) == 0
    assert "no app" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--rev", "nope"], 2),
        (["--since", "nope"], 2),
        (["--env", "nope"], 2),
        (["--env", "e", "--since", "HEAD"], 2),
    ],
)
def test_bad_input_has_its_code(
    repo: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int
) -> None:
    assert run(["plan", str(repo), *arguments]) == code
    printed = capsys.readouterr()
    assert printed.err.startswith("error:")
    assert "fix:" in printed.err
    assert not printed.out


def test_no_repository_has_its_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plan", str(tmp_path)]) == 2
    assert "not a git repository" in capsys.readouterr().err
