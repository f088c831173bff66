import json
import os
import shutil
from pathlib import Path

import pytest

from alecia_pipeline.adapters.sandbox import engine, packages, sources
from alecia_pipeline.adapters.sandbox.engine import Engine
from alecia_pipeline.errors import ExitCode, OutsideError, UsageError


def test_settings_of_the_engine_keep_every_other_key() -> None:
    merged = json.loads(engine.merged_settings('{"mtu": 1400, "features": {"cdi": true}}'))
    assert merged == {"mtu": 1400, "features": {"cdi": True, "containerd-snapshotter": True}}


def test_a_feature_that_the_user_turned_off_stays_off() -> None:
    merged = json.loads(engine.merged_settings('{"features": {"containerd-snapshotter": false}}'))
    assert merged["features"] == {"containerd-snapshotter": False}


def test_settings_are_made_where_there_were_none() -> None:
    assert json.loads(engine.merged_settings("")) == {"features": {"containerd-snapshotter": True}}


@pytest.mark.parametrize("text", ["{", "[]"])
def test_settings_that_cannot_be_read_are_never_overwritten(text: str) -> None:
    with pytest.raises(UsageError, match="engine's settings"):
        engine.merged_settings(text)


def test_a_process_is_known_by_its_start_time() -> None:
    assert engine.start_time(os.getpid()) is not None
    assert engine.start_time(2**22 + 1) is None


def test_where_no_engine_can_be_installed_one_line_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("PATH", str(tmp_path))
    said: list[str] = []
    with pytest.raises(OutsideError, match="No container engine answers here") as caught:
        Engine(tmp_path).ensure(said.append)
    assert caught.value.exit_code is ExitCode.OUTSIDE
    assert "docker info" in (caught.value.fix or "")
    assert said == []


def test_an_engine_that_was_not_started_here_is_left_alone(tmp_path: Path) -> None:
    started_by_another = {"pid": os.getpid(), "start_time": "1"}
    (tmp_path / "dockerd.json").write_text(json.dumps(started_by_another))
    said: list[str] = []
    assert not Engine(tmp_path).stop(said.append)
    assert not Engine(tmp_path / "empty").stop(said.append)
    assert said == []


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder first on PATH with a `docker` that answers once `dockerd` has written its pid file."""
    folder = tmp_path / "bin"
    folder.mkdir()
    pid_file = tmp_path / "state" / "dockerd.pid"
    add(folder / "docker", f'[ "$1" = buildx ] || [ -s {pid_file} ]')
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(engine, "DAEMON_SETTINGS", tmp_path / "daemon.json")
    monkeypatch.setattr(sources, "operating_system", lambda: ("debian", "bookworm"))
    return folder


def add(program: Path, script: str) -> None:
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


DAEMON = 'echo "$$" > "$2"; exec sleep 300'


def test_an_engine_that_we_start_is_found_again_and_stopped(programs: Path, tmp_path: Path) -> None:
    add(programs / "dockerd", DAEMON)
    said: list[str] = []
    one = Engine(tmp_path / "state")
    one.ensure(said.append)
    one.ensure(said.append)
    assert said == ["no container engine answers on this machine", "starting the container engine (dockerd)"]
    pid = int((tmp_path / "state" / "dockerd.pid").read_text())
    assert engine.start_time(pid) is not None
    assert Engine(tmp_path / "state").stop(said.append)
    assert engine.start_time(pid) is None
    assert not one.stop(said.append)
    assert "containerd-snapshotter" in (tmp_path / "daemon.json").read_text()


def test_an_engine_that_serves_others_goes_on(programs: Path, tmp_path: Path) -> None:
    add(programs / "dockerd", DAEMON)
    said: list[str] = []
    one = Engine(tmp_path / "state")
    one.ensure(said.append)
    quiet = (programs / "docker").read_text()
    add(programs / "docker", '[ "$2" != ls ] || echo 0123456789ab')
    assert not one.stop(said.append)
    assert said[-1] == "the engine stays: other containers run in it (1)"
    (programs / "docker").write_text(quiet)
    assert one.stop(said.append)


def test_a_missing_engine_is_installed_first(programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed: list[str] = []

    def install(names: list[str], _: Path, report: packages.Report) -> None:
        installed.extend(names)
        report("installing")
        add(programs / "dockerd", DAEMON)

    monkeypatch.setattr(packages, "install", install)
    said: list[str] = []
    one = Engine(tmp_path / "state")
    monkeypatch.setattr(shutil, "which", lambda _: None)
    one.ensure(said.append)
    assert one.stop(said.append)
    assert "docker.io/trixie" in installed
    assert said[1:3] == ["installing", "starting the container engine (dockerd)"]


def test_an_engine_that_fails_to_start_shows_its_log(
    programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(programs / "dockerd", "echo no cgroups here >&2")
    monkeypatch.setattr(engine, "START_SECONDS", 0.3)
    with pytest.raises(OutsideError, match="did not start") as caught:
        Engine(tmp_path / "state").ensure(print)
    assert caught.value.why == "no cgroups here\n"


def test_a_client_without_buildx_is_told(programs: Path, tmp_path: Path) -> None:
    add(programs / "docker", '[ "$1" = info ]')
    with pytest.raises(OutsideError, match="no buildx"):
        Engine(tmp_path / "state").ensure(print)
