"""Compose services as they run on the host: apps under generated names beside each other, the rest pinned."""

import hashlib
import json
from collections.abc import Collection, Mapping
from typing import Any, Literal

from alecia_pipeline.errors import UsageError
from alecia_pipeline.rollout.compose_file import ComposeFile
from alecia_pipeline.rollout.interpolation import references
from alecia_pipeline.rollout.mounts import placed_volumes, writable_volume

APP_LABEL = "alecia.app"
"""On every generated container; its value is the app's name."""

_APP_DROPS = ("build", "container_name", "ports", "profiles", "pull_policy", "scale", "hostname")
_APP_REFUSES = ("network_mode", "links", "external_links", "volumes_from")
_JOINING = ("network_mode", "pid", "ipc", "links", "volumes_from")

Rollout = Literal["overlap", "exclusive"]


def app_definition(
    compose: ComposeFile, app: str, apps: Collection[str], image: str, placed: Mapping[str, str]
) -> dict[str, Any]:
    """Return how one app runs: `image` by digest, and nothing that names a release: an untouched app must not move."""
    source = compose.service(app)
    _refuse_unsplittable(compose, app, source)
    definition = {key: value for key, value in source.items() if key not in _APP_DROPS}
    definition |= {"image": image, "restart": "unless-stopped", "labels": _labels(source) | {APP_LABEL: app}}
    return _finished(compose, definition, apps, placed, aliases=False)


def stack_definition(
    compose: ComposeFile, name: str, apps: Collection[str], image: str, placed: Mapping[str, str]
) -> dict[str, Any]:
    """Return how a third-party service runs: as the user wrote it, with the image pinned."""
    source = compose.service(name)
    _refuse_joining(compose, name, source, apps)
    definition = {key: value for key, value in source.items() if key != "build"} | {"image": image}
    return _finished(compose, definition, apps, placed, aliases=True)


def service_name(app: str, definition: Mapping[str, Any], fingerprints: Mapping[str, str]) -> str:
    """Return `<app>-<8 hex>` of the definition and of the fingerprints of the environment values it refers to.

    A definition with an `env_file` may use any value, so all of them count.
    """
    keys = set(fingerprints) if "env_file" in definition else references(dict(definition))
    used = {key: fingerprints.get(key, "") for key in sorted(keys)}
    canonical = json.dumps([definition, used], sort_keys=True, separators=(",", ":"))
    return f"{app}-{hashlib.sha256(canonical.encode()).hexdigest()[:8]}"


def rollout_of(configured: Rollout | None, definition: Mapping[str, Any], *, routed: bool) -> Rollout:
    """Return how an app is replaced: exclusive unless it has an HTTP route and nothing it could write to twice."""
    if configured:
        return configured
    return "overlap" if routed and not writable_volume(definition) else "exclusive"


def _finished(
    compose: ComposeFile,
    definition: dict[str, Any],
    apps: Collection[str],
    placed: Mapping[str, str],
    *,
    aliases: bool,
) -> dict[str, Any]:
    if "depends_on" in definition:
        definition["depends_on"] = _without_apps(definition["depends_on"], apps)
    if "volumes" in definition:
        definition["volumes"] = placed_volumes(compose, definition, placed)
    if not aliases and isinstance(definition.get("networks"), dict):
        definition["networks"] = {name: _without_aliases(net) for name, net in definition["networks"].items()}
    return {key: definition[key] for key in sorted(definition) if definition[key] not in ([], {})}


def _refuse_unsplittable(compose: ComposeFile, app: str, source: Mapping[str, Any]) -> None:
    for key in _APP_REFUSES:
        if source.get(key):
            raise _cannot_overlap(compose, f"services.{app}.{key}", "two versions of an app could not run side by side")
    replicas = (source.get("deploy") or {}).get("replicas", source.get("scale", 1))
    if replicas != 1:
        raise _cannot_overlap(compose, f"services.{app}.deploy.replicas", f"{replicas!r}: one container per app is run")


def _refuse_joining(compose: ComposeFile, name: str, source: Mapping[str, Any], apps: Collection[str]) -> None:
    for key in _JOINING:
        value = source.get(key) or ()
        words = [value] if isinstance(value, str) else value
        named = {part for word in words for part in str(word).split(":")} & set(apps)
        if named:
            raise _cannot_overlap(compose, f"services.{name}.{key}", f"it joins {', '.join(sorted(named))}, an app")


def _cannot_overlap(compose: ComposeFile, key: str, why: str) -> UsageError:
    return UsageError(f"{key} does not work with a release", where=compose.path, why=why, fix=f"remove {key}")


def _labels(source: Mapping[str, Any]) -> dict[str, Any]:
    labels = source.get("labels") or {}
    if isinstance(labels, dict):
        return dict(labels)
    return {key: value for key, _, value in (str(label).partition("=") for label in labels)}


def _without_apps(depends: Any, apps: Collection[str]) -> Any:
    if isinstance(depends, dict):
        return {name: how for name, how in depends.items() if name not in apps}
    return [name for name in depends if name not in apps]


def _without_aliases(network: Any) -> Any:
    # An alias shared by two versions lets internal callers reach the staged one too early (docs/facts.md).
    return {key: value for key, value in network.items() if key != "aliases"} if isinstance(network, dict) else network
