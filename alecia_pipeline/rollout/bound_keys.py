"""Environment keys that a database reads once, when it makes its volume: another value later locks everyone out."""

from collections.abc import Iterator, Mapping
from typing import Any

from alecia_pipeline.rollout.compose_file import ComposeFile
from alecia_pipeline.rollout.interpolation import references

INITIALISED_ONCE = frozenset(
    {
        "POSTGRES_PASSWORD", "POSTGRES_USER", "MYSQL_PASSWORD", "MYSQL_ROOT_PASSWORD", "MARIADB_PASSWORD",
        "MARIADB_ROOT_PASSWORD", "MONGO_INITDB_ROOT_PASSWORD",
    }
)  # fmt: skip
"""Variables of the official database images that count only while the data folder is empty."""


def bound_keys(compose: ComposeFile) -> Mapping[str, frozenset[str]]:
    """Return key -> the named volumes (as the file calls them) whose data was made with the key's value."""
    bound: dict[str, frozenset[str]] = {}
    for definition in compose.services.values():
        volumes = frozenset(_named_volumes(definition))
        for key in _initial_keys(definition) if volumes else ():
            bound[key] = bound.get(key, frozenset()) | volumes
    return bound


def _initial_keys(definition: Mapping[str, Any]) -> frozenset[str]:
    given = definition.get("environment") or {}
    pairs = given.items() if isinstance(given, dict) else (str(item).partition("=")[::2] for item in given)
    return references([value for name, value in pairs if name in INITIALISED_ONCE])


def _named_volumes(definition: Mapping[str, Any]) -> Iterator[str]:
    for volume in definition.get("volumes") or ():
        source = volume.get("source", "") if isinstance(volume, dict) else str(volume).partition(":")[0]
        if source and not source.startswith((".", "/", "~", "$")):
            yield source
