"""The lockfile against the manifests: whether it is there, and holds what each importer declares.

pnpm's own test (`--frozen-lockfile`) compares specifiers after overrides were applied, knows catalogs by their name
only, and adds peers where it installs them itself; a naive comparison gave 42 false alarms in healthy repositories.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from alecia_pipeline.audit.finding import Finding
from alecia_pipeline.audit.snapshot import Snapshot
from alecia_pipeline.source.documents import as_mapping, as_strings
from alecia_pipeline.source.lockfile import LOCKFILE, Importer, Lockfile
from alecia_pipeline.source.manifest import Manifest
from alecia_pipeline.source.workspace import WORKSPACE_FILE
from alecia_pipeline.source.yaml_document import load_yaml

FIX = "pnpm install --lockfile-only"

MAX_SHOWN = 8
"""How many differences a message names."""


class LockfileVerdict(BaseModel):
    """What the whole lockfile says: settings that concern every app, and a verdict per importer."""

    model_config = ConfigDict(frozen=True)

    version: str | None = Field(description="Format version; null when there is no lockfile")
    settings: tuple[str, ...] = Field(description="Disagreements that concern every app")
    importers: dict[str, tuple[str, ...]] = Field(description="Folder -> how the lockfile and the manifest differ")

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong that concerns every app. A stale app fails its own audit, not this."""
        return self.version is not None and not self.settings


def findings(snapshot: Snapshot) -> Iterable[Finding]:
    """Return what stops `pnpm install --frozen-lockfile`: at most one finding per importer."""
    if snapshot.lockfile is None:
        name = snapshot.package_name(".")
        message = f"there is no {LOCKFILE}: no install is reproducible"
        yield Finding(rule="lockfile-missing", package=name, dir=".", file=LOCKFILE, message=message, fix=FIX)
        return
    verdict = judge(snapshot)
    lines = _importer_lines(snapshot.tree.read(LOCKFILE))
    for folder, problems in verdict.importers.items():
        texts = (*verdict.settings, *problems) if folder == "." else problems
        if texts:
            yield _stale(snapshot, folder, texts, lines.get(folder))


def _stale(snapshot: Snapshot, folder: str, texts: tuple[str, ...], line: int | None) -> Finding:
    more = f"; and {len(texts) - MAX_SHOWN} more" if len(texts) > MAX_SHOWN else ""
    return Finding(
        rule="lockfile-stale",
        package=snapshot.package_name(folder),
        dir=folder,
        file=LOCKFILE,
        line=line,
        message=f"{LOCKFILE} does not agree with {_manifest_path(folder)}: " + "; ".join(texts[:MAX_SHOWN]) + more,
        fix=FIX,
    )


def _manifest_path(folder: str) -> str:
    return "package.json" if folder == "." else f"{folder}/package.json"


def judge(snapshot: Snapshot) -> LockfileVerdict:
    """Compare the whole lockfile with the manifests."""
    lockfile = snapshot.lockfile
    if lockfile is None:
        return LockfileVerdict(version=None, settings=(f"there is no {LOCKFILE}",), importers={})
    workspace = _workspace_settings(snapshot)
    packages = {".": snapshot.workspace.root, **snapshot.workspace.packages}
    importers = {
        folder: tuple(_differences(lockfile, package.manifest, lockfile.importers.get(folder)))
        for folder, package in packages.items()
    }
    settings = (*_overrides(snapshot, lockfile, workspace), *_catalogs(lockfile, workspace))
    return LockfileVerdict(version=lockfile.version, settings=settings, importers=importers)


def _differences(lockfile: Lockfile, manifest: Manifest, importer: Importer | None) -> Iterator[str]:
    wanted = _wanted(manifest)
    if lockfile.settings.get("excludeLinksFromLockfile"):
        wanted = {name: item for name, item in wanted.items() if not item[1].startswith("link:")}
    if importer is None:
        yield from ["the package is not in the lockfile"] if wanted else []
        return
    locked = _locked(importer)
    for name, (kind, spec) in sorted(wanted.items()):
        problem = _difference(kind, spec, locked.get(name))
        if problem and not _overridden(lockfile, manifest, name, locked.get(name)):
            yield f"{name} {problem}"
    for name in sorted(locked.keys() - wanted.keys()):
        if not _is_own_peer(lockfile, manifest, name):
            yield f"{name} is locked but not declared"


_Declared = Mapping[str, tuple[str, str]]
"""Name -> (kind, specifier)."""


def _difference(kind: str, spec: str, locked: tuple[str, str] | None) -> str | None:
    if locked is None:
        return "is declared but not locked"
    if locked[1] != spec:
        return f"is declared as {spec} but locked as {locked[1]}"
    return None if locked[0] == kind else f"is in {kind} but locked in {locked[0]}"


def _wanted(manifest: Manifest) -> _Declared:
    """Return what is to be installed; a name of several kinds counts once, as pnpm counts it."""
    kinds = (
        ("devDependencies", manifest.dev_dependencies),
        ("dependencies", manifest.dependencies),
        ("optionalDependencies", manifest.optional_dependencies),
    )
    return {name: (kind, spec) for kind, declared in kinds for name, spec in declared.items()}


def _locked(importer: Importer) -> _Declared:
    kinds = (
        ("devDependencies", importer.dev_dependencies),
        ("dependencies", importer.dependencies),
        ("optionalDependencies", importer.optional_dependencies),
    )
    return {name: (kind, item.specifier) for kind, locked in kinds for name, item in locked.items()}


def _is_own_peer(lockfile: Lockfile, manifest: Manifest, name: str) -> bool:
    """Peers that pnpm installs itself stand among the dependencies, with the specifier of the peer."""
    return bool(lockfile.settings.get("autoInstallPeers", False)) and name in manifest.peer_dependencies


def _overridden(lockfile: Lockfile, manifest: Manifest, name: str, locked: tuple[str, str] | None) -> bool:
    """Tell whether an override explains what is locked for a dependency (None: it is taken out, written `-`)."""
    for selector, value in lockfile.overrides.items():
        parent, _, target = selector.rpartition(">")
        parent_name = _selected(parent)
        if _selected(target) == name and parent_name in {"", manifest.name} and value == (locked[1] if locked else "-"):
            return True
    return False


def _selected(selector: str) -> str:
    """Return the name of `name@range`."""
    at = selector.find("@", 1)
    return selector if at < 0 else selector[:at]


def _workspace_settings(snapshot: Snapshot) -> Mapping[str, Any]:
    if WORKSPACE_FILE not in snapshot.tree.entries:
        return {}
    return as_mapping(load_yaml(snapshot.tree.read(WORKSPACE_FILE), WORKSPACE_FILE), WORKSPACE_FILE, "the document")


def _overrides(snapshot: Snapshot, lockfile: Lockfile, workspace: Mapping[str, Any]) -> Iterator[str]:
    root = snapshot.workspace.root.manifest
    own = as_mapping(root.raw.get("pnpm"), root.path, "pnpm")
    wanted = {
        **as_strings(root.raw.get("resolutions"), root.path, "resolutions"),
        **as_strings(own.get("overrides"), root.path, "pnpm.overrides"),
        **as_strings(workspace.get("overrides"), WORKSPACE_FILE, "overrides"),
    }
    for selector in sorted(wanted.keys() | lockfile.overrides.keys()):
        value, locked = wanted.get(selector), lockfile.overrides.get(selector)
        by_reference = value is not None and value.startswith(("$", "catalog:"))
        if value is None or locked is None or (value != locked and not by_reference):
            yield f"override {selector} is {value or 'not set'} but locked as {locked or 'not set'}"


def _catalogs(lockfile: Lockfile, workspace: Mapping[str, Any]) -> Iterator[str]:
    """Compare the catalog entries in use; entries that nobody uses are not locked."""
    named = as_mapping(workspace.get("catalogs"), WORKSPACE_FILE, "catalogs")
    wanted = {**named, "default": workspace.get("catalog") or named.get("default") or {}}
    for catalog, entries in sorted(lockfile.catalogs.items()):
        known = as_mapping(wanted.get(catalog), WORKSPACE_FILE, f"catalogs.{catalog}")
        for name, entry in sorted(as_mapping(entries, LOCKFILE, f"catalogs.{catalog}").items()):
            locked = as_mapping(entry, LOCKFILE, f"catalogs.{catalog}.{name}").get("specifier")
            if known.get(name) != locked:
                yield f"catalog {catalog}: {name} is {known.get(name) or 'not set'} but locked as {locked}"


def _importer_lines(data: bytes) -> Mapping[str, int]:
    """Return folder -> line of its block. A lockfile is written by a program, two blanks deep."""
    lines: dict[str, int] = {}
    inside = False
    for number, raw in enumerate(data.splitlines(), start=1):
        if raw[:1] not in {b" ", b""}:
            inside = raw.startswith(b"importers:")
        elif inside and raw[:2] == b"  " and raw[2:3] != b" ":
            lines[raw.strip().partition(b":")[0].strip(b"'\"").decode(errors="replace")] = number
    return lines
