from typing import Any

import pytest

from alecia_pipeline.errors import UsageError
from alecia_pipeline.rollout.compose_file import ComposeFile, parse_compose
from alecia_pipeline.rollout.services import app_definition, rollout_of, service_name, stack_definition

APPS = ("web", "shop")
IMAGE = "registry/web@sha256:" + "1" * 64


def compose(service: str, name: str = "web") -> ComposeFile:
    return parse_compose(f"services:\n  {name}: {service}\n".encode(), "compose.yaml")


def app(service: str) -> dict[str, Any]:
    return app_definition(compose(service), "web", APPS, IMAGE, {})


def test_an_app_loses_what_would_clash_with_its_other_version() -> None:
    definition = app(
        "{image: old, build: ., container_name: w, hostname: w, ports: ['80:80'], profiles: [x], restart: 'no', "
        "depends_on: [shop, db], networks: {front: {aliases: [web], priority: 1}, back: }, labels: [a=b], "
        "environment: {A: '${A}'}, volumes: ['./gone:/gone']}"
    )
    assert definition == {
        "image": IMAGE,
        "restart": "unless-stopped",
        "depends_on": ["db"],
        "networks": {"front": {"priority": 1}, "back": None},
        "labels": {"a": "b", "alecia.app": "web"},
        "environment": {"A": "${A}"},
    }


def test_dependencies_with_conditions_and_labels_as_a_mapping() -> None:
    definition = app("{depends_on: {shop: {condition: service_started}, db: {}}, labels: {a: 1}, networks: [front]}")
    assert definition["depends_on"] == {"db": {}}
    assert definition["labels"] == {"a": 1, "alecia.app": "web"}
    assert definition["networks"] == ["front"]


def test_dependencies_on_apps_alone_vanish() -> None:
    assert "depends_on" not in app("{depends_on: [shop]}")


@pytest.mark.parametrize(
    "service",
    ["{network_mode: host}", "{links: [db]}", "{volumes_from: [db]}", "{deploy: {replicas: 2}}", "{scale: 3}"],
)
def test_an_app_that_cannot_run_beside_itself_is_refused(service: str) -> None:
    with pytest.raises(UsageError, match="does not work with a release"):
        app(service)


def test_a_third_party_service_stays_as_it_is_but_pinned() -> None:
    file = compose("{image: 'db:1', build: ., ports: ['1:1'], networks: {n: {aliases: [x]}}, depends_on: [web]}", "db")
    assert stack_definition(file, "db", APPS, "db@sha256:1", {}) == {
        "image": "db@sha256:1",
        "ports": ["1:1"],
        "networks": {"n": {"aliases": ["x"]}},
    }


@pytest.mark.parametrize("service", ["{network_mode: 'service:web'}", "{volumes_from: ['shop:ro']}"])
def test_a_service_that_joins_an_app_is_refused(service: str) -> None:
    with pytest.raises(UsageError, match="does not work with a release"):
        stack_definition(compose(service, "db"), "db", APPS, "db@sha256:1", {})


def test_a_service_that_joins_another_service_is_fine() -> None:
    assert stack_definition(compose("{links: [redis]}", "db"), "db", APPS, "i", {})["links"] == ["redis"]


def test_the_name_changes_with_the_definition_and_with_the_values_it_refers_to() -> None:
    definition = {"image": IMAGE, "environment": {"A": "${A}"}}
    name = service_name("web", definition, {"A": "1", "B": "1"})
    assert name.startswith("web-")
    assert len(name) == len("web-12345678")
    assert name == service_name("web", definition, {"A": "1", "B": "2"})
    assert name != service_name("web", definition, {"A": "2", "B": "1"})
    assert name != service_name("web", {**definition, "image": "other"}, {"A": "1"})


def test_with_an_env_file_every_value_counts() -> None:
    definition = {"image": IMAGE, "env_file": ".env"}
    assert service_name("web", definition, {"B": "1"}) != service_name("web", definition, {"B": "2"})


def test_how_an_app_is_replaced() -> None:
    assert rollout_of(None, {}, routed=True) == "overlap"
    assert rollout_of(None, {}, routed=False) == "exclusive"
    assert rollout_of(None, {"volumes": ["data:/data"]}, routed=True) == "exclusive"
    assert rollout_of("overlap", {"volumes": ["data:/data"]}, routed=False) == "overlap"
