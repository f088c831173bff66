"""What the docker client says, with a small program in its place."""

import os
from pathlib import Path

import pytest

from alecia_pipeline.adapters.docker_client import describe_builder
from alecia_pipeline.errors import OutsideError

DOCKER = """\
#!/bin/sh
echo "$DOCKER_CONFIG $*" >> "$CALLS"
case "$*" in
    version*) echo 27.5.1;;
    "buildx version") echo "github.com/docker/buildx v0.20.0 abc";;
    "buildx inspect remote") echo "Name: remote";;
    *) echo "no builder found" >&2; exit 1;;
esac
"""


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    program = tmp_path / "docker"
    program.write_text(DOCKER)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/usr/bin{os.pathsep}/bin")
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    return tmp_path / "calls"


def test_engine_and_buildx_are_asked_with_the_configured_login(calls: Path, tmp_path: Path) -> None:
    assert describe_builder(None, tmp_path) == "engine 27.5.1, buildx v0.20.0"
    assert all(line.startswith(f"{tmp_path} ") for line in calls.read_text().splitlines())


def test_a_named_builder_must_be_there(calls: Path) -> None:
    assert describe_builder("remote", None) == "engine 27.5.1, buildx v0.20.0"
    with pytest.raises(OutsideError) as caught:
        describe_builder("other", None)
    assert caught.value.why == "no builder found"
    assert caught.value.fix


def test_without_docker_the_fix_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OutsideError, match="`docker` is not installed") as caught:
        describe_builder(None, None)
    assert "alecia sandbox up" in (caught.value.fix or "")
