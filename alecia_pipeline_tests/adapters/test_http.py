"""Requests against real TLS servers on 127.0.0.1."""

import contextlib
import socket
import ssl
from pathlib import Path

import pytest

from alecia_pipeline.adapters.http import BODY_BYTES, fetch_all
from alecia_pipeline.config import PublicConfig
from alecia_pipeline.errors import UsageError
from alecia_pipeline.smoke.probes import Probe
from alecia_pipeline.smoke.verdict import Answer, Silence
from alecia_pipeline_tests.https_site import HOST, Server, make_authority, server_context

pytestmark = pytest.mark.usefixtures("socket_enabled")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_authority(tmp_path_factory.mktemp("authority"))


def public(folder: Path, port: int) -> PublicConfig:
    return PublicConfig(address="127.0.0.1", https_port=port, ca_file=str(folder / "ca.crt"))


def answer(found: Answer | Silence) -> Answer:
    assert isinstance(found, Answer), found
    return found


def test_answers_come_in_order_with_status_body_and_certificate(folder: Path) -> None:
    with Server(server_context(folder)).running() as port:
        probes = [Probe(HOST, path) for path in ("/host", "/moved", "/none", "/large")]
        found = [answer(each) for each in fetch_all(probes, public(folder, port), 0)]
    assert [each.status for each in found] == [200, 301, 404, 200]
    assert found[0].body == f"{HOST}:{port}"
    assert len(found[3].body) == BODY_BYTES
    assert all(each.ms >= 0 and each.certificate_days and each.certificate_days > 0.5 for each in found)


def test_without_the_ca_or_under_another_name_there_is_no_answer(folder: Path) -> None:
    with Server(server_context(folder)).running() as port:
        (unknown,) = fetch_all([Probe(HOST)], PublicConfig(address="127.0.0.1", https_port=port), 0)
        (other,) = fetch_all([Probe("other.test")], public(folder, port), 0)
    assert isinstance(unknown, Silence)
    assert "unable to get local issuer certificate" in unknown.reason
    assert isinstance(other, Silence)
    assert "Hostname mismatch" in other.reason


def test_the_name_itself_is_resolved_without_an_address(folder: Path) -> None:
    with Server(server_context(folder, "localhost")).running() as port:
        settings = PublicConfig(https_port=port, ca_file=str(folder / "ca.crt"))
        (found,) = fetch_all([Probe("localhost", "/host")], settings, 0)
    assert answer(found).body == f"localhost:{port}"


def test_a_refused_connection_is_final_when_patience_is_over(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    (found,) = fetch_all([Probe(HOST)], public(folder, port), 0)
    assert isinstance(found, Silence)
    assert "refused" in found.reason


def test_a_server_that_starts_late_is_waited_for(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with contextlib.ExitStack() as stack:
        monkeypatch.setattr("time.sleep", lambda _: stack.enter_context(Server(server_context(folder), port).running()))
        (found,) = fetch_all([Probe(HOST, "/host")], public(folder, port), 30)
    assert answer(found).status == 200


def test_a_certificate_that_is_not_issued_yet_is_waited_for(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # As Caddy does until it has a certificate: TLS alert "internal error".
    settings = server_context(folder)
    settings.sni_callback = lambda *_: ssl.ALERT_DESCRIPTION_INTERNAL_ERROR

    def issue(_: float) -> None:
        settings.sni_callback = None

    monkeypatch.setattr("time.sleep", issue)
    with Server(settings).running() as port:
        (found,) = fetch_all([Probe(HOST, "/host")], public(folder, port), 30)
    assert answer(found).status == 200


def test_a_path_or_address_that_is_none_is_silence_not_a_traceback(folder: Path) -> None:
    (found,) = fetch_all([Probe(HOST)], PublicConfig(address="::1", https_port=9), 0)
    assert isinstance(found, Silence)
    (found,) = fetch_all([Probe(HOST, "/\0")], public(folder, 443), 0)
    assert isinstance(found, Silence)
    assert "non-printable" in found.reason


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_ca_file_that_is_none_is_a_usage_error(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "ca.pem"
    if content:
        file.write_text(content)
    with pytest.raises(UsageError, match="CA certificate") as caught:
        fetch_all([Probe(HOST)], PublicConfig(ca_file=str(file)), 0)
    assert caught.value.where == str(file)
