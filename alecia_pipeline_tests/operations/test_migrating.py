"""Where the database is not as it should be; the whole is in test_data_stages.py."""

import json
from pathlib import Path

import pytest

from alecia_pipeline.config import EnvironmentConfig, parse_config
from alecia_pipeline.errors import OutsideError
from alecia_pipeline.operations.migrating import (
    apply_migrations,
    container_address,
    irreversible_migrations,
    pending_migrations,
)
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.rollout.ports import Command, Completed
from alecia_pipeline_tests.conftest import Repository
from alecia_pipeline_tests.folder_host import NOTHING, FolderHost

CONFIG = b"""
environments:
  staging:
    domain: alecia.test
    caddyfile: Caddyfile
    hosts:
      - {address: a, user: u, identity_file: k, host_key: "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}
"""


def environment() -> EnvironmentConfig:
    return parse_config(CONFIG).environment("staging")


def host(folder: Path, listed: bytes, inspected: Completed) -> FolderHost:
    def answer(command: Command) -> Completed:
        return inspected if command.argv[1] == "inspect" else Completed(0, listed, b"")

    return FolderHost(folder, answer)


def container(*addresses: str) -> dict[str, object]:
    return {"NetworkSettings": {"Networks": {f"n{n}": {"IPAddress": each} for n, each in enumerate(addresses)}}}


def test_the_first_address_of_a_running_container_is_taken(tmp_path: Path) -> None:
    inspected = Completed(0, json.dumps([container("", "172.18.0.2"), container("172.18.0.3")]).encode(), b"")
    assert container_address(host(tmp_path, b"abc\ndef\n", inspected), environment(), "postgres") == "172.18.0.2"


@pytest.mark.parametrize(
    ("listed", "inspected", "why"),
    [
        (b"", NOTHING, "no running container"),
        (b"abc", Completed(0, json.dumps([container("")]).encode(), b""), "no running container"),
        (b"abc", Completed(1, b"", b"No such object: abc"), "No such object"),
    ],
)
def test_a_database_without_an_address_does_not_run(
    tmp_path: Path, listed: bytes, inspected: Completed, why: str
) -> None:
    with pytest.raises(OutsideError, match="does not run") as caught:
        container_address(host(tmp_path, listed, inspected), environment(), "postgres")
    assert why in str(caught.value.why)


def test_a_commit_without_migrations_has_none_and_asks_no_host(repository: Repository) -> None:
    runner = Runner(repository({"README.md": "x"}), parse_config(CONFIG), print)
    report = apply_migrations(runner, "staging", "HEAD")
    assert (report.applied, report.revertible) == ((), True)
    assert pending_migrations(runner, "staging", "HEAD") == ()
    assert irreversible_migrations(runner, "staging", "HEAD", []) == ()
