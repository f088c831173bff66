"""A Next.js app of the sample, built cold a second time: not one byte differs."""

import secrets
from pathlib import Path

import pytest

from alecia_pipeline.config import BuilderConfig, Config
from alecia_pipeline.operations.reproducing import verification
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline_tests.box import open_box, sample_files
from alecia_pipeline_tests.conftest import Repository

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]


def test_next_js_repeats_itself_bit_for_bit(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    sandbox = open_box()
    status = sandbox.status()
    builder = BuilderConfig(contexts=sandbox.build_contexts(), docker_config=str(status.docker_config))
    files = sample_files()
    config = "apps/website/next.config.ts"  # a source of its own: the cache may know this one with another master key
    files[config] = f"// {secrets.token_hex(8)}\n".encode() + bytes(files[config])
    runner = Runner(repository(files), Config(registry=f"{status.registry}/repeats", builder=builder), print)
    verdict = verification(runner, "HEAD").repeats("website", None)
    assert verdict.differences == ()
    assert verdict.same
