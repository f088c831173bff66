"""`alecia audit` end to end, on real repositories."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from alecia_pipeline.cli.main import run
from alecia_pipeline_tests.conftest import Repository, git
from alecia_pipeline_tests.incidents.suite import SUITE, without

COLAB = "apps/colab/package.json"
BROKEN = {**SUITE, COLAB: without("@aws-sdk/client-s3"), "._junk": b"\0"}


@pytest.fixture
def broken(repository: Repository) -> str:
    return str(repository(BROKEN))


def test_text_is_grouped_by_package_with_place_and_fix(broken: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", broken]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[:4] == [
        "alepanel (.)",
        "  error junk-file  ._junk",
        "    ._junk is left over from a desktop; it breaks linters and enters images",
        "    fix: git rm --cached ._junk && echo '._*' >> .gitignore",
    ]
    assert "@alecia/colab (apps/colab)" in lines
    assert "  error undeclared-import  apps/colab/lib/s3.ts:1" in lines
    assert re.match("3 errors.* in 5 packages, .*; `alecia audit --fix` mends 2", lines[-1])


def test_a_clean_repository_says_so(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", str(repository(SUITE))]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert " in 5 packages, " in last
    assert "error" not in last


def test_json_is_alone_on_stdout(broken: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", broken, "--format", "json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["commit"] == git(Path(broken), "rev-parse", "HEAD")
    assert report["repo"] == broken
    assert report["stats"]["packages"] == 5


def test_github_annotations(broken: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", broken, "--format", "github"]) == 1
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("::error ")]
    assert len(lines) == 3
    assert lines[1].startswith(
        "::error file=apps/colab/lib/s3.ts,line=1,title=undeclared-import::@aws-sdk/client-s3 is imported"
    )
    assert "%0Afix: pnpm --filter @alecia/colab add" in lines[1]


def test_sarif(broken: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", broken, "--format", "sarif"]) == 1
    log = json.loads(capsys.readouterr().out)
    assert log["version"] == "2.1.0"
    (sarif_run,) = log["runs"]
    rules = [rule["id"] for rule in sarif_run["tool"]["driver"]["rules"]]
    for result in sarif_run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
    places = [result["locations"][0]["physicalLocation"] for result in sarif_run["results"]]
    assert places[0]["artifactLocation"]["uri"] == "._junk"
    assert places[1]["region"] == {"startLine": 1}


def test_the_working_tree_is_read_on_request(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    folder = repository(SUITE)
    (folder / "apps/colab/lib/new.ts").write_text('import "pg"')
    assert run(["audit", str(folder)]) == 0
    capsys.readouterr()
    assert run(["audit", str(folder), "--worktree", "--format", "json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert (report["commit"], report["findings"][0]["dependency"]) == (None, "pg")


def test_another_revision(repository: Repository) -> None:
    folder = repository(BROKEN)
    (folder / "._junk").unlink()
    (folder / COLAB).write_text(str(SUITE[COLAB]))
    git(folder, "commit", "--quiet", "--all", "--message=second")
    assert run(["audit", str(folder)]) == 0
    assert run(["audit", str(folder), "--rev", "HEAD~1"]) == 1


def test_a_bare_repository_of_any_pnpm_monorepo(repository: Repository, tmp_path: Path) -> None:
    folder = repository(SUITE)
    git(tmp_path, "clone", "--quiet", "--bare", str(folder), "bare.git")
    assert run(["audit", str(tmp_path / "bare.git")]) == 0


def test_only_what_concerns_an_app(broken: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", broken, "--app", "website"]) == 0
    assert run(["audit", broken, "--app", "website", "--app", "colab"]) == 1
    assert "2 errors" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("files", "what"),
    [
        ({"apps/web/package.json": "{"}, "apps/web/package.json"),
        ({"pnpm-lock.yaml": "a: ["}, "pnpm-lock.yaml"),
        ({"apps/colab/Dockerfile": "RUN true\n"}, "apps/colab/Dockerfile"),
        ({"compose.yaml": "a: ["}, "compose.yaml"),
        ({"alecia.yaml": "ap: {}"}, "alecia.yaml"),
    ],
)
def test_bad_input_is_one_clear_error(
    files: dict[str, str], what: str, repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["audit", str(repository({**SUITE, **files}))]) == 2
    error = capsys.readouterr().err
    assert what in error
    assert "where:" in error
    assert "Traceback" not in error


@pytest.mark.parametrize("arguments", [["--app", "ghost"], ["--rev", "ghost"], ["--rev", "HEAD", "--worktree"]])
def test_wrong_usage(arguments: list[str], broken: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", broken, *arguments]) == 2
    assert capsys.readouterr().out == ""


def test_no_repository(tmp_path: Path) -> None:
    assert run(["audit", str(tmp_path)]) == 2


def test_the_audit_loads_no_framework() -> None:
    code = "import sys, alecia_pipeline.cli.audit; print({'dagster', 'docker', 'paramiko', 'httpx'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
