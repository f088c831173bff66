from alecia_pipeline.rollout.bound_keys import bound_keys
from alecia_pipeline.rollout.compose_file import parse_compose
from alecia_pipeline.rollout.interpolation import required

COMPOSE = b"""
services:
  postgres:
    environment: {POSTGRES_PASSWORD: "${PG_PASSWORD}", OTHER: "${OTHER}"}
    volumes: ["data:/var/lib/postgresql/data", "./init:/init:ro", "/etc/x:/x", {type: volume, source: more, target: /m}]
  replica:
    environment: ["POSTGRES_PASSWORD=${PG_PASSWORD}", "PLAIN"]
    volumes: ["replica:/var/lib/postgresql/data", {type: tmpfs, target: /t}]
  redis:
    environment: {REDIS_PASSWORD: "${REDIS_PASSWORD}"}
    volumes: ["redis:/data"]
  throwaway:
    environment: {POSTGRES_PASSWORD: "${THROWAWAY}"}
  bare:
    image: x
    volumes: ["bare:/data"]
"""


def test_keys_that_a_database_reads_once_are_bound_to_its_volumes() -> None:
    found = bound_keys(parse_compose(COMPOSE, "compose.yaml"))
    assert found == {"PG_PASSWORD": {"data", "more", "replica"}}


def test_required_keys_are_those_without_a_default() -> None:
    value = {"a": ["$A", "${B}", "${C:-x}", "${D-}", "${E:?say}", "${F:+x}", "$$G", "${H:-${I}}"]}
    assert required(value) == {"A", "B", "E", "I"}
