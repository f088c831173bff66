import json
import re
import subprocess
import sys
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


def test_text_shows_the_commit_the_first_causes_and_the_sum(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plan", str(repo), "--since", "HEAD~1"]) == 0
    shown = re.sub(r"\b[0-9a-f]{12}\b", "<hex>", capsys.readouterr().out)
    shown = re.sub(r"in [0-9.]+ s", "in 0.01 s", shown)
    assert (
        shown
        == """\
<hex>  next
against <hex>

  build  website  7 causes  key <hex>
         file        packages/ui/src/0.ts  added
         file        packages/ui/src/1.ts  added
         file        packages/ui/src/2.ts  added
         file        packages/ui/src/3.ts  added
         file        packages/ui/src/4.ts  added
                     and 2 more
  reuse  1 app  unchanged since <hex>
         cms

  affects   @mini/ui, @mini/website
  services  website

1 to build, 1 to reuse, planned in 0.01 s
"""
    )


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
        *("subject", "release", "pull_bytes"),
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
        *("problem", "deployed", "pull_bytes", "restarts"),
    ]
    assert [cause["what"] for cause in website["causes"]] == sorted(UI)


def test_a_bare_repository_is_fine(repo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    git(tmp_path, "clone", "--quiet", "--bare", str(repo), "bare.git")
    assert run(["plan", str(tmp_path / "bare.git")]) == 0
    assert "build  cms      no registry is configured, so no image is known  key " in capsys.readouterr().out


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


def test_an_app_that_cannot_be_planned_is_to_be_built_and_hides_no_other(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(repository(mini({"apps/cms/Dockerfile": "FROM node:20\nFETCH it\n"})))
    assert run(["plan", folder, "--since", "HEAD"]) == 2
    shown = capsys.readouterr().out
    assert "  build  cms  apps/cms/Dockerfile is not a valid Dockerfile\n" in shown
    assert "         where       apps/cms/Dockerfile:2\n         why         unknown instruction FETCH\n" in shown
    assert "1 to build, 1 to reuse" in shown
    assert "; 1 cannot be built as the commit is" in shown
    assert run(["plan", folder, "--since", "HEAD", "--format", "json"]) == 2
    cms, website = json.loads(capsys.readouterr().out)["apps"]
    assert (cms["action"], cms["key"], cms["image"]) == ("build", "", None)
    assert [cause["kind"] for cause in cms["causes"]] == ["unknown"]
    assert cms["problem"]["fix"] == "mend that line"
    assert (website["action"], website["problem"]) == ("reuse", None)


def test_a_plan_loads_no_cryptography(repo: Path) -> None:
    (repo / "alecia.yaml").write_text("signing: {key: {env: NOT_SET_HERE}, public_key: none.pub}\n")
    code = (
        "import sys; from alecia_pipeline.cli.main import run; "
        f"assert run(['plan', {str(repo)!r}, '--since', 'HEAD~1']) == 0; "
        "print({'nacl', 'cryptography', 'dagster', 'paramiko'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("set()\n")
