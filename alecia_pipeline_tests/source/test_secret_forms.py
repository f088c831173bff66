import pytest

from alecia_pipeline.source.secret_forms import (
    STARTS,
    assigned_secrets,
    is_sample,
    is_secret,
    may_hold_secrets,
    registry_tokens,
    secrets_in,
    shown_at,
)

BODY = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7"


def shown(text: str) -> list[str]:
    data = text.encode()
    places = (place for start in STARTS for place in range(len(data)) if data.startswith(start, place))
    return [what for what in (shown_at(data, place) for place in places) if what]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (f"-----BEGIN PRIVATE KEY-----\n{BODY}\n", "a private key"),
        (f'const k = "-----BEGIN RSA PRIVATE KEY-----\\n{BODY}"', "a private key"),
        (f'"-----BEGIN EC PRIVATE KEY-----\\n" +\n "{BODY}"', "a private key"),
        (f"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES,0A\n\n{BODY}", "a private key"),
        ('{"key":"AKIAZ2Y3X4W5V6U7T8S9"}', "a token"),
        ("x=ghp_" + "a1B2" * 9, "a token"),
        ("Bearer glpat-a1B2c3D4e5F6g7H8i9J0", "a token"),
        ("_authToken=npm_" + "a1B2" * 9, "a token"),
    ],
)
def test_secrets_that_show_by_their_form(text: str, what: str) -> None:
    assert shown(text) == [what]


@pytest.mark.parametrize(
    "text",
    [
        'if (!pem.startsWith("-----BEGIN PRIVATE KEY-----")) throw new Error("no key")',
        f"-----BEGIN CERTIFICATE-----\n{BODY}",
        f"-----BEGIN PUBLIC KEY-----\n{BODY}",
        "AKIAIOSFODNN7EXAMPLE",
        "SLAKIAZ2Y3X4W5V6U7T8S9",
        "ghp_short",
        "npm_config_" + "a1B2" * 9,
    ],
)
def test_what_only_looks_like_one(text: str) -> None:
    assert shown(text) == []


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("RUN |1 NPM_TOKEN=9f8e7d6c5b4a /bin/sh -c pnpm install # buildkit", ["NPM_TOKEN"]),
        ("ENV API_KEY='9f8e7d6c5b4a'", ["API_KEY"]),
        ("RUN /bin/sh -c echo '//npm.x.y/:_authToken=npm_9f8e7d6c' > .npmrc", ["_authToken"]),
        ("RUN /bin/sh -c echo //npm.x.y/:_authToken=$NPM_TOKEN > .npmrc && TOKEN=$(cat /run/secrets/t)", []),
        ("RUN /bin/sh -c echo //npm.x.y/:_authToken=your-token > .npmrc", []),
        ("ENV NODE_ENV=production PORT=3000", []),
    ],
)
def test_secrets_that_a_text_assigns(text: str, names: list[str]) -> None:
    assert list(assigned_secrets(text)) == names


@pytest.mark.parametrize(
    ("text", "real", "any_value"),
    [
        ("//npm.x.y/:_authToken=npm_9f8e7d6c\n", [1], [1]),
        ("hoist=true\n  _auth = 'dXNlcjpwYXNz'\n", [2], [2]),
        ("//npm.x.y/:_authToken=your-token\n", [], [1]),
        ("//npm.x.y/:_authToken=$NPM_TOKEN\n", [], [1]),
        ('//npm.x.y/:_password = "${NPM_TOKEN}"\n//npm.x.y/:_auth=\n', [], []),
        ("# //npm.x.y/:_authToken=npm_9f8e7d6c\nalways-auth=true\n", [], []),
    ],
)
def test_registry_tokens(text: str, real: list[int], any_value: list[int]) -> None:
    assert list(registry_tokens(text.encode())) == real
    assert list(registry_tokens(text.encode(), placeholders=True)) == any_value


def test_an_assignment_is_judged_by_name_and_value() -> None:
    assert is_secret("API_KEY", "9f8e7d6c5b4a")
    assert not is_secret("API_KEY", "9f8e7d6c5b4a", shortest=20)
    assert not is_secret("COLOR", "9f8e7d6c5b4a")


def test_files_that_may_hold_secrets() -> None:
    assert may_hold_secrets("app/.env.production")
    assert not may_hold_secrets("app/server.json")
    assert is_sample("app/.env.example")
    assert list(secrets_in("server.js", b"API_KEY=9f8e7d6c5b4a")) == []
