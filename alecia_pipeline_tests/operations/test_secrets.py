"""The environment file where a real host would be hard to break; the whole is in test_data_stages.py."""

from collections.abc import Callable
from pathlib import Path

import pytest

from alecia_pipeline.config import EnvironmentConfig, parse_config
from alecia_pipeline.errors import OutsideError, RefusedError, UsageError
from alecia_pipeline.operations.environment import read_environment
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.operations.secrets import complete_on_host, given_values, rotate_on_host
from alecia_pipeline.redaction import Redactor
from alecia_pipeline.rollout.compose_file import ComposeFile, parse_compose
from alecia_pipeline.rollout.ports import Command, Completed
from alecia_pipeline_tests.folder_host import NOTHING, FolderHost
from alecia_pipeline_tests.trees import DictTree

CONFIG = b"""
environments:
  staging:
    domain: alecia.test
    caddyfile: Caddyfile
    root: /srv/a
    env: {REGION: eu}
    secrets: [PG, AUTH]
    hosts:
      - {address: a, user: u, identity_file: k, host_key: "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}
"""
COMPOSE = b"""
services:
  db: {environment: {POSTGRES_PASSWORD: "${PG}"}, volumes: ["data:/data"]}
  app: {environment: {AUTH: "${AUTH}"}}
"""
ENV = "/srv/a/.env"


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path, parse_config(CONFIG), print)


@pytest.fixture
def config(runner: Runner) -> EnvironmentConfig:
    return runner.config.environment("staging")


@pytest.fixture
def compose() -> ComposeFile:
    return parse_compose(COMPOSE, "compose.yaml")


def _volumes(answer: Completed) -> Callable[[Command], Completed]:
    """Answer for a host on which listing the volumes ends like this."""
    return lambda command: answer if command.argv[:3] == ("docker", "volume", "ls") else NOTHING


def test_the_file_is_private_and_a_second_time_nothing_is_written(
    runner: Runner, compose: ComposeFile, tmp_path: Path
) -> None:
    host = FolderHost(tmp_path)
    first = complete_on_host(runner, "staging", host, {"REGION": "eu"}, compose)
    assert (first.generated, first.changed) == (("PG", "AUTH"), ("REGION",))
    assert host.written[-1] == ENV
    assert (tmp_path / "srv/a/.env").stat().st_mode & 0o777 == 0o600
    count = len(host.written)
    second = complete_on_host(runner, "staging", host, {"REGION": "eu"}, compose)
    assert (second.generated, second.changed, len(host.written)) == ((), (), count)


def test_cut_off_between_the_two_files_a_value_is_still_known_as_ours(
    runner: Runner, compose: ComposeFile, tmp_path: Path
) -> None:
    host = FolderHost(tmp_path)
    complete_on_host(runner, "staging", host, {"REGION": "eu"}, compose)
    before = host.read(ENV)
    complete_on_host(runner, "staging", host, {"REGION": "us"}, compose)
    assert before is not None
    host.write(ENV, before, mode=0o600)  # as if the second write had not happened
    again = complete_on_host(runner, "staging", host, {"REGION": "us"}, compose)
    assert (again.changed, again.kept) == (("REGION",), ())


def test_an_engine_that_does_not_answer_generates_nothing(runner: Runner, compose: ComposeFile, tmp_path: Path) -> None:
    host = FolderHost(tmp_path, _volumes(Completed(1, b"", b"no engine")))
    with pytest.raises(OutsideError, match="volumes") as caught:
        complete_on_host(runner, "staging", host, {}, compose)
    assert caught.value.why == "no engine"
    assert host.read(ENV) is None


def test_a_database_with_data_and_no_password_is_refused(runner: Runner, compose: ComposeFile, tmp_path: Path) -> None:
    host = FolderHost(tmp_path, _volumes(Completed(0, b"a_data\n", b"")))
    with pytest.raises(RefusedError, match="PG is gone"):
        complete_on_host(runner, "staging", host, {}, compose)
    with pytest.raises(RefusedError, match="PG cannot be rotated"):
        rotate_on_host(runner, "staging", host, compose, "PG")
    rotate_on_host(runner, "staging", host, compose, "AUTH")
    assert (host.read(ENV) or b"").startswith(b"AUTH=")


def test_before_there_is_data_even_the_password_may_be_rotated(
    runner: Runner, config: EnvironmentConfig, compose: ComposeFile, tmp_path: Path
) -> None:
    host = FolderHost(tmp_path)
    complete_on_host(runner, "staging", host, {}, compose)
    before = read_environment(host, config, Redactor())
    rotate_on_host(runner, "staging", host, compose, "PG")
    after = read_environment(host, config, Redactor())
    assert {key for key in after.values if after.fingerprints[key] != before.fingerprints[key]} == {"PG"}


def test_values_come_from_the_commit_and_the_runner(config: EnvironmentConfig) -> None:
    assert given_values(DictTree({}), config) == {"REGION": "eu"}
    with_file = config.model_copy(update={"env_file": ".env.staging"})
    assert given_values(DictTree({".env.staging": "A=1\nREGION=us\n"}), with_file) == {"A": "1", "REGION": "eu"}
    with pytest.raises(UsageError, match=r"no \.env\.staging"):
        given_values(DictTree({}), with_file)
