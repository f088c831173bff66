from typing import Any

from alecia_pipeline.rollout.caddy import release_config
from alecia_pipeline.rollout.static import static_apps


def adapted(*handlers: dict[str, Any]) -> dict[str, Any]:
    routes = [{"handle": [{"handler": "subroute", "routes": [{"handle": list(handlers)}]}]}]
    return {"apps": {"http": {"servers": {"srv0": {"listen": [":443"], "routes": routes}}}}}


def proxy(*dials: str) -> dict[str, Any]:
    return {"handler": "reverse_proxy", "upstreams": [{"dial": dial} for dial in dials]}


def configured(*handlers: dict[str, Any]) -> tuple[list[dict[str, Any]], Any]:
    """Return the handlers of the site when web and docs are Next.js apps, and the whole configuration."""
    ports = [(app, 3000) for app in ("web", "docs", "shop")]
    document = release_config(adapted(*handlers), ports, "Caddyfile", static=["web", "docs"]).document
    return document["apps"]["http"]["servers"]["srv0"]["routes"][0]["handle"][0]["routes"][0]["handle"], document


def roots(handlers: list[dict[str, Any]]) -> list[str]:
    """Return each handler's static root, or its name."""
    return [h["routes"][0]["handle"][1]["root"] if h["handler"] == "subroute" else h["handler"] for h in handlers]


def test_kept_files_are_served_before_the_app_is_asked() -> None:
    handlers, document = configured({"handler": "encode"}, proxy("web:3000"))
    assert roots(handlers) == ["encode", "/alecia/static/web/live", "reverse_proxy"]
    route = handlers[1]["routes"][0]
    assert route["match"] == [
        {"method": ["GET", "HEAD"], "path": ["/_next/static/*"], "file": {"root": "/alecia/static/web/live"}}
    ]
    assert route["handle"][0]["response"]["set"] == {"Cache-Control": ["public, max-age=31536000, immutable"]}
    assert static_apps(document) == {"web"}


def test_a_scheme_and_replicas_make_no_difference() -> None:
    handlers, _ = configured(proxy("tcp/web:3000", "web:3000"))
    assert roots(handlers) == ["/alecia/static/web/live", "reverse_proxy"]


def test_every_site_of_every_such_app() -> None:
    handlers, document = configured(proxy("docs:3000"), proxy("web:3000"))
    assert roots(handlers) == ["/alecia/static/docs/live", "reverse_proxy", "/alecia/static/web/live", "reverse_proxy"]
    assert static_apps(document) == {"docs", "web"}


def test_other_apps_and_file_servers_stay_as_they_are() -> None:
    mine = {"handler": "file_server", "root": "/srv/analytics"}
    handlers, document = configured(proxy("shop:3000", "minio:9000"), mine, {"handler": "file_server"})
    assert roots(handlers) == ["reverse_proxy", "file_server", "file_server"]
    assert static_apps(document) == frozenset()
