import os
import stat
from pathlib import Path

import pytest

from alecia_pipeline.config import BuilderConfig, Config, SecretSource
from alecia_pipeline.errors import UsageError
from alecia_pipeline.images.reads import Reads, dockerfile_reads
from alecia_pipeline.operations.build_secrets import build_secrets
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.operations.secret_sources import LARGEST
from alecia_pipeline.source.dockerfile import parse_dockerfile


@pytest.fixture(autouse=True)
def state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "alecia"


@pytest.fixture
def lines() -> list[str]:
    return []


def runner(lines: list[str], app_key: SecretSource | None = None, **secrets: SecretSource) -> Runner:
    return Runner(Path(), Config(builder=BuilderConfig(secrets=secrets, app_key=app_key)), lines.append)


def reads(*mounts: str) -> Reads:
    runs = "".join(f"RUN --mount=type=secret,{mount} make\n" for mount in mounts)
    return dockerfile_reads(parse_dockerfile(f"FROM scratch\n{runs}".encode(), "Dockerfile"), None, {})


def test_values_come_from_the_environment_and_from_files_and_are_masked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, lines: list[str]
) -> None:
    monkeypatch.setenv("TOKEN", "token-of-npm")
    (tmp_path / "netrc").write_text("machine host\npassword line-of-netrc\n")
    here = runner(lines, npm=SecretSource(env="TOKEN"), netrc=SecretSource(file=str(tmp_path / "netrc")))
    found = build_secrets(here, "cms", reads("id=npm", "target=/root/netrc"))
    assert {name: value.reveal() for name, value in found.items()} == {
        "npm": "token-of-npm",
        "netrc": "machine host\npassword line-of-netrc\n",
    }
    here.log("npm says token-of-npm, netrc says password line-of-netrc")
    assert lines == ["npm says [redacted], netrc says [redacted]"]


def test_what_the_dockerfile_does_not_mount_is_not_read(lines: list[str]) -> None:
    assert build_secrets(runner(lines, npm=SecretSource(env="NOT_SET")), "cms", reads()) == {}


def test_what_is_not_configured_is_told(lines: list[str]) -> None:
    assert build_secrets(runner(lines), "cms", reads("id=npm")) == {}
    assert lines == ["cms | the secret npm is not configured (builder.secrets): the build gets none"]


@pytest.mark.parametrize("required", ["required", "required=true"])
def test_what_is_required_and_not_configured_is_refused(required: str, lines: list[str]) -> None:
    with pytest.raises(UsageError, match="requires the secret npm"):
        build_secrets(runner(lines), "cms", reads("id=npm", f"id=npm,{required}", "id=npm,required=false"))


def test_each_app_has_a_key_that_this_runner_makes_once(state: Path, lines: list[str]) -> None:
    first = build_secrets(runner(lines), "cms", reads("id=app_key"))
    assert build_secrets(runner(lines), "cms", reads("id=app_key")) == first
    assert build_secrets(runner(lines), "website", reads("id=app_key")) != first
    assert stat.S_IMODE((state / "app-key").stat().st_mode) == 0o600
    assert [path.name for path in state.iterdir()] == ["app-key"]
    assert (state / "app-key").read_text() != first["app_key"].reveal()


def test_runners_may_share_a_master_key(state: Path, monkeypatch: pytest.MonkeyPatch, lines: list[str]) -> None:
    monkeypatch.setenv("MASTER", "one-for-all-runners")
    found = build_secrets(runner(lines, app_key=SecretSource(env="MASTER")), "cms", reads("id=app_key"))
    assert len(found["app_key"].reveal()) == 64
    assert not state.exists()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b"a\0b", "text of at most"),
        (b"x" * (LARGEST + 1), "text of at most"),
        (b"\xff\xfe", "not text"),
    ],
)
def test_a_value_that_cannot_be_passed_on_is_refused(
    content: bytes, why: str, tmp_path: Path, lines: list[str]
) -> None:
    (tmp_path / "value").write_bytes(content)
    with pytest.raises(UsageError) as caught:
        build_secrets(runner(lines, npm=SecretSource(file=str(tmp_path / "value"))), "cms", reads("id=npm"))
    assert why in (caught.value.why or "")
    assert caught.value.where == "builder.secrets.npm"
    assert caught.value.__cause__ is None


def test_bytes_of_the_environment_that_are_no_text_are_refused_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, lines: list[str]
) -> None:
    monkeypatch.setenv("TOKEN", os.fsdecode(b"t\xffken-of-npm"))
    with pytest.raises(UsageError) as caught:
        build_secrets(runner(lines, npm=SecretSource(env="TOKEN")), "cms", reads("id=npm"))
    assert "text of at most" in (caught.value.why or "")
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)
    assert "ken-of-npm" not in str(caught.value)


def test_a_source_that_is_not_there_is_named(tmp_path: Path, lines: list[str]) -> None:
    with pytest.raises(UsageError, match=f"the file {tmp_path / 'none'}"):
        build_secrets(runner(lines, npm=SecretSource(file=str(tmp_path / "none"))), "cms", reads("id=npm"))
    with pytest.raises(UsageError, match="the environment variable NOT_SET"):
        build_secrets(runner(lines, npm=SecretSource(env="NOT_SET")), "cms", reads("id=npm"))
