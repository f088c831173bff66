"""The settings of a workspace that its lockfile repeats, from wherever the pinned pnpm reads them.

pnpm up to 10 reads `.npmrc` and the key `pnpm` of the root's package.json, which wins in 10, the first to read
pnpm-workspace.yaml; from 11 on it reads nothing but that file.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from alecia_pipeline.audit.snapshot import Snapshot
from alecia_pipeline.source.documents import as_mapping
from alecia_pipeline.source.manifest import Manifest
from alecia_pipeline.source.workspace import WORKSPACE_FILE
from alecia_pipeline.source.yaml_document import load_yaml

NPMRC = ".npmrc"
WORKSPACE_SETTINGS = 10
"""The first pnpm that reads its settings from pnpm-workspace.yaml."""

ONLY_WORKSPACE_SETTINGS = 11
"""The first pnpm that reads them from nowhere else."""

INSTALLS_PEERS = 8
"""The first pnpm that installs peers by itself."""

_DEFAULT_SUFFIX = 1000


@dataclass(frozen=True)
class PnpmSettings:
    """What one major version of pnpm reads. `overrides` are resolved: no `$name` and no `catalog:` is left."""

    major: int
    overrides: Mapping[str, str]
    catalogs: Mapping[str, Mapping[str, str]]
    package_extensions: Mapping[str, Any]
    patches: Mapping[str, str]
    ignored_optional: tuple[str, ...]
    has_plugins: bool
    flags: Mapping[str, Any]

    @property
    def auto_install_peers(self) -> bool:
        """Whether peers stand among the dependencies."""
        return self.flags.get("autoInstallPeers", self.major >= INSTALLS_PEERS) is not False

    @property
    def exclude_links(self) -> bool:
        """Whether `link:` dependencies are left out of the lockfile."""
        return self.flags.get("excludeLinksFromLockfile") is True

    @property
    def shared_lockfile(self) -> bool:
        """Whether one lockfile at the root serves every package."""
        return self.flags.get("sharedWorkspaceLockfile") is not False

    @property
    def peers_suffix_max_length(self) -> int:
        """How long the peers in a key may get before they are hashed."""
        value = self.flags.get("peersSuffixMaxLength")
        return int(value) if isinstance(value, int | str) and str(value).isdecimal() else _DEFAULT_SUFFIX


def read_settings(snapshot: Snapshot, major: int) -> PnpmSettings:
    """Return the settings as pnpm of a major version reads them from this commit."""
    root = snapshot.workspace.root.manifest
    workspace = _workspace(snapshot)
    own = dict(as_mapping(root.raw.get("pnpm"), root.path, "pnpm"))
    own["overrides"] = {**_texts(root.raw.get("resolutions")), **_texts(own.get("overrides"))}
    read = {
        **(workspace if major >= WORKSPACE_SETTINGS else {}),
        **{key: value for key, value in own.items() if value and major < ONLY_WORKSPACE_SETTINGS},
    }
    catalogs = _catalogs(workspace)
    return PnpmSettings(
        major=major,
        overrides=dict(_resolved(_texts(read.get("overrides")), root, catalogs)),
        catalogs=catalogs,
        package_extensions=_mapping(read.get("packageExtensions")),
        patches=_texts(read.get("patchedDependencies")),
        ignored_optional=_strings(read.get("ignoredOptionalDependencies")),
        has_plugins=bool(read.get("configDependencies") or read.get("pnpmfile")),
        flags={**(_npmrc(snapshot) if major < ONLY_WORKSPACE_SETTINGS else {}), **read},
    )


def _workspace(snapshot: Snapshot) -> Mapping[str, Any]:
    if WORKSPACE_FILE not in snapshot.tree.entries:
        return {}
    return as_mapping(load_yaml(snapshot.tree.read(WORKSPACE_FILE), WORKSPACE_FILE), WORKSPACE_FILE, "the document")


def _npmrc(snapshot: Snapshot) -> Mapping[str, Any]:
    """Return the root's .npmrc with the names that pnpm-workspace.yaml has for the same settings."""
    if NPMRC not in snapshot.tree.entries:
        return {}
    lines = snapshot.tree.read(NPMRC).decode(errors="replace").splitlines()
    pairs = (line.partition("=") for line in lines if line.strip()[:1] not in {"#", ";"})
    words = {"true": True, "false": False}
    return {
        re.sub(r"-(\w)", lambda match: match[1].upper(), name.strip()): words.get(value.strip(), value.strip())
        for name, equals, value in pairs
        if equals
    }


def _catalogs(workspace: Mapping[str, Any]) -> Mapping[str, Mapping[str, str]]:
    named = _mapping(workspace.get("catalogs"))
    default = workspace.get("catalog") or named.get("default")
    return {**{name: _texts(entries) for name, entries in named.items()}, "default": _texts(default)}


def _resolved(
    overrides: Mapping[str, str], root: Manifest, catalogs: Mapping[str, Mapping[str, str]]
) -> Iterator[tuple[str, str]]:
    """Yield the overrides with what `$name` (a dependency of the root) and `catalog:` stand for."""
    declared = {**root.dev_dependencies, **root.dependencies, **root.optional_dependencies}
    for selector, written in overrides.items():
        value = declared.get(written[1:], written) if written.startswith("$") else written
        if value.startswith("catalog:"):
            entries = catalogs.get(value.removeprefix("catalog:").strip() or "default", {})
            value = entries.get(target_name(selector), value)
        yield selector, value


def target_name(selector: str) -> str:
    """Return the name of the dependency that an override's selector (`a`, `a@1`, `b@2>a@1`) replaces."""
    return split_selector(selector)[1][0]


_PARENT = re.compile(r"(?<=[^ |@])>")


def split_selector(selector: str) -> tuple[tuple[str, str] | None, tuple[str, str]]:
    """Return ((parent, range) or None, (target, range)); an empty range means every version."""
    parent, *rest = _PARENT.split(selector, maxsplit=1)
    return (_named(parent), _named(rest[0])) if rest else (None, _named(parent))


def _named(text: str) -> tuple[str, str]:
    at = text.find("@", 1)
    return (text, "") if at < 0 else (text[:at], text[at + 1 :])


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _texts(value: Any) -> Mapping[str, str]:
    """Return the plain entries of a setting as text; pnpm takes a number for a version, too."""
    items = _mapping(value).items()
    return {key: str(item) for key, item in items if isinstance(item, str | int | float) and item is not True}


def _strings(value: Any) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()
