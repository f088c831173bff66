import json
from pathlib import Path

import click
import pytest

from alecia_pipeline.cli import main as entry
from alecia_pipeline.cli.main import COMMANDS, alecia, run
from alecia_pipeline.errors import RefusedError, UsageError
from alecia_pipeline.operations.runner import load_config


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_listed_command_has_help_with_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([name, "--help"]) == 0
    shown = capsys.readouterr().out
    assert "Examples:" in shown
    assert f"alecia {name}" in shown


def test_help_lists_each_command_and_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(f"\n  {name} " in shown for name in COMMANDS)
    assert "3 refused" in shown


def test_an_unknown_command_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["deploy"]) == 2
    assert "No such command" in capsys.readouterr().err


def test_schema_prints_json_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema"]) == 0
    printed = capsys.readouterr()
    assert "environments" in json.loads(printed.out)["properties"]
    assert not printed.err


def test_a_handled_error_prints_its_parts_and_exits_with_its_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(**_: object) -> None:
        raise RefusedError("the lease is held", where="staging", why="run 12 holds it", fix="wait [or] `alecia unlock`")

    monkeypatch.setattr(alecia, "main", refuse)
    assert run([]) == 3
    assert capsys.readouterr().err == (
        "error: the lease is held\n  where: staging\n  why: run 12 holds it\n  fix: wait [or] `alecia unlock`\n"
    )


def test_an_interrupt_is_130_and_main_exits(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(**_: object) -> None:
        raise click.exceptions.Abort

    monkeypatch.setattr(alecia, "main", interrupt)
    with pytest.raises(SystemExit) as caught:
        entry.main([])
    assert caught.value.code == 130


def test_the_runner_file_is_the_named_one_or_the_repositorys_own(tmp_path: Path) -> None:
    assert load_config(None, tmp_path).registry is None
    (tmp_path / "alecia.yaml").write_text("registry: a/b")
    assert load_config(None, tmp_path).registry == "a/b"
    other = tmp_path / "runner.yaml"
    with pytest.raises(UsageError, match="missing"):
        load_config(str(other), tmp_path)
    other.write_text("registry: c/d")
    assert load_config(str(other), tmp_path).registry == "c/d"
