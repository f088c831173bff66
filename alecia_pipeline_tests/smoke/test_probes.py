from typing import Any

import pytest

from alecia_pipeline.config import EnvironmentConfig
from alecia_pipeline.smoke.probes import Probe, plan_probes, served_hosts


@pytest.fixture
def environment() -> EnvironmentConfig:
    return EnvironmentConfig.model_validate(
        {
            "domain": "alecia.test",
            "caddyfile": "Caddyfile",
            "hosts": [{"address": "a", "user": "u", "identity_file": "k", "host_key": f"SHA256:{'A' * 43}"}],
            "smoke": [
                {"host": "{domain}", "path": "/ready", "contains": "ok"},
                {"host": "www.{domain}", "status": [301]},
            ],
        }
    )


def test_every_served_name_is_asked_once_configured_or_not(environment: EnvironmentConfig) -> None:
    hosts = ["alecia.test", "cms.alecia.test", "www.alecia.test", "*.preview.alecia.test", "app.alecia.test"]
    assert plan_probes(hosts, environment) == (
        Probe("alecia.test", "/ready", (200,), "ok"),
        Probe("www.alecia.test", "/", (301,)),
        Probe("app.alecia.test"),
        Probe("cms.alecia.test"),
    )


def test_hosts_are_those_of_the_https_servers() -> None:
    caddy: dict[str, Any] = {
        "apps": {
            "http": {
                "servers": {
                    "srv0": {
                        "listen": ["0.0.0.0:443", ":8443"],
                        "routes": [
                            {"match": [{"host": ["b.test", "a.test"]}], "handle": [{"match": [{"host": ["inner"]}]}]},
                            {"match": [{"path": ["/x"]}]},
                            {"handle": []},
                        ],
                    },
                    "plain": {"listen": [":80"], "routes": [{"match": [{"host": ["http.test"]}]}]},
                    "alecia_3000": {"listen": [":3000"], "routes": [{"match": [{"host": ["website"]}]}]},
                    "empty": {},
                }
            }
        }
    }
    assert served_hosts(caddy) == ("a.test", "b.test")
    assert served_hosts({}) == ()
