import threading
from pathlib import Path

import pytest

from alecia_pipeline.adapters.buildkit import BuildKit
from alecia_pipeline.errors import OutsideError, ReleaseFailedError
from alecia_pipeline.images.command import BuildCommand
from alecia_pipeline.images.steps import Steps
from alecia_pipeline.redaction import Secret
from alecia_pipeline_tests.oci_images import write_image


def shell(script: str, **environment: str) -> BuildCommand:
    return BuildCommand(("sh", "-c", script), environment)


def test_the_context_goes_in_and_every_line_comes_out() -> None:
    lines: list[str] = []
    command = shell('wc -c; echo "epoch $EPOCH"; echo; echo late >&2', EPOCH="1")
    BuildKit(lines.append).build("cms", command, b"x" * 300_000)
    assert lines == ["cms | 300000", "cms | epoch 1", "cms | late"]


def test_the_steps_are_counted() -> None:
    command = shell("echo '#7 [2/3] COPY . .'; echo '#7 CACHED'; echo '#8 [3/3] RUN true'; echo '#8 DONE 0.1s'")
    assert BuildKit(lambda _: None).build("cms", command, b"") == Steps(cached=1, executed=1)


def test_a_failed_build_carries_the_end_of_its_output() -> None:
    command = shell("seq 1 100; echo 'tsup: not found'; exit 3")
    with pytest.raises(ReleaseFailedError, match="build of cms failed") as caught:
        BuildKit(lambda _: None).build("cms", command, b"x" * 300_000)
    assert caught.value.why is not None
    assert caught.value.why.startswith("docker buildx ended with 3:\n72\n")
    assert caught.value.why.endswith("tsup: not found")


def test_secrets_reach_the_program_and_no_line_of_its_output() -> None:
    lines: list[str] = []
    script = 'test "$TOKEN" = of-the-app || exit 4; echo "leak: $TOKEN"; exit 3'
    command = BuildCommand(("sh", "-c", script), secrets={"TOKEN": Secret("of-the-app")})
    with pytest.raises(ReleaseFailedError) as caught:
        BuildKit(lines.append).build("cms", command, b"")
    assert lines == ["cms | leak: [redacted]"]
    assert caught.value.why == "docker buildx ended with 3:\nleak: [redacted]"


def test_no_engine_is_outside() -> None:
    command = shell("echo 'ERROR: Cannot connect to the Docker daemon at unix:///x'; exit 1")
    with pytest.raises(OutsideError, match="no Docker engine"):
        BuildKit(lambda _: None).build("cms", command, b"")


def test_no_docker_is_outside() -> None:
    with pytest.raises(OutsideError, match="docker is not installed"):
        BuildKit(lambda _: None).build("cms", BuildCommand(("alecia-no-such-program",)), b"")


def test_cancel_ends_the_whole_group_and_starts_nothing_more(tmp_path: Path) -> None:
    started = threading.Event()
    kit = BuildKit(lambda _: started.set())
    errors: list[BaseException] = []

    def build() -> None:
        try:
            kit.build("cms", shell("echo up; sleep 60 & wait; echo never"), b"")
        except ReleaseFailedError as error:
            errors.append(error)

    thread = threading.Thread(target=build)
    thread.start()
    assert started.wait(10)
    kit.cancel()
    thread.join(10)
    assert not thread.is_alive()
    assert len(errors) == 1
    with pytest.raises(ReleaseFailedError, match="cancelled"):
        kit.build("cms", shell("true"), b"")


@pytest.mark.parametrize("script", ["echo up; exec sleep 60", "trap '' TERM; echo up; while :; do sleep 1; done"])
def test_an_interrupt_leaves_no_process(script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alecia_pipeline.adapters.buildkit.PATIENCE_SECONDS", 0.2)

    def interrupt(_: str) -> None:
        raise KeyboardInterrupt

    kit = BuildKit(interrupt)
    with pytest.raises(KeyboardInterrupt):
        kit.build("cms", shell(script), b"")
    assert kit._running == set()


def test_opens_what_a_build_left(tmp_path: Path) -> None:
    image = BuildKit(lambda _: None).open(write_image(tmp_path / "image", b"layer"))
    assert len(image.blobs) == 2


DOCKER = """\
#!/bin/sh
# Stands for a docker client with the builders of the test.
echo "$DOCKER_CONFIG $*" >> "$ASKED"
case "$*" in
  "buildx inspect gone") exit 1;;
  "buildx inspect remote") echo "Driver:        remote";;
  "buildx inspect"*) echo "Name: default"; echo "Driver: docker";;
  *info*) echo "$STORE";;
esac
"""

CONTAINERD = '[["driver-type","io.containerd.snapshotter.v1"]]'


@pytest.mark.parametrize(
    ("name", "store", "why"),
    [
        (None, CONTAINERD, None),
        (None, '[["Backing Filesystem","extfs"]]', "containerd image store"),
        ("default", CONTAINERD, None),
        ("remote", "", None),
        ("gone", CONTAINERD, "does not say what gone is"),
    ],
)
def test_what_keeps_layers_in_a_registry(
    name: str | None, store: str, why: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, asked = tmp_path / "docker", tmp_path / "asked"
    program.write_text(DOCKER)
    program.chmod(0o755)
    for variable, value in (("PATH", f"{tmp_path}:/usr/bin:/bin"), ("STORE", store), ("ASKED", str(asked))):
        monkeypatch.setenv(variable, value)
    kit = BuildKit(lambda _: None)
    found = [kit.refuses_cache(name, "/etc/logins") for _ in range(2)]
    assert found[0] == found[1]
    assert (found[0] is None) if why is None else why in (found[0] or "")
    questions = asked.read_text().splitlines()
    assert questions[0] == f"/etc/logins buildx inspect {name or ''}".rstrip()
    assert len(questions) == len(set(questions)) <= 2  # the second time the answer is known
    assert all(question.startswith("/etc/logins ") for question in questions)
