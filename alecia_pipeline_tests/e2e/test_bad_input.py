"""A host or a registry that is not what the configuration says: one clear error, its exit code, nothing half-done."""

import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from alecia_pipeline.adapters.sandbox.runner_file import runner_file
from alecia_pipeline.cli.main import run
from alecia_pipeline.config import parse_config
from alecia_pipeline_tests.box import SAMPLE, open_box
from alecia_pipeline_tests.conftest import git
from alecia_pipeline_tests.shop import Shop

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]

ROOT = f"/home/ubuntu/bad-input-{os.getpid()}"
PROJECT = "bad-input"
ENV = ("--env", "staging")

LOOKING = (
    ("plan", *ENV),
    *((name, *ENV) for name in ("status", "history", "smoke", "repair", "unlock", "rollback", "migrate")),
    ("logs", "website", *ENV),
    ("secrets", "init", *ENV),
    ("secrets", "check", *ENV),
    ("secrets", "rotate", "WEBHOOK_SECRET", *ENV),
)
"""Every command that asks the host, and does not run through Dagster."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The sample and the tests' sandbox, in a root and a compose project of this file's own."""
    folder = tmp_path_factory.mktemp("bad")
    box = open_box()
    repo = folder / "alepanel"
    shutil.copytree(SAMPLE, repo)
    git(repo, "init", "--quiet", "--initial-branch=main")
    git(repo, "add", "--all")
    git(repo, "commit", "--quiet", "--message", "sample")
    written = runner_file(parse_config((repo / "alecia.yaml").read_bytes()), box.status(), box.build_contexts(), {})
    raw = yaml.safe_load(written)
    raw["environments"]["staging"] |= {"root": ROOT, "project": PROJECT}
    config = folder / "sandbox.yaml"
    config.write_text(yaml.safe_dump(raw))
    one = Shop(repo, config, box, folder / "state")
    yield one
    one.on_host("rm", "-rf", ROOT)


@pytest.fixture
def closed_port() -> Iterator[int]:
    """Yield a port on which nobody listens, and nobody can while the test runs."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


def variant(shop: Shop, name: str, top: dict[str, Any] | None = None, host: dict[str, Any] | None = None) -> Shop:
    """Return the shop with a configuration that differs in these keys."""
    raw = yaml.safe_load(shop.config.read_text())
    raw |= top or {}
    raw["environments"]["staging"]["hosts"][0] |= host or {}
    config = shop.config.with_name(f"{name}.yaml")
    config.write_text(yaml.safe_dump(raw))
    return Shop(shop.repo, config, shop.box, shop.home)


@pytest.fixture(params=["unreachable", "another key"])
def wrong_host(request: pytest.FixtureRequest, shop: Shop, closed_port: int) -> tuple[Shop, int, str]:
    """The shop with a host that cannot be used, the exit code and the error that this must give."""
    if request.param == "unreachable":
        return variant(shop, "dead", host={"port": closed_port}), 4, "the host cannot be reached"
    other = variant(shop, "other", host={"host_key": "SHA256:" + "A" * 43})
    return other, 3, "the host shows another key than the pinned one"


def complete(said: str, what: str) -> None:
    """Check that an error has all of its parts."""
    error = said[said.index("error: ") :]
    assert error.startswith(f"error: {what}"), said
    assert all(f"\n  {part}: " in error for part in ("where", "why", "fix")), said


def untouched(shop: Shop) -> None:
    """Check that the host has no container, volume or release of ours, whatever other tests do there."""
    own = ("--filter", f"label=com.docker.compose.project={PROJECT}")
    assert not shop.on_host("docker", "ps", "--all", "--quiet", *own)
    assert not shop.on_host("docker", "volume", "ls", "--quiet", *own)
    assert not shop.on_host("sh", "-c", f"ls {ROOT}/releases 2>/dev/null || true")


def unfinished_runs(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the recorded runs that are not failed: none may be left, and none may be green."""
    from alecia_pipeline.defs.instance import open_instance  # noqa: PLC0415 - Dagster, which few tests here need

    monkeypatch.setenv("XDG_STATE_HOME", str(shop.home))
    with open_instance() as instance:
        runs = instance.get_runs()
    assert runs
    return [run.run_id for run in runs if run.status.value != "FAILURE"]


@pytest.mark.parametrize("command", LOOKING, ids=" ".join)
def test_a_host_that_cannot_be_used(
    command: tuple[str, ...], wrong_host: tuple[Shop, int, str], capsys: pytest.CaptureFixture[str]
) -> None:
    shop, code, what = wrong_host
    repo = (str(shop.repo),) if command[0] == "plan" else ("--repo", str(shop.repo))
    assert run(["--config", str(shop.config), *command, *repo]) == code
    printed = capsys.readouterr()
    assert not printed.out
    complete(printed.err, what)


def test_a_redeploy_to_a_host_that_cannot_be_used(
    wrong_host: tuple[Shop, int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, code, what = wrong_host
    complete(shop.failure("redeploy", "cms", *ENV, status=code), what)
    untouched(shop)
    assert not unfinished_runs(shop, monkeypatch)


@pytest.mark.parametrize("kind", ["refuses", "does not answer"])
@pytest.mark.parametrize("command", [("build",), ("build", "cms"), ("release", *ENV), ("redeploy", "cms", *ENV)])
def test_a_registry_without_an_answer(  # noqa: PLR0913, PLR0917 - two parameters and four fixtures
    command: tuple[str, ...], kind: str, shop: Shop, closed_port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = _registry(shop, kind, closed_port, tmp_path)
    said = one.failure(*command, status=4)
    complete(said, "the registry ")
    assert f" {kind}" in said
    untouched(one)
    assert command[0] == "build" or not unfinished_runs(one, monkeypatch)


def test_a_plan_needs_no_registry_that_answers_but_the_right_login(
    shop: Shop, closed_port: int, tmp_path: Path
) -> None:
    plan = _registry(shop, "does not answer", closed_port, tmp_path).json("plan")
    assert {app["action"] for app in plan["apps"]} == {"build"}
    assert {cause["kind"] for app in plan["apps"] for cause in app["causes"]} == {"unknown"}
    complete(_registry(shop, "refuses", closed_port, tmp_path).failure("plan", status=4), "the registry ")


def _registry(shop: Shop, kind: str, closed_port: int, folder: Path) -> Shop:
    if kind == "does not answer":
        return variant(shop, "silent", {"registry": f"127.0.0.1:{closed_port}/alecia"})
    raw = yaml.safe_load(shop.config.read_text())
    return variant(shop, "login", {"builder": {**raw["builder"], "docker_config": str(folder)}})


def verdicts(shop: Shop, status: int, capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    """Return what `doctor` says: check -> verdict. Each that is not ok has a fix."""
    assert run(["--config", str(shop.config), "doctor", *ENV, "--repo", str(shop.repo)]) == status
    lines = capsys.readouterr().out.splitlines()
    marks = {"✓": "ok", "!": "warning", "✗": "failed"}
    found = {line.split()[1]: marks[line[0]] for line in lines if line[0] in marks}
    assert sum("fix: " in line for line in lines) == sum(verdict != "ok" for verdict in found.values())
    return found


def test_doctor_of_a_host_before_its_first_release(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    found = verdicts(shop, 0, capsys)
    assert list(found) == [
        *("repository", "commit", "files", "builder", "registry", "host", "release", "secrets", "dns", "tls")
    ]
    assert {name for name, verdict in found.items() if verdict != "ok"} == {"secrets", "tls"}


def test_doctor_goes_on_after_a_host_that_cannot_be_used(
    wrong_host: tuple[Shop, int, str], capsys: pytest.CaptureFixture[str]
) -> None:
    found = verdicts(wrong_host[0], 4, capsys)
    assert found["host"] == "failed"
    assert {found[name] for name in ("repository", "commit", "files", "builder", "registry")} == {"ok"}
    assert {found[name] for name in ("release", "secrets", "dns", "tls")} == {"warning"}


def test_doctor_names_a_registry_that_refuses(
    shop: Shop, closed_port: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verdicts(_registry(shop, "refuses", closed_port, tmp_path), 4, capsys)["registry"] == "failed"
