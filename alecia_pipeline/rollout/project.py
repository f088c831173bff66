"""The rendered compose project of a release, and Caddy's place in it."""

import hashlib
from collections.abc import Collection, Mapping
from typing import Any

import yaml

from alecia_pipeline.errors import UsageError
from alecia_pipeline.rollout.compose_file import ComposeFile
from alecia_pipeline.source.yaml_document import load_yaml

CADDY_COMMAND = ("caddy", "run", "--config", "/alecia/caddy/caddy.json")


def caddy_service(compose: ComposeFile) -> str:
    """Return the name of the service that is Caddy: the one named so, else the one whose image says so."""
    if "caddy" in compose.services:
        return "caddy"
    found = [name for name, service in compose.services.items() if "caddy" in str(service.get("image", "")).lower()]
    if len(found) == 1:
        return found[0]
    raise UsageError(
        "it is not clear which service is Caddy",
        where=compose.path,
        why=f"{len(found)} services have an image named caddy",
        fix="name the service `caddy`",
    )


def caddy_definition(definition: Mapping[str, Any], root: str, apps: Collection[str]) -> dict[str, Any]:
    """Return Caddy's service: it reads the pipeline's configuration and the slot files, and stands for the apps inside.

    Internal callers of `http://website:3000` reach Caddy under that alias, and so the live version only.
    """
    kept = {key: value for key, value in definition.items() if key not in {"entrypoint", "command"}}
    mounts = [f"{root}/{name}:/alecia/{name}:ro" for name in ("caddy", "releases", "static")]
    return kept | {
        "command": list(CADDY_COMMAND),
        "volumes": [*definition.get("volumes", ()), *mounts],
        "networks": _aliased(definition.get("networks") or ["default"], sorted(apps)),
    }


def render_project(name: str, services: Mapping[str, Mapping[str, Any]], top: Mapping[str, Any]) -> bytes:
    """Return the compose file, every string quoted: compose must read back exactly these values."""
    document = {"name": name, "services": {key: dict(services[key]) for key in sorted(services)}, **dict(top)}
    text: str = yaml.dump(document, Dumper=_Dumper, sort_keys=False, width=1_000_000, allow_unicode=True)
    return text.encode()


def read_services(data: bytes, path: str) -> dict[str, dict[str, Any]]:
    """Return the services of a rendered compose file."""
    services: dict[str, dict[str, Any]] = load_yaml(data, path)["services"]
    return services


def content_hash(data: bytes) -> str:
    """Return SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def _aliased(networks: Any, aliases: list[str]) -> dict[str, Any]:
    named = networks if isinstance(networks, dict) else dict.fromkeys(networks)
    return {name: _with_aliases(network or {}, aliases) for name, network in named.items()}


def _with_aliases(network: Mapping[str, Any], aliases: list[str]) -> dict[str, Any]:
    return {**network, "aliases": sorted({*network.get("aliases", ()), *aliases})}


class _Dumper(yaml.SafeDumper):
    """Quotes every string and writes no anchors."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's signature
        return True


_Dumper.add_representer(str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"'))
