"""Trials with a small program in the docker client's place; with a real engine they are in e2e/test_checks.py."""

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from alecia_pipeline.adapters.oci_layout import OciLayout
from alecia_pipeline.adapters.process import this_process
from alecia_pipeline.adapters.trial import Engine
from alecia_pipeline.errors import OutsideError
from alecia_pipeline.images.checks.boot import Trial
from alecia_pipeline.images.checks.service import Service
from alecia_pipeline_tests.oci_images import layer, write_image

DOCKER = """\
#!/bin/sh
# Notes each call, and answers with the file that is named like it, if there is one: status, then output.
case "$1 $2" in
    "container inspect"*) case "$3" in --format*) name=state;; *) name=container;; esac;;
    "image inspect"*) name=image;;
    *) name=$1;;
esac
echo "$name $DOCKER_CONFIG $*" >> "$PLAY/calls"
number=$(grep -c "^$name " "$PLAY/calls")
if [ "$name" = load ]; then cat > "$PLAY/loaded.$number"; fi
for file in "$PLAY/$name.$number" "$PLAY/$name"; do
    if [ -f "$file" ]; then sed 1d "$file"; exit "$(head -1 "$file")"; fi
done
"""

ASKED = Service({"A": "b"}, health=("wget", "http://127.0.0.1/"))


@pytest.fixture
def image(tmp_path: Path) -> OciLayout:
    return OciLayout(write_image(tmp_path / "image", layer({"a": b"x"})))


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, image: OciLayout) -> Path:
    folder = tmp_path / "play"
    folder.mkdir()
    (folder / "docker").write_text(DOCKER)
    (folder / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin")
    monkeypatch.setenv("PLAY", str(folder))
    say(folder, "image", 0, image.digest)
    running(folder)
    return folder


@pytest.fixture
def engine(play: Path) -> Iterator[Engine]:
    """An engine that has done all it does before the test's programs go."""
    one = Engine()
    yield one
    one.close()


def say(folder: Path, name: str, status: int, *lines: str) -> None:
    (folder / name).write_text("\n".join([str(status), *lines, ""]))


def running(folder: Path, status: str = "running", name: str = "state", **more: object) -> None:
    say(folder, name, 0, json.dumps({"Status": status, "ExitCode": 3, **more}))


def calls(folder: Path) -> list[str]:
    return [" ".join(line.split()[1:]) for line in (folder / "calls").read_text().splitlines()]


def has_layer(folder: Path, number: int) -> bool:
    """Tell whether a load brought the image's only layer."""
    return layer({"a": b"x"}) in (folder / f"loaded.{number}").read_bytes()


def trial(service: Service = ASKED, seconds: float = 60) -> Trial:
    return Trial("cms", "alecia-check/cms:new", service, seconds)


def test_an_image_that_answers_at_last_and_leaves_nothing(play: Path, image: OciLayout, tmp_path: Path) -> None:
    say(play, "exec.1", 1, "refused")
    say(play, "images", 0, "alecia-check/cms:old", "alecia-check/cms:new")
    engine = Engine(tmp_path)
    found = engine.attempt(trial(), image)
    engine.close()
    assert (found.state, found.status) == ("answered", 0)
    assert all(line.startswith(f"{tmp_path} ") for line in calls(play))
    said = [line.removeprefix(f"{tmp_path} ") for line in calls(play)]
    (started,) = [line for line in said if line.startswith("run ")]
    name = next(word for word in started.split() if word.startswith("--name=")).removeprefix("--name=")
    assert {line for line in said if line.startswith("rm")} == {
        f"rm --force --volumes {name}",
        "rmi alecia-check/cms:old",
    }
    assert f"exec {name} wget http://127.0.0.1/" in said
    assert f"--label=alecia.check={this_process()}" in started


def test_an_engine_may_name_an_image_by_its_config(play: Path, image: OciLayout, engine: Engine) -> None:
    say(play, "image", 0, image.blobs[0].digest)
    assert engine.attempt(trial(), image).state == "answered"
    engine.close()
    assert not any("rmi" in line for line in calls(play))


def test_an_app_that_ends(play: Path, image: OciLayout, engine: Engine) -> None:
    running(play, "exited")
    say(play, "logs", 0, "one", "two")
    found = engine.attempt(trial(), image)
    assert (found.state, found.status, found.log) == ("ended", 3, ("one", "two"))


def test_an_app_that_takes_too_much_memory(play: Path, image: OciLayout, engine: Engine) -> None:
    running(play, "exited", OOMKilled=True)
    assert engine.attempt(trial(), image).state == "out of memory"


def test_an_app_that_never_answers(play: Path, image: OciLayout, engine: Engine) -> None:
    say(play, "exec", 1, "503")
    say(play, "logs", 0, "waiting")
    found = engine.attempt(trial(seconds=0.01), image)
    assert (found.state, found.reply, found.log) == ("silent", "503", ("waiting",))


def test_an_app_that_nobody_can_ask_is_watched(play: Path, image: OciLayout, engine: Engine) -> None:
    assert engine.attempt(trial(Service(), seconds=0.01), image).state == "silent"
    say(play, "exec", 127, "node: not found")
    assert engine.attempt(trial(Service(port=80)), image).state == "unasked"


def test_a_program_that_is_not_in_the_image_is_the_images_fault(play: Path, image: OciLayout, engine: Engine) -> None:
    say(play, "run", 127)
    running(play, "created", Error='exec: "nodee": executable file not found in $PATH')
    found = engine.attempt(trial(), image)
    assert (found.state, found.log[-1]) == ("ended", 'exec: "nodee": executable file not found in $PATH')


def test_an_image_that_another_command_took_away_is_loaded_again(play: Path, image: OciLayout, engine: Engine) -> None:
    say(play, "run.1", 125, "No such image")
    say(play, "container.1", 1)
    assert engine.attempt(trial(), image).state == "answered"
    assert sum(line.startswith("load ") for line in calls(play)) == 2


def test_an_engine_that_forgot_the_base_gets_it(play: Path, image: OciLayout, engine: Engine) -> None:
    say(play, "image.1", 1, "no such image")
    base = frozenset(blob.digest for blob in image.blobs[1:])
    found = engine.attempt(Trial("cms", "alecia-check/cms:new", ASKED, 60, base), image)
    assert found.state == "answered"
    assert sum(line.startswith("load ") for line in calls(play)) == 2
    assert [has_layer(play, number) for number in (1, 2)] == [False, True]


@pytest.mark.parametrize(
    "answer",
    [
        ("ps", 1, "Cannot connect to the Docker daemon"),
        ("image", 0, "sha256:another"),
        ("run", 125, "cgroups are broken"),
        ("state", 1, "no such container"),
    ],
)
def test_an_engine_that_does_not_take_it_is_outside(
    play: Path, image: OciLayout, engine: Engine, answer: tuple[str, int, str]
) -> None:
    name, _, line = answer
    say(play, *answer)
    say(play, "container", 1)
    say(play, "load", 1, "invalid tar header")
    with pytest.raises(OutsideError, match="the engine does not start the image") as caught:
        engine.attempt(trial(), image)
    assert caught.value.why == ("invalid tar header" if name == "image" else line)


def test_a_container_that_the_engine_cannot_start_is_outside(play: Path, image: OciLayout, engine: Engine) -> None:
    running(play, "created")
    with pytest.raises(OutsideError) as caught:
        engine.attempt(trial(), image)
    assert caught.value.why == "the container was not started"


def test_without_docker_it_is_outside(
    image: OciLayout, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OutsideError) as caught:
        engine.attempt(trial(), image)
    assert "docker" in (caught.value.why or "")


def test_what_a_killed_command_left_is_removed(play: Path, image: OciLayout, engine: Engine) -> None:
    host = this_process().partition(":")[0]
    say(play, "ps", 0, f"c1 {host}:999999999:1", f"c2 {this_process()}")
    engine.attempt(trial(), image)
    removed = [line for line in calls(play) if line.startswith("rm ")]
    assert removed[0] == "rm --force --volumes c1"
    assert not any(line.endswith(" c2") for line in removed)


def test_a_cancelled_trial_takes_its_container_away(play: Path, image: OciLayout, engine: Engine) -> None:
    say(play, "exec", 1)
    threading.Timer(0.5, engine.cancel).start()
    with pytest.raises(OutsideError) as caught:
        engine.attempt(trial(), image)
    assert caught.value.why == "the run was interrupted"
    assert any(line.startswith("rm --force --volumes alecia-check-cms-") for line in calls(play))
    with pytest.raises(OutsideError):
        engine.attempt(trial(), image)
