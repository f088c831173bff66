import pytest

from alecia_pipeline.config import MAX_BYTES, Config, parse_config
from alecia_pipeline.errors import UsageError

FINGERPRINT = "SHA256:" + "A" * 43

FULL = f"""
registry: ghcr.io/alecia
apps:
  website: {{package: "@alecia/website", dockerfile: apps/website/Dockerfile, target: runner, build_args: {{}},
            inputs: [], context: pruned, rollout: overlap, epoch: 0}}
  flows: {{}}
migrations: {{dir: packages/db/migrations, database: alecia}}
environments:
  staging:
    domain: alecia.localhost
    hosts: [{{address: 127.0.0.1, port: 2222, user: ubuntu, identity_file: ~/.ssh/id, host_key: "{FINGERPRINT}"}}]
    caddyfile: infrastructure/caddy/Caddyfile.staging
    build_args: {{colab: {{NEXT_PUBLIC_COLLAB_URL: "wss://colab.alecia.localhost"}}}}
"""


def why(text: str) -> str:
    with pytest.raises(UsageError) as caught:
        parse_config(text.encode())
    assert caught.value.where == "alecia.yaml"
    assert caught.value.fix
    return caught.value.why or caught.value.what


def test_the_contract_sample_is_valid_and_frozen() -> None:
    config = parse_config(FULL.encode())
    assert config.apps["website"].target == "runner"
    assert config.apps["flows"].package is None
    assert config.environment("staging").hosts[0].port == 2222
    with pytest.raises(ValueError, match="frozen"):
        setattr(config, "registry", "other")  # noqa: B010 - a plain assignment is refused by the type checker already


def test_an_unknown_environment_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match="unknown environment 'prod'") as caught:
        parse_config(FULL.encode()).environment("prod")
    assert "staging" in str(caught.value)
    with pytest.raises(UsageError) as caught:
        Config().environment("prod")
    assert "none" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("regsitry: x", "regsitry: unknown key; did you mean 'registry'?"),
        ("zzz: x", "zzz: unknown key; known here: apps, builder, environments, migrations, registry"),
        ("apps: {web: {dockerfil: x}}", "apps.web.dockerfil: unknown key; did you mean 'dockerfile'?"),
        ("migrations: {dir: x, servic: y}", "migrations.servic: unknown key; did you mean 'service'?"),
        ("apps: {web: {dockerfile: /etc/passwd}}", "inside the repository"),
        ("apps: {web: {dockerfile: ../x}}", "inside the repository"),
        ("apps: {web: {epoch: -1}}", "apps.web.epoch"),
        ("builder: {app_key: {}}", "builder.app_key: Value error, name `env` or `file`, one of the two"),
        ("builder: {secrets: {npm: {env: A, file: b}}}", "builder.secrets.npm: Value error, name `env` or `file`"),
        ("signing: {}", "signing: Value error, name `key`, to sign what is built"),
        ("signing: {password: {env: A}, public_key: b}", "signing: Value error, name `key`"),
        ("apps: {Web: {}}", "apps.Web: a name is"),
        ("apps: {release: {}}", "reserved"),
        ("apps: {my-app: {}, my_app: {}}", "differs from 'my-app' only by"),
        ("a: [", "while parsing"),
        ("- a", "it is ['a']"),
        ("apps: {}\napps: {}", "duplicate key 'apps'"),
        ("a: &x [1]\nb: *x", "aliases are not allowed"),
        (FULL.replace(FINGERPRINT, "SHA256:short"), "environments.staging.hosts.0: Value error, host_key must be"),
        (
            FULL.replace("user: ubuntu,", "user: ubuntu, pasword: x,"),
            "environments.staging.hosts.0.pasword: unknown key",
        ),
    ],
)
def test_a_bad_file_is_one_clear_error(text: str, part: str) -> None:
    assert part in why(text)


def test_bytes_that_are_not_text_and_huge_files_are_refused() -> None:
    with pytest.raises(UsageError, match="not YAML"):
        parse_config(b"\xff\xfe\x00\x01\xff")
    with pytest.raises(UsageError, match="too large"):
        parse_config(b"#" * (MAX_BYTES + 1))
