import datetime as dt
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509 import verification

from alecia_pipeline.adapters.sandbox import authority
from alecia_pipeline.adapters.sandbox.authority import Authority

HOST = "ghcr.alecia.localhost"


@pytest.fixture
def made(tmp_path: Path) -> Authority:
    one = Authority(tmp_path)
    one.ensure()
    return one


def verify(by: Authority, certificate: bytes, host: str) -> None:
    store = verification.Store([x509.load_pem_x509_certificate(by.certificate_file.read_bytes())])
    verifier = verification.PolicyBuilder().store(store).build_server_verifier(x509.DNSName(host))
    verifier.verify(x509.load_pem_x509_certificate(certificate), [])


def test_a_server_certificate_verifies_for_its_name_only(made: Authority, tmp_path: Path) -> None:
    certificate, _ = made.ensure_leaf(tmp_path / "registry", HOST)
    verify(made, certificate, HOST)
    with pytest.raises(verification.VerificationError):
        verify(made, certificate, "other.localhost")


def test_both_are_kept(made: Authority, tmp_path: Path) -> None:
    root, leaf = made.certificate_file.read_bytes(), made.ensure_leaf(tmp_path / "registry", HOST)
    made.ensure()
    assert made.certificate_file.read_bytes() == root
    assert made.ensure_leaf(tmp_path / "registry", HOST) == leaf


def test_keys_are_private(made: Authority, tmp_path: Path) -> None:
    made.ensure_leaf(tmp_path / "registry", HOST)
    for path in (made.key_file, tmp_path / "registry" / "server.key"):
        assert path.stat().st_mode & 0o077 == 0


def test_a_certificate_for_another_name_is_replaced(made: Authority, tmp_path: Path) -> None:
    made.ensure_leaf(tmp_path / "registry", "old.localhost")
    verify(made, made.ensure_leaf(tmp_path / "registry", HOST)[0], HOST)


def test_a_certificate_of_another_authority_is_replaced(made: Authority, tmp_path: Path) -> None:
    made.ensure_leaf(tmp_path / "registry", HOST)
    new = Authority(tmp_path / "new")
    new.ensure()
    verify(new, new.ensure_leaf(tmp_path / "registry", HOST)[0], HOST)


def test_a_certificate_near_its_end_is_replaced(
    made: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = made.ensure_leaf(tmp_path / "registry", HOST)[0]
    later = dt.datetime.now(dt.UTC) + dt.timedelta(days=authority.LEAF_DAYS - authority.RENEW_DAYS + 1)
    monkeypatch.setattr(authority, "_now", lambda: later)
    assert made.ensure_leaf(tmp_path / "registry", HOST)[0] != old
