"""The same dependency asked for in different versions across the workspace: syncpack's job."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from itertools import combinations

from alecia_pipeline.audit.finding import Finding
from alecia_pipeline.audit.manifests.places import declaration
from alecia_pipeline.audit.manifests.pnpm_settings import read_settings
from alecia_pipeline.audit.manifests.pnpm_versions import majors
from alecia_pipeline.audit.manifests.ranges import Key, overlap, parse_range
from alecia_pipeline.audit.manifests.versions import add_everywhere
from alecia_pipeline.audit.snapshot import Snapshot
from alecia_pipeline.source.manifest import ALL_KINDS, DependencyKind, Manifest

_ANY = frozenset({"", "*", "x", "X", "latest"})
"""Specifiers that leave the version open; they contradict no other."""

Asked = Mapping[str, Mapping[str, str]]
"""Dependency -> package folder -> the range that its manifest asks for."""


def findings(snapshot: Snapshot) -> Iterable[Finding]:
    """Return one finding per dependency, naming every place. Peers are compared among themselves.

    A workspace that overrides a dependency for all has decided; the ranges no longer say what is installed.
    """
    settings = [read_settings(snapshot, major) for major in majors(snapshot.workspace.root.manifest, snapshot.lockfile)]
    overridden = {name for known in settings for name in known.overrides}
    for name, places in _asked(snapshot, _installed).items():
        if len(set(places.values())) > 1 and name not in overridden:
            yield _finding(snapshot, name, places, "is asked for in different versions")
    for name, places in _asked(snapshot, _peers).items():
        ranges = sorted(set(places.values()))
        if any(not overlap(one, other) for one, other in combinations(ranges, 2)):
            yield _finding(
                snapshot, name, places, "is wanted as a peer in versions that exclude each other", peers=True
            )


def _installed(manifest: Manifest) -> Mapping[str, str]:
    return manifest.declared("dependencies", "devDependencies", "optionalDependencies")


def _peers(manifest: Manifest) -> Mapping[str, str]:
    return manifest.peer_dependencies


def _asked(snapshot: Snapshot, declared: Callable[[Manifest], Mapping[str, str]]) -> Asked:
    """Return the plain ranges; links, catalogs, aliases and addresses are no versions to compare."""
    asked: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for package in (snapshot.workspace.root, *snapshot.workspace.packages.values()):
        for name, spec in declared(package.manifest).items():
            if spec.strip() not in _ANY and parse_range(spec) is not None and not snapshot.workspace.by_name(name):
                asked[name][package.dir] = spec.strip()
    return dict(sorted(asked.items()))


def _finding(snapshot: Snapshot, name: str, places: Mapping[str, str], what: str, *, peers: bool = False) -> Finding:
    """Return the finding at the first manifest that differs from what most of them say (of two, the newest)."""
    counted = Counter(places.values())
    usual = max(counted, key=lambda spec: (counted[spec], _lowest(spec), spec))
    others = [folder for folder, spec in places.items() if spec != usual]
    listed = "; ".join(f"{spec} in {_folders(places, spec)}" for spec in sorted(counted))
    fix = f"let the ranges of {name} overlap" if peers else add_everywhere(snapshot, others, name, usual)
    kinds: tuple[DependencyKind, ...] = ("peerDependencies",) if peers else ALL_KINDS
    place = declaration(snapshot, others[0], name, kinds)
    return Finding(rule="version-mismatch", **place, message=f"{name} {what}: {listed}", fix=fix)


def _lowest(spec: str) -> Key:
    return max(interval.low for interval in parse_range(spec) or ())


def _folders(places: Mapping[str, str], spec: str) -> str:
    return ", ".join(folder for folder, asked in places.items() if asked == spec)
