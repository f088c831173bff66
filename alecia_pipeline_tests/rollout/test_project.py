import pytest
import yaml

from alecia_pipeline.errors import UsageError
from alecia_pipeline.rollout.compose_file import parse_compose
from alecia_pipeline.rollout.project import (
    caddy_definition,
    caddy_service,
    content_hash,
    read_services,
    render_project,
)


@pytest.mark.parametrize(
    ("services", "name"),
    [("{caddy: {image: x}, y: {image: caddy}}", "caddy"), ("{proxy: {image: 'Caddy:2'}}", "proxy")],
)
def test_which_service_is_caddy(services: str, name: str) -> None:
    assert caddy_service(parse_compose(f"services: {services}".encode(), "c.yaml")) == name


@pytest.mark.parametrize("services", ["{}", "{a: {image: caddy}, b: {image: caddy}}"])
def test_it_must_be_clear(services: str) -> None:
    with pytest.raises(UsageError, match="not clear which service is Caddy"):
        caddy_service(parse_compose(f"services: {services}".encode(), "c.yaml"))


def test_caddy_reads_the_slots_and_stands_for_the_apps_inside() -> None:
    definition = {"image": "caddy", "entrypoint": ["x"], "command": "y", "volumes": ["data:/data"]}
    assert caddy_definition(definition, "/srv/app", ["web", "shop"]) == {
        "image": "caddy",
        "command": ["caddy", "run", "--config", "/alecia/caddy/caddy.json"],
        "volumes": [
            "data:/data",
            "/srv/app/caddy:/alecia/caddy:ro",
            "/srv/app/releases:/alecia/releases:ro",
            "/srv/app/static:/alecia/static:ro",
        ],
        "networks": {"default": {"aliases": ["shop", "web"]}},
    }


def test_caddy_keeps_its_own_networks_and_aliases() -> None:
    networks = {"front": {"aliases": ["proxy"]}, "back": None}
    expected = {"front": {"aliases": ["proxy", "web"]}, "back": {"aliases": ["web"]}}
    assert caddy_definition({"networks": networks}, "/r", ["web"])["networks"] == expected


def test_every_string_is_quoted_so_that_compose_reads_the_same() -> None:
    shared = ["22:22", "no", "1e3", "${A:-b}"]
    data = render_project("demo", {"b": {"ports": shared}, "a": {"ports": shared, "n": 1}}, {"volumes": {"v": None}})
    assert list(yaml.safe_load(data)["services"]) == ["a", "b"]
    assert b"&" not in data
    assert b'"22:22"' in data
    assert read_services(data, "c.yaml") == {"a": {"ports": shared, "n": 1}, "b": {"ports": shared}}
    assert content_hash(data) == content_hash(data)
