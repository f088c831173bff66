import socket
from pathlib import Path

import pytest

from alecia_pipeline.adapters.sandbox import ports
from alecia_pipeline.adapters.sandbox.ports import Ports

pytestmark = pytest.mark.engine  # listens on the loopback interface


def test_a_port_in_use_is_replaced_with_a_word_and_kept_from_then_on(tmp_path: Path) -> None:
    record = tmp_path / "ports.json"
    said: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        record.write_text(Ports(registry=taken).model_dump_json())
        settled = ports.settle(record, ["ssh", "http", "https"], said.append)
        assert settled.registry != taken
        assert said == [f"port {taken} (registry) is taken by another program; using {settled.registry} instead"]
    assert ports.settle(record, ["ssh", "http", "https"], said.append) == settled
    assert len(said) == 1


def test_a_port_that_our_own_container_holds_is_kept(tmp_path: Path) -> None:
    record = tmp_path / "ports.json"
    said: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as ours:
        held = Ports(ssh=ours.getsockname()[1])
        record.write_text(held.model_dump_json())
        assert ports.settle(record, ["registry", "ssh", "http", "https"], said.append) == held
    assert said == []


def test_without_a_record_the_usual_ports_are_told(tmp_path: Path) -> None:
    assert ports.load(tmp_path / "ports.json") == Ports(registry=5443, ssh=2222, http=8080, https=8443)
