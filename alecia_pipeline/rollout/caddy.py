"""Caddy's adapted JSON, changed so that one rename of `releases/live` moves every app."""

import copy
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from alecia_pipeline.errors import UsageError
from alecia_pipeline.rollout.static import serve_static

_PLACEHOLDER = re.compile(r"\{\$([A-Za-z_]\w*)(?::[^{}]*)?\}")
_DIAL = re.compile(r"(?P<scheme>[a-z0-9]+/)?(?P<host>[^/:{}]+):(?P<port>\d+)")


@dataclass(frozen=True, slots=True)
class CaddyConfig:
    """The configuration of a release. `routes` are (app, port) pairs that sites lead to, `hosts` the sites' names."""

    document: Mapping[str, Any]
    routes: frozenset[tuple[str, int]]
    hosts: tuple[str, ...]

    def routed(self, app: str) -> bool:
        """Tell whether a site leads to the app."""
        return any(name == app for name, _ in self.routes)


def placeholders(caddyfile: str) -> frozenset[str]:
    """Return the environment keys that a Caddyfile takes in when it is adapted (`{$KEY}`, `{$KEY:default}`)."""
    return frozenset(_PLACEHOLDER.findall(caddyfile))


def slot_address(app: str, port: int) -> str:
    """Return the upstream that follows the app's slot file in the live release."""
    return f"{{file./alecia/releases/live/{app}}}:{port}"


def release_config(
    adapted: Mapping[str, Any], ports: Collection[tuple[str, int]], where: str, *, static: Collection[str] = ()
) -> CaddyConfig:
    """Return the release's configuration. `ports` are (app, port) pairs that other containers call inside.

    Sites that lead to one of the `static` apps serve its kept static files first.

    Raises UsageError for a dynamic upstream of an app, or an app whose port is one that Caddy serves sites on.
    """
    apps = {app for app, _ in ports}
    document = copy.deepcopy(dict(adapted))
    routes = frozenset(_replace_dials(document, apps, where))
    serve_static(document, {slot_address(app, port): app for app, port in routes if app in static})
    servers = document.get("apps", {}).get("http", {}).get("servers", {})
    hosts = tuple(sorted({name for server in servers.values() for name in _hosts(server)}))
    inside = frozenset(ports) | routes
    taken = {port for server in servers.values() for port in map(_port, server.get("listen", ()))}
    for port in sorted({port for _, port in inside}):
        if port in taken:
            raise _wrong(where, f"an app listens on {port}, where Caddy serves sites", "give the app another port")
        served = sorted(app for app, its in inside if its == port)
        document.setdefault("apps", {}).setdefault("http", {}).setdefault("servers", {})[f"alecia_{port}"] = _internal(
            served, port
        )
    return CaddyConfig(document, routes, hosts)


def _internal(apps: list[str], port: int) -> dict[str, Any]:
    return {
        "listen": [f":{port}"],
        "automatic_https": {"disable": True},
        "routes": [
            {
                "match": [{"host": [app]}],
                "handle": [{"handler": "reverse_proxy", "upstreams": [{"dial": slot_address(app, port)}]}],
                "terminal": True,
            }
            for app in apps
        ],
    }


def _replace_dials(value: Any, apps: Collection[str], where: str) -> Iterator[tuple[str, int]]:
    if isinstance(value, dict):
        if value.get("handler") == "reverse_proxy":
            yield from _replace_upstreams(value, apps, where)
        for inner in value.values():
            yield from _replace_dials(inner, apps, where)
    elif isinstance(value, list):
        for inner in value:
            yield from _replace_dials(inner, apps, where)


def _replace_upstreams(handler: dict[str, Any], apps: Collection[str], where: str) -> Iterator[tuple[str, int]]:
    dynamic = handler.get("dynamic_upstreams") or {}
    if dynamic.get("name") in apps:
        raise _wrong(where, f"a dynamic upstream names {dynamic['name']}", "use `reverse_proxy app:port`")
    for upstream in handler.get("upstreams", ()):
        found = _DIAL.fullmatch(upstream.get("dial", ""))
        if found and found["host"] in apps:
            upstream["dial"] = (found["scheme"] or "") + slot_address(found["host"], int(found["port"]))
            yield found["host"], int(found["port"])


def _hosts(value: Any) -> Iterator[str]:
    """Yield the host names that the routes match, wherever they are nested."""
    if isinstance(value, dict):
        for match in value.get("match", ()) if isinstance(value.get("match"), list) else ():
            yield from match.get("host", ())
        for inner in value.values():
            yield from _hosts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _hosts(inner)


def _port(listen: str) -> int:
    last = listen.rpartition(":")[2].partition("-")[0]
    return int(last) if last.isdecimal() else 0


def _wrong(where: str, why: str, fix: str) -> UsageError:
    return UsageError("this Caddy configuration does not work with a release", where=where, why=why, fix=fix)
