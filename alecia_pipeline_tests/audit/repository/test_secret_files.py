import pytest

from alecia_pipeline.audit.repository.secret_files import findings
from alecia_pipeline.source.secret_forms import MAX_BYTES
from alecia_pipeline.source.tree import SYMLINK
from alecia_pipeline_tests.audit.snapshots import snapshot

RANDOM = "5f2a9c7d1e3b8a604c1d"


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [
        (".env", "A=1\nPOSTGRES_PASSWORD=5f2a9c7d1e3b\n", 2),
        ("apps/web/.env.production", 'export API_KEY="9f8e7d6c5b4a"', 1),
        (".env.staging", f"DATABASE_URL=postgres://app:{RANDOM}@db.alecia.markets/app", 1),
        (".env.local", f"BETTER_AUTH_SECRET='{RANDOM}'", 1),
        (".env", "ANYTHING=AKIA" + "Z2Y3X4W5V6U7T8S9", 1),
        (".envrc", "export GITHUB=ghp_" + "a1B2" * 9, 1),
        (".npmrc", "registry=x\n//npm.x.y/:_authToken=npm_9f8e7d6c\n", 2),
        ("deploy/id_ed25519", "-----BEGIN OPENSSH PRIVATE KEY-----\n", 1),
        ("tls/site.key", "note\n-----BEGIN RSA PRIVATE KEY-----\n", 2),
        ("infra/service-account.json", '{\n"private_key": "-----BEGIN PRIVATE KEY-----\\nMII"}', 2),
        ("apps/latest/.env", f"TOKEN={RANDOM}", 1),
    ],
)
def test_secrets_in_clear(path: str, text: str, line: int) -> None:
    (finding,) = findings(snapshot({path: text}))
    assert (finding.rule, finding.file, finding.line) == ("secret-file", path, line)
    assert not any(secret in finding.model_dump_json() for secret in (RANDOM, "9f8e7d6c", "5f2a9c7d", "Z2Y3"))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (
            ".env",
            (
                "DOMAIN=alecia.example\nPOSTGRES_PASSWORD=\nMINIO_ROOT_PASSWORD=${X}\nAPI_KEY=changeme-now\n"
                "TOKEN=short\n# x\n"
            ),
        ),
        (".env", f"NEXT_PUBLIC_API_KEY={RANDOM}\nVITE_API_KEY={RANDOM}\nnot an assignment\n"),
        (".env", f"TOKEN_URL={RANDOM}\nACCESS_TOKEN_TTL=3600seconds\nSECRET_KEY=/run/secrets/key1\n"),
        (".env", "DATABASE_URL=postgres://app:9f8e7d6c5b4a@postgres:5432/app\nDSN=http://a:b1@x.example/\n"),
        (".env", "AWS_ACCESS_KEY=AKIAIOSFODNN7EXAMPLE\nAUTH_SECRET=data encryption key with 32 characters\n"),
        (".env", "JWT_SECRET=onlyletterswhichsomebodytyped\n"),
        (".env.development", "JWT_SECRET=9f8e7d6c5b4a\n"),
        (".env.example", "POSTGRES_PASSWORD=5f2a9c7d1e3b"),
        (".env.test", f"API_KEY={RANDOM}"),
        (".npmrc", "//npm.x.y/:_authToken=${NPM_TOKEN}\n# //npm.x.y/:_authToken=npm_9f8e7d6c"),
        ("tls/ca.pem", "-----BEGIN CERTIFICATE-----"),
        ("tls/key.pem", "-----BEGIN PUBLIC KEY-----"),
        ("infra/credentials.json", '{"private_key": "in the vault"}'),
        ("tests/id_rsa", "-----BEGIN RSA PRIVATE KEY-----"),
        ("src/key.ts", "const password = '5f2a9c7d1e3b'"),
        (".env", f"A={'x' * MAX_BYTES}\nAPI_KEY={RANDOM}"),
    ],
)
def test_no_secret(path: str, text: str) -> None:
    assert list(findings(snapshot({path: text}))) == []


def test_a_link_to_an_environment_file_holds_none() -> None:
    assert list(findings(snapshot({".env": f"API_KEY={RANDOM}"}, {".env": SYMLINK}))) == []
