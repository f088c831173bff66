"""One `package.json`, checked once, so that nobody after this has to ask what type a key has."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

from alecia_pipeline.errors import UsageError
from alecia_pipeline.source.documents import as_mapping, as_strings, load_json

MANIFEST_FILE = "package.json"

DependencyKind = Literal["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"]
ALL_KINDS: tuple[DependencyKind, ...] = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")

_TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*"|[{}\[\]]')
_VALUE = re.compile(r'\s*:\s*"([^"\\\n]+)"')

MAX_BYTES = 5_000_000
"""The largest manifests of people, those of editor extensions, have one million."""


@dataclass(frozen=True)
class Manifest:
    """What a `package.json` declares. `bin`, `exports` and `imports` keep the shape they are written in."""

    path: str
    name: str | None = None
    version: str | None = None
    dependencies: Mapping[str, str] = field(default_factory=dict)
    dev_dependencies: Mapping[str, str] = field(default_factory=dict)
    optional_dependencies: Mapping[str, str] = field(default_factory=dict)
    peer_dependencies: Mapping[str, str] = field(default_factory=dict)
    scripts: Mapping[str, Any] = field(default_factory=dict)
    bin: Any = None
    exports: Any = None
    imports: Any = None
    package_manager: str | None = None
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def declared(self, *kinds: DependencyKind) -> Mapping[str, str]:
        """Return name -> specifier of these kinds (default: all); an earlier kind wins over a later one."""
        maps = {
            "dependencies": self.dependencies,
            "devDependencies": self.dev_dependencies,
            "optionalDependencies": self.optional_dependencies,
            "peerDependencies": self.peer_dependencies,
        }
        return {name: spec for kind in reversed(kinds or ALL_KINDS) for name, spec in maps[kind].items()}


@lru_cache(maxsize=2048)
def parse_manifest(data: bytes, path: str) -> Manifest:
    """Parse a `package.json`; the same bytes once.

    Raises UsageError with path and line, and for one that no person wrote.
    """
    if len(data) > MAX_BYTES:
        raise UsageError(
            f"{path} is too large for a manifest",
            where=path,
            why=f"it has {len(data):,} bytes; those of people have less than {MAX_BYTES:,}",
            fix="delete what is not a manifest's business, or the file",
        )
    raw = load_json(data, path)
    if not isinstance(raw, dict):
        raise UsageError(
            f"{path} must be a JSON object", where=path, why=f"it is {raw!r:.60}", fix="`pnpm init` writes one"
        )
    return Manifest(
        path=path,
        name=_text(raw, "name", path),
        version=_text(raw, "version", path),
        dependencies=as_strings(raw.get("dependencies"), path, "dependencies"),
        dev_dependencies=as_strings(raw.get("devDependencies"), path, "devDependencies"),
        optional_dependencies=as_strings(raw.get("optionalDependencies"), path, "optionalDependencies"),
        peer_dependencies=as_strings(raw.get("peerDependencies"), path, "peerDependencies"),
        scripts=as_mapping(raw.get("scripts"), path, "scripts"),
        bin=raw.get("bin"),
        exports=raw.get("exports"),
        imports=raw.get("imports"),
        package_manager=_text(raw, "packageManager", path),
        raw=raw,
    )


def stated_name(data: bytes) -> str | None:
    """Return the name that a manifest states which does not parse, or None where that is not clear.

    Who depends on the package can then still be told from who does not.
    """
    text, depth, names = data.decode(errors="replace"), 0, set()
    for token in _TOKEN.finditer(text):
        depth += (token[0] in "{[") - (token[0] in "}]")
        value = _VALUE.match(text, token.end()) if depth == 1 and token[0] == '"name"' else None
        names |= {value[1]} if value else set()
    return names.pop() if len(names) == 1 else None


def _text(raw: Mapping[str, Any], key: str, path: str) -> str | None:
    value = raw.get(key)
    if value is None or isinstance(value, str):
        return value
    raise UsageError(
        f"{path}: {key} must be a string", where=path, why=f"it is {value!r:.60}", fix=f"write {key} in quotes"
    )
