from pathlib import Path

import pytest

from alecia_pipeline.adapters.sandbox.runner_file import runner_file
from alecia_pipeline.adapters.sandbox.status import SandboxStatus
from alecia_pipeline.config import Config, parse_config
from alecia_pipeline.errors import UsageError

FINGERPRINT = "SHA256:" + "B" * 43
SAMPLE = Path(__file__).parents[3] / "examples" / "alepanel" / "alecia.yaml"

STATUS = SandboxStatus(
    running=True,
    domain="alecia.localhost",
    https_port=8443,
    http_port=8080,
    ssh_port=2222,
    ssh_user="ubuntu",
    ssh_key_file=Path("/state/id"),
    known_hosts_file=Path("/state/known_hosts"),
    host_key_fingerprint=FINGERPRINT,
    ca_file=Path("/state/ca.crt"),
    registry="registry.localhost:5443",
    registry_credentials_file=Path("/state/credentials.json"),
    docker_config=Path("/state/docker"),
    build_contexts_file=Path("/state/contexts.json"),
    vps_container="vps",
    ui_command="alecia ui",
)


def test_the_samples_staging_is_led_to_the_sandbox() -> None:
    written = runner_file(
        parse_config(SAMPLE.read_bytes()), STATUS, {"node:20-alpine": "docker-image://x"}, {"REDIS_IMAGE": "r@sha256:1"}
    )
    config = parse_config(written)
    staging = config.environment("staging")
    assert set(config.environments) == {"staging"}
    assert config.registry == "registry.localhost:5443/alecia"
    assert config.builder.docker_config == "/state/docker"
    assert config.builder.contexts == {"node:20-alpine": "docker-image://x"}
    assert (staging.hosts[0].address, staging.hosts[0].port, staging.hosts[0].host_key) == (
        "127.0.0.1",
        2222,
        FINGERPRINT,
    )
    assert staging.public.https_port == 8443
    assert staging.env["DOMAIN"] == staging.domain == "alecia.localhost"
    assert staging.env["REDIS_IMAGE"] == "r@sha256:1"
    assert staging.build_args["colab"]["NEXT_PUBLIC_COLLAB_URL"] == "wss://colab.alecia.localhost:8443/collaboration"
    assert staging.secrets == parse_config(SAMPLE.read_bytes()).environment("staging").secrets


def test_an_argument_that_is_no_address_of_the_domain_stays() -> None:
    text = SAMPLE.read_text().replace("wss://colab.alecia.markets/collaboration", "wss://other.example/x")
    written = runner_file(parse_config(text.encode()), STATUS, {}, {})
    args = parse_config(written).environment("staging").build_args
    assert args["colab"]["NEXT_PUBLIC_COLLAB_URL"] == "wss://other.example/x"


def test_a_repository_without_staging_is_refused() -> None:
    with pytest.raises(UsageError, match="unknown environment 'staging'"):
        runner_file(Config(), STATUS, {}, {})
