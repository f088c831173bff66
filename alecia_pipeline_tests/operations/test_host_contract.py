"""The Host of the tests behaves as the real one, in what the tests of the environment file rely on."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from alecia_pipeline.config import parse_config
from alecia_pipeline.operations.hosts import connect
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.rollout.ports import Command, Host
from alecia_pipeline_tests.box import open_box
from alecia_pipeline_tests.folder_host import FolderHost

CONFIG = """
environments:
  staging:
    domain: alecia.test
    caddyfile: Caddyfile
    root: {root}
    hosts:
      - {{address: 127.0.0.1, port: {port}, user: ubuntu, identity_file: {key}, host_key: "{pin}"}}
"""


@pytest.fixture(params=["folder", pytest.param("vps", marks=pytest.mark.engine)])
def host(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Host, str]]:
    """A host, and a folder on it to write in."""
    if request.param == "folder":
        yield FolderHost(tmp_path), "/srv/any"
        return
    status = open_box().status()
    root = f"/srv/contract{secrets.token_hex(4)}"
    text = CONFIG.format(root=root, port=status.ssh_port, key=status.ssh_key_file, pin=status.host_key_fingerprint)
    with connect(Runner(tmp_path, parse_config(text.encode()), print), "staging") as host:
        yield host, root
        host.run(Command.of("sudo", "rm", "-rf", root))


def test_a_file_that_is_not_there_is_none(host: tuple[Host, str]) -> None:
    assert host[0].read(f"{host[1]}/none") is None


def test_a_file_is_replaced_byte_for_byte(host: tuple[Host, str]) -> None:
    there, folder = host
    for data in (b"first", b"\0\xff'$\n", b""):
        there.write(f"{folder}/file", data, mode=0o600)
        assert there.read(f"{folder}/file") == data
