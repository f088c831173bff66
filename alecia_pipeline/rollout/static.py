"""Static files of Next.js apps in Caddy's JSON: those of every kept release are served before the app is asked.

A tab that was opened before a switch asks for the files of its own build, which the new container does not have.
"""

from collections.abc import Iterator, Mapping
from typing import Any

_PLACE = "/alecia/static/"
_LIVE = "/live"


def serve_static(value: Any, apps: Mapping[str, str]) -> None:
    """Put a file server before every reverse proxy of these apps, in place. `apps` is upstream address -> app."""
    if isinstance(value, dict):
        if isinstance(value.get("handle"), list):
            value["handle"] = [part for handler in value["handle"] for part in (*_before(handler, apps), handler)]
        for inner in value.values():
            serve_static(inner, apps)
    elif isinstance(value, list):
        for inner in value:
            serve_static(inner, apps)


def static_apps(document: Any) -> frozenset[str]:
    """Return the apps whose static files a release's configuration serves."""
    return frozenset(_served(document))


def _before(handler: Any, apps: Mapping[str, str]) -> list[dict[str, Any]]:
    upstreams = handler.get("upstreams", ()) if handler.get("handler") == "reverse_proxy" else ()
    named = sorted({apps[address] for address in (_address(upstream) for upstream in upstreams) if address in apps})
    return [_file_server(app) for app in named]


def _address(upstream: Mapping[str, Any]) -> str:
    """Return where an upstream is, without a scheme such as `tcp/`."""
    dial = str(upstream.get("dial", ""))
    return dial[dial.find("{") :] if "{" in dial else dial


def _file_server(app: str) -> dict[str, Any]:
    """Return a handler that answers for files that are there, and lets every other request through.

    Next.js names these files by their content or build, so that a browser may keep them for good.
    """
    root = f"{_PLACE}{app}{_LIVE}"
    forever = {"Cache-Control": ["public, max-age=31536000, immutable"]}
    return {
        "handler": "subroute",
        "routes": [
            {
                "match": [{"method": ["GET", "HEAD"], "path": ["/_next/static/*"], "file": {"root": root}}],
                "handle": [
                    {"handler": "headers", "response": {"set": forever}},
                    {"handler": "file_server", "root": root},
                ],
            }
        ],
    }


def _served(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        root = str(value.get("root", ""))
        if value.get("handler") == "file_server" and root.startswith(_PLACE) and root.endswith(_LIVE):
            yield root[len(_PLACE) : -len(_LIVE)]
        for inner in value.values():
            yield from _served(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _served(inner)
