"""Locked packages that come from a registry of which no setting of the repository knows."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from alecia_pipeline.audit.finding import Finding
from alecia_pipeline.audit.snapshot import Snapshot
from alecia_pipeline.audit.sources.lines import Lines
from alecia_pipeline.source.lockfile import LOCKFILE, Lockfile

_DEFAULT = frozenset({"0dc11026ac75c015aaa1deafff4a7a54", "70bb4000cd2fab03af01fed086c6bf3c"})
"""npm's registry and its other name, by the start of their SHA-256: this repository names no registry's host."""

_BUILT_IN = ("@jsr/",)
"""Scopes whose registry pnpm knows by itself."""

_VERSIONED = re.compile(r"/?((?:@[^@/]+/)?[^@/]+)[@/]\d+\.\d+\.\d+[^:/]*")
"""The key of a package from a registry. One with an address in it (git, a tarball) was asked for by that address."""

_SETTINGS = re.compile(r"(?:^|/)(?:\.npmrc[\w.-]*|\.yarnrc[\w.-]*|pnpm-workspace\.yaml)$")
"""Files whose every address is that of a registry, as far as this rule cares."""

_COMMANDS = re.compile(
    r"(?:^|/)(?:\.pnpmfile\.cjs|package\.json|(?:[\w-]+\.)?[Dd]ockerfile[\w.-]*)$|^\.github/.*\.ya?ml$|^\.gitlab-ci\.yml$"
    r"|^\.circleci/.*\.yml$|\.sh$"
)
"""Files where a line with the word `registry` may set one."""

_OPEN = re.compile(rb"registry[\w-]*[\"']?\s*[=:]\s*[\"']?\$", re.IGNORECASE)
"""A registry whose address comes from the environment: it may be any."""

_URL = re.compile(rb"//([\w.-]+)")
_LINE = re.compile(rb"[^\n]*registry[^\n]*", re.IGNORECASE)
_FIX = "add `@scope:registry=https://{host}/` to .npmrc if it is meant, else lock it anew: pnpm install --lockfile-only"


def findings(snapshot: Snapshot) -> Iterable[Finding]:
    """Return one finding per unknown registry, at the first package from it."""
    if snapshot.lockfile is None:
        return
    unknown: dict[str, list[tuple[str, str]]] = {}
    for key, host, url in _hosted(snapshot.lockfile):
        unknown.setdefault(host, []).append((key, url))
    if unknown and (known := _known(snapshot)) is not None:
        for host in sorted(unknown.keys() - known):
            yield _finding(snapshot, host, unknown[host])


def _hosted(lockfile: Lockfile) -> Iterator[tuple[str, str, str]]:
    """Yield key, host and address of the packages from a registry that do not lie where the default one has them."""
    for key, block in lockfile.packages.items():
        resolution = block.get("resolution")
        name = _name(key)
        if isinstance(resolution, dict) and name and not name.startswith(_BUILT_IN):
            for url in _addresses(resolution):
                if (host := _host(url)) and not _is_default(host):
                    yield key, host, url


def _name(key: str) -> str | None:
    """Return the package's name in the key of a version from a registry, None for other keys."""
    match = _VERSIONED.fullmatch(key.partition("(")[0])
    return match[1] if match else None


def _addresses(resolution: Mapping[str, Any]) -> Iterator[str]:
    urls = (resolution.get(name) for name in ("tarball", "registry"))
    yield from (url for url in urls if isinstance(url, str) and url.startswith(("http://", "https://")))


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _is_default(host: str) -> bool:
    return hashlib.sha256(host.encode()).hexdigest()[:32] in _DEFAULT


def _known(snapshot: Snapshot) -> frozenset[str] | None:
    """Return the hosts that settings name; None when one of them is only known where the install runs."""
    hosts: set[str] = set()
    for path, entry in snapshot.tree.entries.items():
        is_setting = _SETTINGS.search(path) is not None
        if entry.is_file and (is_setting or _COMMANDS.search(path)):
            data = snapshot.tree.read(path)
            text = data if is_setting else b"\n".join(_LINE.findall(data))
            if _OPEN.search(text):
                return None
            hosts |= {match.decode().lower() for match in _URL.findall(text)}
    return frozenset(hosts)


def _finding(snapshot: Snapshot, host: str, entries: list[tuple[str, str]]) -> Finding:
    key, url = min(entries)
    more = f" and {len(entries) - 1} more" if len(entries) > 1 else ""
    return Finding(
        rule="registry-unknown",
        package=snapshot.package_name("."),
        dir=".",
        file=LOCKFILE,
        line=Lines(snapshot.tree.read(LOCKFILE)).of(url),
        dependency=_name(key),
        message=f"{key}{more} is locked from {host}, a registry that no setting of the repository names",
        fix=_FIX.format(host=host),
    )
