import functools
import json
from pathlib import Path

import httpx
import pytest

from alecia_pipeline.adapters.registry_http import RegistryClient
from alecia_pipeline.cli.main import run
from alecia_pipeline_tests.conftest import Repository
from alecia_pipeline_tests.monorepo import mini
from alecia_pipeline_tests.oci_images import write_image
from alecia_pipeline_tests.registry_server import HOST, RegistryServer

DOCKER = """\
#!/bin/sh
# Stands for the engine: leaves the prepared image where the real one would.
for word in "$@"; do case $word in --output=*) out=${word#*dest=}; out=${out%%,*};; esac; done
cat > /dev/null
echo "#1 building"
cp "$IMAGE" "$out"
"""


@pytest.fixture
def repo(repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_image: Path) -> Path:
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "docker").write_text(DOCKER)
    (programs / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.setenv("IMAGE", str(small_image))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    server = RegistryServer()
    monkeypatch.setattr(
        "alecia_pipeline.operations.planning.RegistryClient",
        functools.partial(RegistryClient, transport=httpx.WSGITransport(server)),
    )
    return repository(mini({"alecia.yaml": f"registry: {HOST}/mini\n"}))


@pytest.fixture
def small_image(tmp_path: Path) -> Path:
    return write_image(tmp_path / "prepared.tar", b"layer" * 1000)


def test_builds_then_reuses(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["build", "--repo", str(repo)]) == 0
    first = capsys.readouterr()
    assert "2 built, 0 reused" in first.out
    assert "cms | #1 building" in first.err
    assert run(["build", "--repo", str(repo), "cms", "--format", "json"]) == 0
    images = json.loads(capsys.readouterr().out)["images"]
    assert [(image["app"], image["reused"]) for image in images] == [("cms", True)]


def test_a_table_shows_what_was_reused(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["build", "--repo", str(repo), "cms"]) == 0
    assert run(["build", "--repo", str(repo)]) == 0
    assert "1 built, 1 reused" in capsys.readouterr().out


def test_a_failing_build_exits_with_one(
    repo: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IMAGE", "/nonexistent")
    assert run(["build", "--repo", str(repo), "cms"]) == 1
    assert "the build of cms failed" in capsys.readouterr().err


def test_an_unknown_app_exits_with_two(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["build", "--repo", str(repo), "nope"]) == 2
    assert "apps here: cms, website" in capsys.readouterr().err
