import functools
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from alecia_pipeline.adapters.registry_http import RegistryClient
from alecia_pipeline.cli.build import wanted_images
from alecia_pipeline.cli.main import run
from alecia_pipeline.config import Config
from alecia_pipeline.defs.instance import open_instance
from alecia_pipeline.defs.planned import COMMIT_TAG, ENVIRONMENT_TAG
from alecia_pipeline_tests.conftest import Repository
from alecia_pipeline_tests.monorepo import mini
from alecia_pipeline_tests.oci_images import layer, write_image
from alecia_pipeline_tests.registry_server import HOST, RegistryServer

DOCKER = """\
#!/bin/sh
# Stands for the engine: leaves the prepared image where the real one would.
for word in "$@"; do case $word in --output=*) out=${word#*dest=}; out=${out%%,*};; esac; done
cat > /dev/null
case "$*" in *"${FAIL:-no file}"*) echo "cp: no such file"; exit 1;; esac
echo "#1 building"
case "$*" in *--no-cache*) IMAGE=${COLD:-$IMAGE};; esac
# The base's blobs in there are links to what other builds read: written anew, never over.
mkdir -p "$out"; cp -r --remove-destination "$IMAGE"/. "$out"
"""


WITHOUT_NETWORK = """\
import functools, httpx
from alecia_pipeline.adapters.registry_http import RegistryClient
from alecia_pipeline.cli.main import main
from alecia_pipeline.operations import registries
from alecia_pipeline_tests.registry_server import RegistryServer
registries.RegistryClient = functools.partial(RegistryClient, transport=httpx.WSGITransport(RegistryServer()))
main()
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
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    for name in ("ALECIA_REPO", "ALECIA_CONFIG", "ALECIA_REV", "ALECIA_UI"):
        monkeypatch.setenv(name, "")
    server = RegistryServer()
    monkeypatch.setattr(
        "alecia_pipeline.operations.registries.RegistryClient",
        functools.partial(RegistryClient, transport=httpx.WSGITransport(server)),
    )
    return repository(mini({"alecia.yaml": f"registry: {HOST}/mini\n"}))


@pytest.fixture
def small_image(tmp_path: Path) -> Path:
    return write_image(tmp_path / "prepared", layer({"app": b"layer" * 1000}))


def test_builds_then_reuses(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["build", "--repo", str(repo)]) == 0
    first = capsys.readouterr()
    assert "2 built, 0 reused" in first.out
    assert "cms | #1 building" in first.err
    assert run(["build", "--repo", str(repo), "cms", "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [(image["app"], image["environment"], image["reused"]) for image in document["images"]] == [
        ("cms", None, True)
    ]
    (image,) = document["images"]
    assert image["reference"].startswith(f"{HOST}/mini/cms@sha256:")
    assert (image["layers"], image["size_bytes"] > 0) == (1, True)
    assert [[*row] for row in image["layer_table"]] == [["layer", "size_mb", "from", "instruction", "digest"]]
    assert (image["cached_steps"], image["executed_steps"]) == (None, None)
    with open_instance() as instance:
        run_of_build = instance.get_run_by_id(document["run"])
    assert run_of_build is not None
    assert (run_of_build.job_name, run_of_build.is_success) == ("build", True)
    assert run_of_build.tags[COMMIT_TAG] == document["commit"]
    assert ENVIRONMENT_TAG not in run_of_build.tags


def test_the_run_has_the_lines_of_a_build_that_began_before_it(repo: Path) -> None:
    assert run(["build", "--repo", str(repo), "cms"]) == 0
    with open_instance() as instance:
        (found,) = instance.get_runs()
        logged = [entry.user_message for entry in instance.all_logs(found.run_id)]
    begun = next(number for number, line in enumerate(logged) if line.startswith("cms | building "))
    assert "cms | #1 building" in logged[begun:]


def test_a_table_shows_what_was_reused(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["build", "--repo", str(repo), "cms"]) == 0
    assert run(["build", "--repo", str(repo)]) == 0
    assert "1 built, 1 reused" in capsys.readouterr().out


def test_a_failing_build_exits_with_one(
    repo: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FAIL", "--file=apps/cms/Dockerfile")
    assert run(["build", "--repo", str(repo), "cms"]) == 1
    assert "the build of cms failed" in capsys.readouterr().err


def test_an_image_that_fails_a_check_exits_with_one(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IMAGE", str(write_image(tmp_path / "root", layer({"app": b"x"}), User="root")))
    assert run(["build", "--repo", str(repo), "cms"]) == 1
    told = capsys.readouterr().err
    assert "error: image/cms did not pass: user\n  where: image/cms\n  why: root is root" in told
    assert "fix: add `USER node`" in told
    assert "cms | check user, failed: root is root" in told
    monkeypatch.setenv("IMAGE", str(tmp_path / "prepared"))
    assert run(["build", "--repo", str(repo), "cms"]) == 0
    assert "1 built, 0 reused" in capsys.readouterr().out


def test_checks_are_shown_and_in_the_document(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["build", "--repo", str(repo), "cms"]) == 0
    out = capsys.readouterr().out
    assert "cms is checked:  ✓ secrets  ✓ user  · boots  · dependencies  · size\n" in out
    assert "  boots, not judged: the engine does not start the image" in out
    assert run(["build", "--repo", str(repo), "--format", "json"]) == 0
    reused, built = json.loads(capsys.readouterr().out)["images"]
    assert reused["checks"] == []
    assert [(each["what"], each["verdict"]) for each in built["checks"]] == [
        *(("secrets", "passed"), ("user", "passed"), ("boots", "not judged")),
        *(("dependencies", "not judged"), ("size", "not judged")),
    ]


def test_a_base_image_that_cannot_be_had_exits_with_four(
    repo: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FAIL", "--file=Dockerfile")
    assert run(["build", "--repo", str(repo), "cms"]) == 4
    assert "the base image node:20-alpine cannot be had" in capsys.readouterr().err


def test_an_app_that_fails_its_audit_is_not_built(
    repo: Path, repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = {"alecia.yaml": f"registry: {HOST}/mini\n", "apps/cms/src/server.ts": "import 'left-pad';\n"}
    other = repository(mini(broken))
    assert run(["build", "--repo", str(other), "cms"]) == 1
    told = capsys.readouterr().err
    assert "audit/cms did not pass: dependencies" in told
    assert "#1 building" not in told
    assert run(["build", "--repo", str(other), "website"]) == 0


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        (None, (("cms", None), ("colab", None), ("colab", "staging"))),
        ("production", (("cms", None), ("colab", None))),
        ("staging", (("cms", None), ("colab", "staging"))),
    ],
)
def test_an_app_has_one_image_per_environment_where_its_arguments_differ(
    environment: str | None, expected: tuple[tuple[str, str | None], ...]
) -> None:
    host = {"address": "h", "user": "u", "identity_file": "k", "host_key": "SHA256:" + "A" * 43}
    common = {"domain": "d.test", "caddyfile": "Caddyfile", "hosts": [host]}
    environments = {"production": common, "staging": {**common, "build_args": {"colab": {"URL": "x"}}}}
    config = Config.model_validate({"environments": environments})
    assert wanted_images(config, ["cms", "colab"], environment) == expected


def test_a_polite_kill_ends_the_builds(repo: Path, tmp_path: Path) -> None:
    program = tmp_path / "bin" / "docker"
    program.write_text(
        '#!/bin/sh\n[ "$1 $2" = "buildx build" ] || exit 1\n'
        'cat > /dev/null\necho $$ > "$PIDS"\necho "#1 building"\nexec sleep 300\n'
    )
    environment = {**os.environ, "PIDS": str(tmp_path / "pids")}
    command = [sys.executable, "-c", WITHOUT_NETWORK, "build", "--repo", str(repo), "cms"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as alecia:
        assert alecia.stderr is not None
        lines = iter(alecia.stderr.readline, "")
        assert any("#1 building" in line for line in lines)
        alecia.send_signal(signal.SIGTERM)
        told = alecia.stderr.read()
        assert alecia.wait(60) == 130, told
    assert told.endswith("interrupted\n")
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pids").read_text()), 0)


def test_an_unknown_app_exits_with_two(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["build", "--repo", str(repo), "nope"]) == 2
    assert "apps here: cms, website" in capsys.readouterr().err


def test_a_build_is_verified_and_said_so(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["build", "--repo", str(repo), "cms", "--verify", "--verify-context"]) == 0
    out = capsys.readouterr().out
    assert "cms: a cold build gives the same image" in out
    assert "cms: the full context gives the same image" in out


def test_a_build_that_does_not_repeat_itself_exits_with_one(
    repo: Path, small_image: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    other = write_image(tmp_path / "other", layer({f"f{number}": b"x" for number in range(30)}))
    monkeypatch.setenv("COLD", str(other))
    assert run(["build", "--repo", str(repo), "cms", "--verify"]) == 1
    out = capsys.readouterr().out
    assert "cms: a cold build gives another image" in out
    assert "layer 1: app: 0644 0:0 5000 bytes" in out
    assert "… and 11 more" in out
    assert run(["build", "--repo", str(repo), "cms", "--verify", "--format", "json"]) == 1
    (verdict,) = json.loads(capsys.readouterr().out)["verified"]
    assert (verdict["app"], len(verdict["differences"])) == ("cms", 31)
