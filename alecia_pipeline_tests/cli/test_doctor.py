"""`alecia doctor` where nothing is as it should be; on a real host it runs in e2e/shop/test_bad_input.py."""

import functools
import json
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from alecia_pipeline.adapters.registry_http import RegistryClient
from alecia_pipeline.cli.main import run
from alecia_pipeline.operations.inspecting import EnvironmentStatus
from alecia_pipeline.operations.secrets import SecretsReport
from alecia_pipeline.rollout.preflight import HostReport
from alecia_pipeline_tests.conftest import Repository
from alecia_pipeline_tests.monorepo import mini
from alecia_pipeline_tests.registry_server import HOST, RegistryServer

CONFIG = """\
environments:
  staging:
    domain: mini.test
    caddyfile: Caddyfile
    compose: compose.yaml
    public: {address: 127.0.0.1}
    hosts: [{address: 127.0.0.1, user: u, identity_file: absent, host_key: "SHA256:%s"}]
""" % ("A" * 43)

FILES = {
    "alecia.yaml": CONFIG,
    "compose.yaml": "services: {caddy: {image: caddy}}\n",
    "Caddyfile": "mini.test {\n}\n",
}


def checks(repo: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, str | None]]:
    """Return the checks of a machine without docker, by name."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(repo))
        assert run(["doctor", "--env", "staging", "--repo", str(repo), "--format", "json"]) == 4
    document = json.loads(capsys.readouterr().out)
    assert (document["schema"], document["environment"]) == (1, "staging")
    return {check.pop("name"): check for check in document["checks"]}


def test_all_that_is_wrong_is_said_at_once(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    found = checks(repository(mini(FILES)), capsys)
    assert [name for name, check in found.items() if check["verdict"] == "ok"] == ["repository", "commit", "files"]
    assert [name for name, check in found.items() if check["verdict"] == "failed"] == ["builder", "registry", "host"]
    assert (found["builder"]["detail"] or "").startswith("`docker` is not installed (this machine): ")
    assert found["registry"]["detail"] == "no registry is configured"
    assert "the private key cannot be used (absent)" in (found["host"]["detail"] or "")
    assert found["secrets"] == {"verdict": "warning", "detail": "could not be looked at", "fix": "mend host first"}
    assert all(check["fix"] for check in found.values() if check["verdict"] != "ok")


def test_a_broken_commit_does_not_hide_the_rest(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    found = checks(repository(mini({**FILES, "pnpm-lock.yaml": "{ [", "Caddyfile": None})), capsys)
    assert "pnpm-lock.yaml is not valid YAML (pnpm-lock.yaml:1)" in (found["commit"]["detail"] or "")
    assert "the commit has no Caddyfile" in (found["files"]["detail"] or "")
    assert found["registry"]["fix"] == "mend commit first"
    assert found["secrets"]["fix"] == "mend files and host first"


def test_a_dockerfile_is_read_too(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    found = checks(repository(mini({**FILES, "apps/cms/Dockerfile": "RUN true"})), capsys)
    assert "(apps/cms/Dockerfile:1): it has no FROM" in (found["commit"]["detail"] or "")


def test_a_commit_without_an_app(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    files = mini({**FILES, "apps/cms/Dockerfile": None, "apps/website/Dockerfile": None})
    assert checks(repository(files), capsys)["commit"]["verdict"] == "failed"


def test_without_a_repository_the_text_still_has_every_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "runner.yaml").write_text(CONFIG)
    assert run(["--config", str(tmp_path / "runner.yaml"), "doctor", "--env", "staging", "--repo", str(tmp_path)]) == 4
    shown = capsys.readouterr().out
    assert shown.startswith("✗ repository")
    assert "! tls        could not be looked at\n             fix: mend dns first\n" in shown


def _state(**more: object) -> EnvironmentStatus:
    known = {"environment": "staging", "release": "r1", "state": "confirmed", "commit": "c", "apps": {}, "services": ()}
    return EnvironmentStatus.model_validate({**known, "reverts_in": None, "holder": None, **more})


@pytest.mark.parametrize(
    ("seen", "verdict", "detail"),
    [
        (_state(), "ok", "r1 is confirmed; the lease is free"),
        (_state(release=None, state=None), "ok", "nothing is released yet; the lease is free"),
        (_state(holder="ci@build:7"), "warning", "r1 is confirmed; ci@build:7 is at work"),
        (_state(state="switched", reverts_in=9), "warning", "neither confirmed nor reverted; 9 s are left"),
        (_state(state="switched", reverts_in=0), "failed", "neither confirmed nor reverted; 0 s are left"),
    ],
)
def test_the_release_and_its_lease(  # noqa: PLR0913, PLR0917 - three parameters and three fixtures
    seen: EnvironmentStatus,
    verdict: str,
    detail: str,
    repository: Repository,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slow = HostReport(
        where="u@h",
        docker="27",
        compose="2.30",
        disk_free=9_000_000_000,
        memory_available=1,
        clock_skew=0,
        warnings=("only 0 MB of memory are available",),
    )
    monkeypatch.setattr("alecia_pipeline.operations.diagnosing.prepare_host", lambda *_: slow)
    monkeypatch.setattr("alecia_pipeline.operations.diagnosing.status", lambda *_: seen)
    found = checks(repository(mini(FILES)), capsys)
    assert (found["host"]["verdict"], found["release"]["verdict"]) == ("warning", verdict)
    assert "only 0 MB of memory" in (found["host"]["detail"] or "")
    assert detail in (found["release"]["detail"] or "")


def test_doctor_loads_no_dagster() -> None:
    code = "import sys, alecia_pipeline.cli.doctor; print('dagster' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.parametrize(("scheme", "verdict"), [(None, "warning"), ("basic", "failed")])
def test_a_registry_that_is_asked_without_a_login(  # noqa: PLR0913, PLR0917 - two parameters and four fixtures
    scheme: str | None,
    verdict: str,
    repository: Repository,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    client = functools.partial(RegistryClient, transport=httpx.WSGITransport(RegistryServer(scheme=scheme)))
    monkeypatch.setattr("alecia_pipeline.operations.registries.RegistryClient", client)
    found = checks(repository(mini({**FILES, "alecia.yaml": f"registry: {HOST}/mini\n{CONFIG}"})), capsys)
    assert found["registry"]["verdict"] == verdict
    assert f"docker login {HOST}" in (found["registry"]["fix"] or "")


def test_a_host_that_lacks_a_key_which_a_release_needs(
    repository: Repository, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = HostReport(
        where="u@h", docker="27", compose="2.30", disk_free=1, memory_available=1, clock_skew=0, warnings=()
    )
    report = SecretsReport(environment="staging", path="/srv/a/.env", keys=("A",), missing=("TOKEN",))
    monkeypatch.setattr("alecia_pipeline.operations.diagnosing.prepare_host", lambda *_: ready)
    monkeypatch.setattr("alecia_pipeline.operations.diagnosing.check_secrets", lambda *_: report)
    found = checks(repository(mini(FILES)), capsys)
    assert found["secrets"]["verdict"] == "failed"
    assert found["secrets"]["detail"] == "/srv/a/.env has no value for TOKEN"
