"""The sandbox's certificate authority: made once, signs the registry's certificate and roots the sites' HTTPS."""

import datetime as dt
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from alecia_pipeline.adapters.sandbox import state

AUTHORITY_DAYS = 3650
LEAF_DAYS = 365
RENEW_DAYS = 30
"""A certificate with fewer days left is made anew by the next `sandbox up`."""


class Authority:
    """A root certificate and its key in `directory`, as `ca.crt` and `ca.key`, made when first asked for."""

    def __init__(self, directory: Path) -> None:
        self.certificate_file = directory / "ca.crt"
        self.key_file = directory / "ca.key"

    def ensure(self) -> None:
        """Create key and certificate if they are not there."""
        if self.certificate_file.is_file() and self.key_file.is_file():
            return
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("Alecia Sandbox CA")
        builder = _builder(name, name, key.public_key(), AUTHORITY_DAYS)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
        builder = builder.add_extension(_key_usage(authority=True), critical=True)
        state.write(self.key_file, _key_pem(key), mode=state.PRIVATE)
        state.write(self.certificate_file, builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def ensure_leaf(self, directory: Path, host: str) -> tuple[bytes, bytes]:
        """Return certificate and key (PEM) of a server named `host`, kept in `directory` while they are valid."""
        certificate_file, key_file = directory / "server.crt", directory / "server.key"
        if not (key_file.is_file() and self._is_good(certificate_file, host)):
            certificate, key = self._issue(host)
            state.write(key_file, key, mode=state.PRIVATE)
            state.write(certificate_file, certificate)
        return certificate_file.read_bytes(), key_file.read_bytes()

    def _is_good(self, certificate_file: Path, host: str) -> bool:
        if not certificate_file.is_file():
            return False
        certificate = x509.load_pem_x509_certificate(certificate_file.read_bytes())
        authority = x509.load_pem_x509_certificate(self.certificate_file.read_bytes())
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        renew = certificate.not_valid_after_utc - dt.timedelta(days=RENEW_DAYS)
        ours = _key_identifier(certificate) == _subject_identifier(authority)
        return ours and host in names.get_values_for_type(x509.DNSName) and renew > _now()

    def _issue(self, host: str) -> tuple[bytes, bytes]:
        authority = x509.load_pem_x509_certificate(self.certificate_file.read_bytes())
        signer = serialization.load_pem_private_key(self.key_file.read_bytes(), password=None)
        if not isinstance(signer, ec.EllipticCurvePrivateKey):
            raise TypeError("the sandbox's CA key is always an elliptic-curve key")
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(_name(host), authority.subject, key.public_key(), LEAF_DAYS)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(_key_usage(authority=False), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        issuer = x509.AuthorityKeyIdentifier(_subject_identifier(authority), None, None)
        builder = builder.add_extension(issuer, critical=False)
        certificate = builder.sign(signer, hashes.SHA256())
        return certificate.public_bytes(serialization.Encoding.PEM), _key_pem(key)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    # An hour back: the clocks of runner and containers need not agree to the second.
    start = _now() - dt.timedelta(hours=1)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(start)
    builder = builder.not_valid_after(start + dt.timedelta(days=days))
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)


def _key_usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    # The classic form: Caddy 2.11 and the registry's Go both read it.
    form = serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


def _subject_identifier(certificate: x509.Certificate) -> bytes:
    return certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest


def _key_identifier(certificate: x509.Certificate) -> bytes | None:
    return certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
