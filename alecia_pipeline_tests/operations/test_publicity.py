"""DNS and certificates as `alecia doctor` judges them; requests go to real TLS servers on 127.0.0.1."""

from pathlib import Path

import pytest

from alecia_pipeline.config import PublicConfig, parse_config
from alecia_pipeline.errors import RefusedError
from alecia_pipeline.operations.publicity import judge_certificates, resolving, verified
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.smoke.probes import Probe
from alecia_pipeline.smoke.verdict import Answer, Silence
from alecia_pipeline_tests.https_site import HOST, Server, make_authority, server_context

pytestmark = pytest.mark.usefixtures("socket_enabled")

CONFIG = """
environments:
  staging:
    domain: {domain}
    caddyfile: Caddyfile
    public: {public}
    hosts:
      - {{address: {host}, user: u, identity_file: k, host_key: "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}}
"""


@pytest.fixture
def released(monkeypatch: pytest.MonkeyPatch) -> None:
    """Serve one host name, asked twice by the smoke test."""
    probes = (Probe(HOST), Probe(HOST, "/host"))
    monkeypatch.setattr("alecia_pipeline.operations.publicity.live_probes", lambda *_: probes)


@pytest.fixture
def nothing_released(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise RefusedError("no release is live")

    monkeypatch.setattr("alecia_pipeline.operations.publicity.live_probes", refuse)


def runner(folder: Path, *, domain: str = "localhost", host: str = "127.0.0.1", public: str = "{}") -> Runner:
    return Runner(folder, parse_config(CONFIG.format(domain=domain, host=host, public=public).encode()), print)


def test_a_served_name_is_asked_once_and_its_certificate_verified(released: None, tmp_path: Path) -> None:
    folder = make_authority(tmp_path)
    with Server(server_context(folder)).running() as port:
        trusted = f'{{address: 127.0.0.1, https_port: {port}, ca_file: "{folder}/ca.crt"}}'
        check = verified(runner(tmp_path, public=trusted), "staging")
        other = verified(runner(tmp_path, public=f"{{address: 127.0.0.1, https_port: {port}}}"), "staging")
    assert (check.verdict, check.fix) == ("ok", None)
    assert check.detail.startswith(f"1 certificates verify; the first to end is that of {HOST}, in ")
    assert other.verdict == "failed"
    assert f"{HOST}: " in other.detail


def test_before_a_release_nothing_is_served(nothing_released: None, tmp_path: Path) -> None:
    assert verified(runner(tmp_path), "staging").verdict == "warning"


def test_a_public_certificate_near_its_end_is_a_warning() -> None:
    found: dict[str, Answer | Silence] = {name: Answer(200, 1, "", days) for name, days in (("a", 60.0), ("b", 5.0))}
    near = judge_certificates(found, PublicConfig())
    assert (near.verdict, "b, in 5.0 days" in near.detail) == ("warning", True)
    assert judge_certificates(found, PublicConfig(ca_file="own.crt")).verdict == "ok"


def test_names_that_lead_to_the_host_or_do_not(nothing_released: None, tmp_path: Path) -> None:
    good = resolving(runner(tmp_path), "staging")
    assert (good.verdict, good.detail) == ("ok", "1 names resolve to 127.0.0.1")
    stray = resolving(runner(tmp_path, host="192.0.2.1"), "staging")
    assert (stray.verdict, "localhost (" in stray.detail) == ("warning", True)
    lost = resolving(runner(tmp_path, domain="absent.invalid"), "staging")
    assert (lost.verdict, lost.detail) == ("failed", "these do not resolve: absent.invalid")
    assert "absent.invalid" in (lost.fix or "")


def test_served_names_are_the_ones_that_must_resolve(released: None, tmp_path: Path) -> None:
    assert HOST in resolving(runner(tmp_path), "staging").detail


def test_a_given_address_needs_no_dns(tmp_path: Path) -> None:
    check = resolving(runner(tmp_path, public="{address: 192.0.2.1}"), "staging")
    assert (check.verdict, check.detail) == ("ok", "not asked: public.address is 192.0.2.1")
