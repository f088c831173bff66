import os
from pathlib import Path

import pytest

from alecia_pipeline.adapters.sandbox import packages, sources
from alecia_pipeline.adapters.sandbox.sources import Source
from alecia_pipeline.errors import OutsideError


def test_debian_12_takes_the_engine_from_the_next_suite() -> None:
    names = packages.engine_packages("debian", "bookworm")
    assert [name for name in names if name.endswith("/trixie")] == [
        "docker.io/trixie",
        "docker-cli/trixie",
        "docker-compose/trixie",
        "docker-buildx/trixie",
    ]


@pytest.mark.parametrize(("distribution", "release"), [("debian", "trixie"), ("ubuntu", "noble")])
def test_newer_systems_use_their_own_engine(distribution: str, release: str) -> None:
    names = packages.engine_packages(distribution, release)
    assert "docker.io" in names
    assert not any("/" in name for name in names)


def test_nothing_is_installed_elsewhere() -> None:
    assert packages.engine_packages("fedora", "") == []


def test_without_root_the_command_to_run_is_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    said: list[str] = []
    with pytest.raises(OutsideError, match="These packages are missing") as caught:
        packages.install(["docker.io/trixie", "iptables"], tmp_path, said.append)
    assert caught.value.fix == "as root: apt-get install docker.io iptables"
    assert said == []


@pytest.fixture
def apt_log(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The arguments of each call of a stand-in `apt-get`, one call a line."""
    log = tmp_path / "log"
    program = tmp_path / "bin" / "apt-get"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$*" >> {log}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    archive = Source(uri="http://mirror.invalid/debian", suites=("bookworm",))
    security = Source(uri="http://mirror.invalid/security", suites=("bookworm-security",))
    monkeypatch.setattr(sources, "debian_sources", lambda: (archive, security))
    return log


def test_plain_packages_come_from_the_machines_own_sources(apt_log: Path, tmp_path: Path) -> None:
    said: list[str] = []
    packages.install(["mmdebstrap"], tmp_path / "apt", said.append)
    assert said == ["installing from the distribution's packages: mmdebstrap"]
    assert apt_log.read_text().splitlines() == ["update -qq", "install -qq -y --no-install-recommends mmdebstrap"]
    assert not (tmp_path / "apt").exists()


def test_another_suite_is_read_through_lists_of_our_own(apt_log: Path, tmp_path: Path) -> None:
    packages.install(["docker.io/trixie"], tmp_path / "apt", print)
    assert all(f"Dir::Etc::SourceParts={tmp_path}/apt/sources" in line for line in apt_log.read_text().splitlines())
    stanzas = (tmp_path / "apt" / "sources" / "debian.sources").read_text()
    assert [source.suites for source in sources.parse_deb822(stanzas)] == [
        ("bookworm",),
        ("trixie",),
        ("bookworm-security",),
    ]
    assert "Pin-Priority: 100" in (tmp_path / "apt" / "preferences" / "trixie").read_text()
