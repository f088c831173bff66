"""Dependencies that nothing seems to use: no import, no script, no setting, no other dependency as its peer.

When in doubt this rule is silent. What brings a program is passed over (somebody may start it by hand), and so are
workspace packages (they order builds).
"""

import json
import posixpath
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from alecia_pipeline.audit.finding import Finding
from alecia_pipeline.audit.manifests.implied import is_implied
from alecia_pipeline.audit.manifests.places import declaration
from alecia_pipeline.audit.manifests.versions import remove_command
from alecia_pipeline.audit.resolution.specifier import parse_specifier
from alecia_pipeline.audit.snapshot import Snapshot
from alecia_pipeline.source.lockfile import Importer, Lockfile
from alecia_pipeline.source.manifest import MANIFEST_FILE, DependencyKind, Manifest

_INSTALLED: tuple[DependencyKind, ...] = ("dependencies", "devDependencies", "optionalDependencies")
_SECTIONS = frozenset({*_INSTALLED, "peerDependencies", "name", "pnpm", "resolutions", "overrides", "keywords"})
"""Parts of package.json that declare a dependency, or choose its version, without using it."""

_LOCAL = re.compile(r"(?:workspace|link|file|portal|catalog:workspace):")
_READ = re.compile(
    r"\.(?:jsonc?|json5|ya?ml|toml|sh|bash|[cm]?[jt]sx?|html?|hbs|ejs|njk|vue|svelte|astro|mdx|s?css|less|graphql|prisma"
    r"|conf|ini|properties|gradle|plist|xml|py|rb|nix)$|(?:^|/)(?:\.[\w-]+|\w*[Dd]ockerfile[\w.-]*|[Mm]akefile|[Jj]ustfile|Procfile)$"
)
_NOT_READ = re.compile(
    r"(?:^|/)(?:pnpm-lock\.yaml|package-lock\.json|yarn\.lock|bun\.lock|CHANGELOG.*|\.gitignore|\.dockerignore)$"
)
_ELSEWHERE = re.compile(r"^(?:jsr|npm):")
"""How Deno writes where a package comes from."""

MAX_BYTES = 400_000
"""A larger file is data."""


def findings(snapshot: Snapshot) -> Iterable[Finding]:
    """Return one finding per dependency that nothing uses. Without a lockfile nobody knows whose peer it is."""
    if snapshot.lockfile is None:
        return
    used = _used(snapshot)
    lone = {folder: names for folder, names in _candidates(snapshot, snapshot.lockfile, used) if names}
    named = _named(snapshot, lone) if lone else {}
    for folder, names in lone.items():
        for name in sorted(names - named[folder]):
            message = (
                f"{name} is declared, and nothing in {folder if folder != '.' else 'the workspace'} seems to use it"
            )
            fix = remove_command(snapshot, folder, name)
            place = declaration(snapshot, folder, name, _INSTALLED)
            yield Finding(rule="unused-dependency", **place, message=message, fix=fix)


def _used(snapshot: Snapshot) -> Mapping[str, frozenset[str]]:
    """Return, per package folder, what the files in it import, scripts and settings included; for the root, all."""
    used: defaultdict[str, set[str]] = defaultdict(set)
    for package, specifier, resolved in {
        (use.source.package, use.item.specifier, use.name) for use in snapshot.imports
    }:
        names = {name for name in (resolved, parse_specifier(_ELSEWHERE.sub("", specifier)).name) if name}
        folder = package
        while folder:
            used[folder] |= names
            folder = posixpath.dirname(folder)
        used["."] |= names
    return {folder: frozenset(names) for folder, names in used.items()}


def _candidates(
    snapshot: Snapshot, lockfile: Lockfile, used: Mapping[str, frozenset[str]]
) -> Iterator[tuple[str, frozenset[str]]]:
    hidden = _hidden(snapshot)
    for package in (snapshot.workspace.root, *snapshot.workspace.packages.values()):
        importer = lockfile.importers.get(package.dir)
        if importer is not None and (package.dir in used or package.dir == ".") and package.dir not in hidden:
            left = {
                name
                for name, spec in package.manifest.declared(*_INSTALLED).items()
                if name not in used.get(package.dir, ()) and _is_judged(snapshot, package.manifest, name, spec)
            }
            wanted = _peers(snapshot, lockfile, importer, package.dir) if left else frozenset()
            yield package.dir, frozenset(name for name in left - wanted if not _has_program(lockfile, importer, name))


def _hidden(snapshot: Snapshot) -> frozenset[str]:
    """Return the packages (and the root) with code that the commit does not have: generated, linked, in a submodule."""
    generated = {use.source.package for use in snapshot.imports if use.outcome == "generated"}
    dead = [path for path in snapshot.files.links if _is_dead(snapshot, path)]
    elsewhere = {snapshot.workspace.owner(path).dir for path in dead}
    return frozenset({*generated, *elsewhere, *({"."} if generated or elsewhere else ())})


def _is_dead(snapshot: Snapshot, path: str) -> bool:
    real = snapshot.files.real(snapshot.files.links[path])
    return real is None or not snapshot.files.exists(real)


def _is_judged(snapshot: Snapshot, manifest: Manifest, name: str, spec: str) -> bool:
    is_own = snapshot.workspace.by_name(name) is not None or _LOCAL.match(spec) is not None
    return not (is_own or name in manifest.peer_dependencies or is_implied(name))


def _peers(snapshot: Snapshot, lockfile: Lockfile, importer: Importer, folder: str) -> frozenset[str]:
    """Return the names that other dependencies of a package want beside them.

    A locked version names the peers that it, or what it needs, was given: `4.2.0(react@19.2.0)`.
    """
    found: set[str] = set()
    for name, locked in importer.all().items():
        found |= {peer for peer in re.findall(r"[(_]((?:@[^@/()]+/)?[^@()]+)@", locked.version) if peer != name}
        key = _key(lockfile, name, locked.version)
        for section in ("peerDependencies", "peerDependenciesMeta"):
            found |= set(lockfile.packages[key].get(section) or ()) if key else set()
    for sibling in snapshot.workspace.closure(folder):
        if sibling != folder:
            found |= set(snapshot.workspace.package(sibling).manifest.peer_dependencies)
    return frozenset(found)


def _key(lockfile: Lockfile, name: str, version: str) -> str | None:
    """Return the key of a dependency's entry in `packages`, which from version 9 on leaves the peers out."""
    bare = version.partition("(")[0]
    keys = (f"{name}@{bare}", bare, f"/{name}@{version}", f"/{name}/{version}", version)
    return next((key for key in keys if key in lockfile.packages), None)


def _has_program(lockfile: Lockfile, importer: Importer, name: str) -> bool:
    """Tell whether a dependency brings a program, or nothing is known of it."""
    locked = importer.all().get(name)
    key = _key(lockfile, name, locked.version) if locked else None
    return key is None or bool(lockfile.packages[key].get("hasBin"))


def _named(snapshot: Snapshot, lone: Mapping[str, frozenset[str]]) -> Mapping[str, frozenset[str]]:
    """Return which candidates some file names in a way that no import shows: settings, workflows, fixtures."""
    found: dict[str, set[str]] = {folder: set() for folder in lone}
    scanned = {source.path for source in snapshot.sources if source.role == "source"}
    for path, entry in snapshot.tree.entries.items():
        if path not in scanned and entry.is_file and _READ.search(path) and not _NOT_READ.search(path):
            folders = [
                folder
                for folder in _concerned(snapshot, path)
                if lone.get(folder, frozenset()) - found.get(folder, set())
            ]
            data = _text(snapshot, path) if folders else b""
            for folder in folders:
                found[folder] |= {name for name in lone[folder] if name.encode() in data or name in path}
    return {folder: frozenset(names) for folder, names in found.items()}


def _concerned(snapshot: Snapshot, path: str) -> Iterable[str]:
    """Return the folders of the packages that a file may configure: its own, and those around it; at the root, all."""
    owner = snapshot.workspace.owner(path).dir
    if owner == ".":
        return (".", *snapshot.workspace.packages)
    around = [owner]
    while around[-1]:
        around.append(posixpath.dirname(around[-1]))
    return (*around, ".")


def _text(snapshot: Snapshot, path: str) -> bytes:
    data = snapshot.tree.read(path)
    folder = posixpath.dirname(path) or "."
    if posixpath.basename(path) == MANIFEST_FILE and (folder == "." or folder in snapshot.workspace.packages):
        raw = snapshot.workspace.package(folder).manifest.raw
        return json.dumps({key: value for key, value in raw.items() if key not in _SECTIONS}).encode()
    return data if len(data) <= MAX_BYTES else b""
