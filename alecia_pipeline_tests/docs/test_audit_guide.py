"""docs/audit.md and the pre-commit hook: what they tell people to write is valid, and what they call is there."""

import re
import shlex
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from alecia_pipeline.audit.explanations import EXPLANATIONS
from alecia_pipeline.audit.finding import RULES
from alecia_pipeline.cli.audit import audit
from alecia_pipeline.cli.main import run
from alecia_pipeline_tests.conftest import Repository
from alecia_pipeline_tests.incidents.suite import SUITE, without

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs" / "audit.md").read_text()
BLOCKS: list[Any] = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)]
(HOOK,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())

CALLS = re.findall(r"^(?:\$|\s*- run:) alecia (audit[^#>\n]*)", GUIDE, re.MULTILINE)


@pytest.mark.parametrize("call", [*CALLS, HOOK["entry"].removeprefix("alecia ")])
def test_every_call_is_one_that_the_command_takes(call: str) -> None:
    name, *words = shlex.split(call)
    assert name == "audit"
    assert isinstance(audit.make_context("audit", words), click.Context)


def test_the_workflow_runs_the_audit() -> None:
    workflow = BLOCKS[0]
    steps = workflow["jobs"]["validate-deps"]["steps"]
    assert workflow["name"] == "validate-deps"
    assert steps[-1] == {"run": "alecia audit --format github"}
    assert all(re.fullmatch(r"[\w/-]+@v\d+", step["uses"]) for step in steps if "uses" in step)


def test_the_hook_is_the_one_that_the_guide_names() -> None:
    assert BLOCKS[2]["repos"][0]["hooks"] == [{"id": HOOK["id"]}]


def test_the_hook_fails_on_what_is_about_to_be_committed(repository: Repository) -> None:
    folder = repository(SUITE)
    call = [*shlex.split(HOOK["entry"])[1:], str(folder)]
    assert HOOK["pass_filenames"] is False
    assert run(call) == 0
    (folder / "apps/colab/package.json").write_text(without("@aws-sdk/client-s3"))
    assert run(call) == 1


def test_the_table_of_rules_is_the_rules() -> None:
    rows = re.findall(r"^\| `([\w-]+)` \| (error|warning|info) \| (.+) \|$", GUIDE, re.MULTILINE)
    assert rows == [(rule, severity, EXPLANATIONS[rule]) for rule, severity in RULES.items()]
