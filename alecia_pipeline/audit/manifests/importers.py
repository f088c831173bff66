"""One importer of a lockfile against its manifest: what `pnpm install --frozen-lockfile` would object to.

Source: pnpm's lockfile/verification, of versions 8 to 12.
"""

import posixpath
from collections.abc import Iterator, Mapping

from alecia_pipeline.audit.manifests.pnpm_settings import PnpmSettings
from alecia_pipeline.audit.manifests.ranges import parse_range, satisfies
from alecia_pipeline.audit.manifests.wanted import KINDS, Want, wanted
from alecia_pipeline.source.lockfile import Importer
from alecia_pipeline.source.manifest import Manifest
from alecia_pipeline.source.workspace import Package, Workspace

CHECKS_LINKS = 11
"""The first pnpm that refuses a frozen install when a linked package left the range that asks for it."""

FORGIVES_PEERS = 12
"""The first pnpm that lets a package pass that is not in the lockfile and has nothing but peers."""

UNDECLARED = "is locked but not declared"

_LINK = "link:"
_ANY = frozenset({"", "*", "^", "~"})


def differences(
    workspace: Workspace, package: Package, importer: Importer | None, settings: PnpmSettings
) -> Iterator[str]:
    """Yield what differs, a dependency each. `importer`: the package's block, None when the lockfile has none."""
    manifest = package.manifest
    want = _without_links(wanted(manifest, package.dir, settings), settings)
    if importer is None:
        if want if settings.major < FORGIVES_PEERS else manifest.declared(*KINDS):
            yield "the package is not in the lockfile"
        return
    locked = {name: item for name, item in _locked(importer).items() if not _is_left_out(item[1], settings)}
    for name in sorted(want.keys() | locked.keys()):
        problem = _difference(want.get(name), locked.get(name))
        if problem:
            yield f"{name} {problem}"
    yield from _own_fields(manifest, importer)
    if settings.major >= CHECKS_LINKS:
        yield from _links(workspace, package, importer)


def _difference(want: Want | None, locked: tuple[str, str] | None) -> str | None:
    if want is None:
        return UNDECLARED
    if locked is None:
        return None if want.may_lack else "is declared but not locked"
    if locked[1] not in want.specifiers:
        return f"is declared as {want.specifiers[0]} but locked as {locked[1]}"
    return None if locked[0] == want.kind else f"is in {want.kind} but locked in {locked[0]}"


def _without_links(want: Mapping[str, Want], settings: PnpmSettings) -> Mapping[str, Want]:
    if not settings.exclude_links:
        return want
    return {name: item for name, item in want.items() if not _is_left_out(item.specifiers[0], settings)}


def _is_left_out(specifier: str, settings: PnpmSettings) -> bool:
    return settings.exclude_links and specifier.startswith(_LINK)


def _locked(importer: Importer) -> Mapping[str, tuple[str, str]]:
    kinds = (importer.dev_dependencies, importer.dependencies, importer.optional_dependencies)
    return {
        name: (kind, item.specifier) for kind, locked in zip(KINDS, kinds, strict=True) for name, item in locked.items()
    }


def _own_fields(manifest: Manifest, importer: Importer) -> Iterator[str]:
    """Compare the two fields that a lockfile repeats word for word."""
    publish = manifest.raw.get("publishConfig")
    folder = publish.get("directory") if isinstance(publish, dict) else None
    if folder != importer.raw.get("publishDirectory"):
        yield f"publishConfig.directory is {folder or 'not set'}, not as it is locked"
    if (manifest.raw.get("dependenciesMeta") or {}) != (importer.raw.get("dependenciesMeta") or {}):
        yield "dependenciesMeta is not as it is locked"


def _links(workspace: Workspace, package: Package, importer: Importer) -> Iterator[str]:
    """Yield the `workspace:` ranges that the linked package's version has left."""
    for name, item in sorted(importer.all().items()):
        versions = item.specifier.removeprefix("workspace:")
        if not item.version.startswith(_LINK) or versions == item.specifier or versions in _ANY:
            continue
        folder = posixpath.normpath(posixpath.join(package.dir, item.version.removeprefix(_LINK)))
        linked = workspace.packages.get(folder)
        if linked and parse_range(versions) and not satisfies(linked.manifest.version, versions):
            yield f"{name} is wanted as {versions} but {folder} has version {linked.manifest.version}"
