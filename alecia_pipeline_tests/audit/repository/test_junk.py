import pytest

from alecia_pipeline.audit.repository.junk import findings
from alecia_pipeline_tests.audit.snapshots import snapshot


@pytest.mark.parametrize("path", ["._a", "apps/web/._b.ts", ".DS_Store", "a/Thumbs.db", "a/desktop.ini", "__MACOSX/x"])
def test_desktop_files_are_junk(path: str) -> None:
    (finding,) = findings(snapshot({path: b"\0"}))
    assert (finding.rule, finding.file, finding.line) == ("junk-file", path, None)


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [
        (".env", "A=1\nPOSTGRES_PASSWORD=5f2a9c7d1e3b\n", 2),
        ("apps/web/.env.production", 'export API_KEY="9f8e7d6c5b4a"', 1),
        (".npmrc", "registry=x\n//npm.x.y/:_authToken=npm_9f8e7d6c\n", 2),
        ("deploy/id_ed25519", "-----BEGIN OPENSSH PRIVATE KEY-----\n", 1),
        ("tls/site.key", "note\n-----BEGIN RSA PRIVATE KEY-----\n", 2),
    ],
)
def test_secrets_in_clear(path: str, text: str, line: int) -> None:
    (finding,) = findings(snapshot({path: text}))
    assert (finding.rule, finding.file, finding.line) == ("secret-file", path, line)
    assert "9f8e7d6c" not in finding.model_dump_json()


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (
            ".env",
            (
                "DOMAIN=alecia.example\nPOSTGRES_PASSWORD=\nMINIO_ROOT_PASSWORD=${X}\n"
                "API_KEY=changeme-now\nTOKEN=short\n# x\n"
            ),
        ),
        (".env", "NEXT_PUBLIC_API_KEY=9f8e7d6c5b4a\nnot an assignment\n"),
        (".env.example", "POSTGRES_PASSWORD=5f2a9c7d1e3b"),
        (".npmrc", "//npm.x.y/:_authToken=${NPM_TOKEN}"),
        ("tls/ca.pem", "-----BEGIN CERTIFICATE-----"),
        ("tests/id_rsa", "-----BEGIN RSA PRIVATE KEY-----"),
        ("src/key.ts", "const password = '5f2a9c7d1e3b'"),
    ],
)
def test_no_secret(path: str, text: str) -> None:
    assert list(findings(snapshot({path: text}))) == []
