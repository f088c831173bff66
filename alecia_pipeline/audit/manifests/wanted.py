"""What pnpm wants to install for one manifest: after extensions, overrides and ignored optional dependencies.

Source: pnpm's hooks/read-package-hook, of versions 8 to 12 (they agree).
"""

import posixpath
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from alecia_pipeline.audit.manifests.pnpm_settings import INSTALLS_PEERS, PnpmSettings, split_selector
from alecia_pipeline.audit.manifests.ranges import overlap, parse_range, satisfies
from alecia_pipeline.source.manifest import DependencyKind, Manifest

KINDS: tuple[DependencyKind, ...] = ("devDependencies", "dependencies", "optionalDependencies")
"""The kinds that are installed; of a name that has several, the last one counts."""


OVERRIDES_PEERS = 9
"""The first pnpm of which every release overrides peers, too."""


IGNORES_OPTIONAL = 9
"""The first pnpm that knows `ignoredOptionalDependencies`."""


@dataclass(frozen=True, slots=True)
class Want:
    """One dependency: its kind, the specifiers that the lockfile may have for it, and whether it may have none."""

    kind: str
    specifiers: tuple[str, ...]
    may_lack: bool = False


@dataclass(frozen=True, slots=True)
class _Override:
    """One override that fits the package: a dependency with a version in `range` gets `value`."""

    range: str
    value: str
    is_generic: bool


_Overrides = Mapping[str, list[_Override]]


def wanted(manifest: Manifest, folder: str, settings: PnpmSettings) -> Mapping[str, Want]:
    """Return name -> what is wanted. Where overrides contradict each other, each of them may be in the lockfile."""
    kinds = _extended(manifest, settings)
    overrides = _fitting(manifest, settings.overrides)
    ignored = _ignored(kinds["optionalDependencies"], settings)
    found = _peers(kinds["peerDependencies"], overrides, folder, settings)
    for kind in KINDS:
        for name, spec in kinds[kind].items():
            values = _replaced(overrides, name, spec, folder)
            if "-" not in values and (name not in ignored or kind == "devDependencies"):
                found[name] = Want(kind, values)
    return found


def _peers(peers: Mapping[str, str], overrides: _Overrides, folder: str, settings: PnpmSettings) -> dict[str, Want]:
    """Return the peers that pnpm installs itself, and those that an override made ordinary dependencies."""
    found = {}
    for name, spec in peers.items():
        values = _replaced(overrides, name, spec, folder)
        if settings.major < OVERRIDES_PEERS:
            values = tuple(dict.fromkeys((*values, spec)))
        made_ordinary = values != (spec,) and not any(map(_is_peer_range, values))
        installs = settings.auto_install_peers or settings.major < INSTALLS_PEERS
        if "-" not in values and (installs or made_ordinary):
            found[name] = Want("dependencies", values, may_lack=settings.major < INSTALLS_PEERS)
    return found


def _is_peer_range(spec: str) -> bool:
    return parse_range(spec) is not None or "workspace:" in spec or "catalog:" in spec


def _extended(manifest: Manifest, settings: PnpmSettings) -> Mapping[str, Mapping[str, str]]:
    """Return the manifest's kinds with what `packageExtensions` adds; what it declares itself wins."""
    kinds: dict[str, Mapping[str, str]] = {
        "devDependencies": manifest.dev_dependencies,
        "dependencies": manifest.dependencies,
        "optionalDependencies": manifest.optional_dependencies,
        "peerDependencies": manifest.peer_dependencies,
    }
    for selector, extension in settings.package_extensions.items():
        _, (name, versions) = split_selector(selector)
        if name != manifest.name or (versions and not satisfies(manifest.version, versions)):
            continue
        for kind in ("dependencies", "optionalDependencies", "peerDependencies"):
            more = extension.get(kind) if isinstance(extension, dict) else None
            if isinstance(more, dict):
                kinds[kind] = {**{key: str(spec) for key, spec in more.items()}, **kinds[kind]}
    return kinds


def _fitting(manifest: Manifest, overrides: Mapping[str, str]) -> _Overrides:
    """Return, by the dependency they replace, the overrides for every package and those for this one as the parent."""
    found: defaultdict[str, list[_Override]] = defaultdict(list)
    for selector, value in overrides.items():
        parent, (target, versions) = split_selector(selector)
        if parent is None or (parent[0] == manifest.name and (not parent[1] or satisfies(manifest.version, parent[1]))):
            found[target].append(_Override(versions, value, is_generic=parent is None))
    return found


def _replaced(overrides: _Overrides, name: str, spec: str, folder: str) -> tuple[str, ...]:
    """Return what a dependency's specifier becomes: itself, or the value of each override that fits best."""
    known = overrides.get(name)
    if not known:
        return (spec,)
    fit = [item for item in known if not item.range or item.range == spec or overlap(spec, item.range)]
    best = [item for item in fit if not item.is_generic] or fit
    return tuple(dict.fromkeys(_located(item.value, folder) for item in reversed(best))) or (spec,)


def _located(value: str, folder: str) -> str:
    """Return an override's value for one package: the path of a link is relative to where it is used."""
    for protocol in ("link:", "file:"):
        path = value.removeprefix(protocol)
        if path != value and not path.startswith("/"):
            return protocol + posixpath.relpath(posixpath.normpath(path), folder)
    return value


def _ignored(optional: Mapping[str, str], settings: PnpmSettings) -> frozenset[str]:
    patterns = settings.ignored_optional if settings.major >= IGNORES_OPTIONAL else ()
    ignored = re.compile("|".join(re.escape(text).replace(r"\*", ".*") for text in patterns))
    return frozenset(name for name in optional if patterns and ignored.fullmatch(name))
