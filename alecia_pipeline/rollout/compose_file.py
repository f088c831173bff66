"""The user's compose file: read within limits, and refused where a rollout beside the old version cannot work."""

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from alecia_pipeline.errors import UsageError
from alecia_pipeline.source.yaml_document import load_yaml

MAX_BYTES = 256_000
MAX_VALUES = 50_000
"""After aliases are expanded. `docker compose config` ran 7 minutes on an alias bomb (docs/facts.md)."""


@dataclass(frozen=True, slots=True)
class ComposeFile:
    """A compose file of a commit. `path` is its path in the repository; values are as YAML gives them."""

    path: str
    services: Mapping[str, dict[str, Any]]
    top: Mapping[str, Any]

    @property
    def folder(self) -> str:
        """The folder that relative paths in the file start from, `.` for the root."""
        return posixpath.dirname(self.path) or "."

    def service(self, name: str) -> dict[str, Any]:
        """Return one service's definition. Raises UsageError when the file has none of that name."""
        if name not in self.services:
            raise UsageError(
                f"the compose file has no service {name!r}",
                where=self.path,
                why=f"its services: {', '.join(sorted(self.services))}",
                fix=f"add a service named {name}, as the app is",
            )
        return self.services[name]

    def resolve(self, relative: str) -> str:
        """Return a path written in the file as a path from the repository's root."""
        return posixpath.normpath(posixpath.join(self.folder, relative))


def parse_compose(data: bytes, path: str) -> ComposeFile:
    """Parse a compose file. Raises UsageError for what is not one, is too large, or reaches outside the file."""
    if len(data) > MAX_BYTES:
        raise _wrong(path, f"it has {len(data)} bytes; at most {MAX_BYTES} are read")
    document = load_yaml(data, path)
    if not isinstance(document, dict) or not isinstance(document.get("services"), dict):
        raise _wrong(path, "it has no mapping `services`")
    if sum(1 for _ in _walk(document)) > MAX_VALUES:
        raise _wrong(path, f"aliases expand to more than {MAX_VALUES} values")
    if "include" in document:
        raise _wrong(path, "`include` is not read: write the services into this file")
    top = {key: value for key, value in document.items() if key in {"networks", "volumes", "configs", "secrets"}}
    return ComposeFile(path, {name: _service(name, value, path) for name, value in document["services"].items()}, top)


def _service(name: str, value: Any, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _wrong(path, f"services.{name} is not a mapping")
    if "extends" in value:
        raise _wrong(path, f"services.{name}.extends is not read: use a YAML anchor")
    return value


def _walk(value: Any) -> Iterator[None]:
    """Yield once per value; a lazy walk, so that the limit stops a bomb early enough."""
    yield None
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for item in inner:
        yield from _walk(item)


def _wrong(path: str, why: str) -> UsageError:
    return UsageError("the compose file cannot be used", where=path, why=why, fix="mend it, then run this again")
