import io
import tarfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from alecia_pipeline.adapters.sandbox import containers
from alecia_pipeline.adapters.sandbox.containers import Container, ContainerFile

KEY = ContainerFile(path="/etc/ssh/key", content=b"secret", mode=0o600)
ONE = Container(name="one", image="image:1", options=("--init",), files=(KEY,))


@pytest.mark.parametrize(
    "changed",
    [
        {"image": "image:2"},
        {"options": ("--init", "--privileged")},
        {"files": (KEY.model_copy(update={"content": b"other"}),)},
        {"files": (KEY.model_copy(update={"mode": 0o644}),)},
        {"files": ()},
    ],
)
def test_every_part_changes_the_definition(changed: dict[str, object]) -> None:
    assert ONE.model_copy(update=changed).definition != ONE.definition


def test_the_definition_shows_no_content() -> None:
    assert ONE.definition == ONE.model_copy().definition
    assert "secret" not in ONE.definition


def test_files_are_packed_for_root_with_their_modes() -> None:
    with tarfile.open(fileobj=io.BytesIO(containers._archive((KEY,)))) as archive:
        (entry,) = archive.getmembers()
    assert (entry.name, entry.mode, entry.uid, entry.size) == ("etc/ssh/key", 0o600, 0, 6)


def test_docker_reads_the_sandboxes_own_configuration(tmp_path: Path) -> None:
    environment = containers.environment(tmp_path)
    assert environment["DOCKER_CONFIG"] == str(tmp_path)
    assert "PATH" in environment


ALONE = """\
mkdir "$0.busy" || { echo already exists >&2; exit 1; }
sleep 0.2
rmdir "$0.busy"
"""


def test_two_builds_of_one_name_wait_for_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    docker = tmp_path / "docker"
    docker.write_text(f"#!/bin/sh\n{ALONE}")
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with ThreadPoolExecutor(2) as pool:
        builds = [pool.submit(containers.build, f"local/one:{tag}", tmp_path, tmp_path / "Dockerfile") for tag in "ab"]
        assert [build.result() for build in builds] == [None, None]
