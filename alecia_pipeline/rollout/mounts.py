"""Files of the commit that compose services mount: found, and pointed at their copies on the host."""

import posixpath
from collections.abc import Iterable, Mapping
from typing import Any

from alecia_pipeline.rollout.compose_file import ComposeFile

_SHORT_PARTS = 3


def mounted_paths(compose: ComposeFile, services: Iterable[str]) -> frozenset[str]:
    """Return the paths of the repository that the services' binds and the file's configs and secrets refer to."""
    found = {_source(volume) for name in services for volume in _volumes(compose.services[name])}
    found |= {item.get("file") for kind in ("configs", "secrets") for item in _items(compose, kind)}
    return frozenset(compose.resolve(path) for path in found if path and path.startswith("."))


def placed_volumes(
    compose: ComposeFile, definition: Mapping[str, Any], placed: Mapping[str, str]
) -> list[str | dict[str, Any]]:
    """Return the service's volumes with relative sources at their host paths; those not `placed` are dropped."""
    volumes: list[str | dict[str, Any]] = []
    for volume in _volumes(definition):
        source = _source(volume)
        if not source or not source.startswith("."):
            volumes.append(volume)
        elif compose.resolve(source) in placed:
            volumes.append(_moved(volume, placed[compose.resolve(source)]))
    return volumes


def placed_top(compose: ComposeFile, placed: Mapping[str, str]) -> dict[str, Any]:
    """Return the file's networks, volumes, configs and secrets, with relative files replaced by their host paths."""
    top = dict(compose.top)
    for kind in ("configs", "secrets"):
        if kind in top:
            top[kind] = {name: _placed_file(compose, item, placed) for name, item in (top[kind] or {}).items()}
    return top


def holds(folder: str, path: str) -> bool:
    """Tell whether `path` is `folder` or lies in it."""
    return folder in {path, "."} or path.startswith(folder + "/")


def writable_volume(definition: Mapping[str, Any]) -> bool:
    """Tell whether a service can write to a volume that outlives its container."""
    return any(not _read_only(volume) for volume in _volumes(definition))


def _read_only(volume: str | dict[str, Any]) -> bool:
    if isinstance(volume, dict):
        return bool(volume.get("read_only")) or volume.get("type") == "tmpfs"
    parts = volume.split(":")
    return len(parts) == _SHORT_PARTS and "ro" in parts[-1].split(",")


def _volumes(definition: Mapping[str, Any]) -> list[Any]:
    return list(definition.get("volumes") or ())


def _items(compose: ComposeFile, kind: str) -> list[dict[str, Any]]:
    return [item for item in (compose.top.get(kind) or {}).values() if isinstance(item, dict)]


def _source(volume: str | dict[str, Any]) -> str | None:
    if isinstance(volume, dict):
        return volume.get("source") if volume.get("type") == "bind" else None
    return volume.split(":")[0] if ":" in volume else None


def _moved(volume: str | dict[str, Any], place: str) -> str | dict[str, Any]:
    if isinstance(volume, dict):
        return {**volume, "source": place}
    return posixpath.normpath(place) + volume[volume.index(":") :]


def _placed_file(compose: ComposeFile, item: Any, placed: Mapping[str, str]) -> Any:
    if isinstance(item, dict) and str(item.get("file", "")).startswith("."):
        return {**item, "file": placed[compose.resolve(item["file"])]}
    return item
