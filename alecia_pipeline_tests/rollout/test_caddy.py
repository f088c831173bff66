from typing import Any

import pytest

from alecia_pipeline.errors import UsageError
from alecia_pipeline.rollout.caddy import placeholders, release_config, slot_address


def proxy(*dials: str, **more: Any) -> dict[str, Any]:
    return {"handler": "reverse_proxy", "upstreams": [{"dial": dial} for dial in dials], **more}


def adapted(*handlers: dict[str, Any], host: str = "a.test", listen: str = ":443") -> dict[str, Any]:
    inner = {"handler": "subroute", "routes": [{"handle": list(handlers)}]}
    return {
        "apps": {
            "http": {
                "servers": {"srv0": {"listen": [listen], "routes": [{"match": [{"host": [host]}], "handle": [inner]}]}}
            }
        }
    }


def dials(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [value["dial"]] if "dial" in value else [d for inner in value.values() for d in dials(inner)]
    return [d for inner in value for d in dials(inner)] if isinstance(value, list) else []


def test_upstreams_of_apps_follow_their_slot_files() -> None:
    source = adapted(proxy("web:3000", "minio:9000", "unix//run/x"))
    config = release_config(source, [("web", 3000)], "Caddyfile")
    assert dials(config.document["apps"]["http"]["servers"]["srv0"]) == [
        "{file./alecia/releases/live/web}:3000",
        "minio:9000",
        "unix//run/x",
    ]
    assert dials(source) == ["web:3000", "minio:9000", "unix//run/x"]
    assert config.routes == frozenset({("web", 3000)})
    assert config.hosts == ("a.test",)
    assert config.routed("web")
    assert not config.routed("jobs")


def test_the_scheme_of_an_upstream_stays() -> None:
    config = release_config(adapted(proxy("tcp/web:3000")), [("web", 1)], "Caddyfile")
    assert f"tcp/{slot_address('web', 3000)}" in dials(config.document)


def test_internal_callers_go_through_the_same_slots() -> None:
    config = release_config({}, [("web", 3000), ("shop", 3000), ("jobs", 9)], "Caddyfile")
    servers = config.document["apps"]["http"]["servers"]
    assert sorted(servers) == ["alecia_3000", "alecia_9"]
    assert servers["alecia_3000"]["automatic_https"] == {"disable": True}
    assert [route["match"][0]["host"] for route in servers["alecia_3000"]["routes"]] == [["shop"], ["web"]]
    assert dials(servers["alecia_9"]) == [slot_address("jobs", 9)]
    assert config.hosts == ()


def test_a_dynamic_upstream_of_an_app_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        release_config(adapted(proxy(dynamic_upstreams={"source": "a", "name": "web"})), [("web", 3000)], "Caddyfile")
    assert "a dynamic upstream names web" in str(caught.value)


@pytest.mark.parametrize("listen", [":3000", "0.0.0.0:3000", "tcp/:3000-3001"])
def test_an_app_on_a_port_of_the_sites_is_refused(listen: str) -> None:
    with pytest.raises(UsageError, match="does not work with a release"):
        release_config(adapted(proxy("web:3000"), listen=listen), [("web", 3000)], "Caddyfile")


def test_a_socket_is_no_port() -> None:
    config = release_config(adapted(proxy("web:3000"), listen="unix//run/caddy.sock"), [("web", 3000)], "Caddyfile")
    assert "alecia_3000" in config.document["apps"]["http"]["servers"]


def test_matchers_that_are_not_lists_are_passed_over() -> None:
    source = {"apps": {"http": {"servers": {"s": {"routes": [{"handle": [{"match": {"code": [404]}}]}]}}}}}
    assert release_config(source, [], "Caddyfile").hosts == ()


def test_the_keys_that_a_caddyfile_takes_in() -> None:
    assert placeholders("{$DOMAIN} {\n tls {$TLS:internal}\n header X {env.LATER}\n}") == {"DOMAIN", "TLS"}
