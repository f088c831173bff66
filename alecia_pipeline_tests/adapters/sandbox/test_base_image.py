import platform
import shutil
from pathlib import Path

import pytest

from alecia_pipeline.adapters.sandbox import base_image, packages, sources
from alecia_pipeline.adapters.sandbox.base_image import BaseImages
from alecia_pipeline.adapters.sandbox.sources import Source
from alecia_pipeline.errors import OutsideError


def pem(text: str) -> str:
    return f"-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----"


def test_only_authorities_beyond_the_systems_own_are_taken(tmp_path: Path) -> None:
    packaged = tmp_path / "packaged" / "mozilla"
    packaged.mkdir(parents=True)
    (packaged / "known.crt").write_text(pem("AAAA\r\nBBBB"))
    bundle = tmp_path / "bundle.crt"
    bundle.write_text(f"# comment\n{pem('AAAA' + chr(10) + 'BBBB')}\n{pem('CCCC')}\n")
    assert base_image.extra_authorities(bundle, tmp_path / "packaged") == [pem("CCCC")]


def test_a_machine_without_a_bundle_adds_none(tmp_path: Path) -> None:
    assert base_image.extra_authorities(tmp_path / "none", tmp_path) == []


def test_the_context_carries_sources_options_and_authorities(tmp_path: Path) -> None:
    base_image._write_context(tmp_path, "Types: deb\n", "Acquire::Check-Date false;\n", [pem("CCCC")])
    assert (tmp_path / "etc/apt/sources.list.d/debian.sources").read_text() == "Types: deb\n"
    assert (tmp_path / "etc/apt/apt.conf.d/99machine").read_text() == "Acquire::Check-Date false;\n"
    assert (tmp_path / "host-ca/machine-0.crt").read_text() == f"{pem('CCCC')}\n"


DOCKER = """cd {folder}; echo "docker $*" >> log
case "$1 $2" in
  "manifest inspect") [ -e hub-answers ] ;;
  "image inspect") grep -qxF -- "$5" built ;;
  "buildx build") echo "$6" >> built ;;
esac"""
MMDEBSTRAP = (
    'echo "mmdebstrap $*" >> {folder}/log; for last; do before="$archive"; archive="$last"; done; touch "$before"'
)
NPM = """echo "npm $*" >> {folder}/log
mkdir {folder}/package && echo > {folder}/package/index.js
tar -czf "${{3#--pack-destination=}}/it.tgz" -C {folder} package && rm -r {folder}/package"""


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of stand-in programs that write down how they were called."""
    folder = tmp_path / "machine"
    folder.mkdir()
    (folder / "built").touch()
    for name, script in {"docker": DOCKER, "mmdebstrap": MMDEBSTRAP, "npm": NPM, "apt-config": "exit 0"}.items():
        (folder / name).write_text(f"#!/bin/sh\n{script.format(folder=folder)}\n")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    archive = Source(uri="http://mirror.invalid/debian", suites=("trixie",))
    security = Source(uri="http://mirror.invalid/security", suites=("trixie-security",))
    monkeypatch.setattr(sources, "debian_sources", lambda: (archive, security))
    return folder


def test_without_a_hub_both_images_are_made_from_packages_once(machine: Path, tmp_path: Path) -> None:
    said: list[str] = []
    images = BaseImages(tmp_path).ensure({}, said.append)
    assert [line.partition(":")[0] for line in said] == ["no image hub answers"] * 2
    assert images["debian:bookworm-slim"].startswith("alecia-sandbox/debian:")
    log = (machine / "log").read_text()
    assert "--variant=minbase" in log
    assert " bookworm " in log
    assert "npm pack --silent --pack-destination=/" in log
    assert f"--build-context debian:bookworm-slim=docker-image://{images['debian:bookworm-slim']}" in log
    assert BaseImages(tmp_path).ensure(images, said.append) == images
    assert len(said) == 2


def test_where_the_hub_answers_its_images_are_taken(machine: Path, tmp_path: Path) -> None:
    (machine / "hub-answers").touch()
    said: list[str] = []
    images = BaseImages(tmp_path).ensure({}, said.append)
    assert images == {name: f"alecia-sandbox/{name}" for name in ("debian:bookworm-slim", "node:20-alpine")}
    assert said == ["pulling debian:bookworm-slim", "pulling node:20-alpine"]
    (machine / "hub-answers").unlink()
    assert BaseImages(tmp_path).ensure(images, said.append) == images
    assert len(said) == 2


def test_stand_ins_stay_when_the_hub_comes_back(machine: Path, tmp_path: Path) -> None:
    images = BaseImages(tmp_path).ensure({}, print)
    (machine / "hub-answers").touch()
    assert BaseImages(tmp_path).ensure(images, print) == images


def test_a_missing_tool_is_installed_first(machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed: list[str] = []
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(packages, "install", lambda names, *_: installed.extend(names))
    BaseImages(tmp_path).ensure({}, print)
    assert installed == ["mmdebstrap"]


def test_a_processor_without_a_node_package_is_named(
    machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(OutsideError, match="on this processor") as caught:
        BaseImages(tmp_path).ensure({}, print)
    assert caught.value.where == "riscv64"
