"""What went into an image, as far as the lockfile knows: a CycloneDX 1.6 document.

It lists what an install of the app's lockfile slice may fetch, and the workspace packages that are sent along. A final
stage may hold less (development dependencies, other platforms' binaries); the base image's own packages are not in it.
"""

import base64
import binascii
import json
import posixpath
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.bom_ref import BomRef
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.dependency import Dependency
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from alecia_pipeline.images.provenance import ALGORITHM, canonical_json
from alecia_pipeline.images.reference import Repository
from alecia_pipeline.source.lockfile import Lockfile
from alecia_pipeline.source.slice import LINK, edges, package_key, package_of, roots
from alecia_pipeline.source.workspace import Workspace

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "tag:alecia.markets,2026:alecia-pipeline/sbom")

_HASHES = {
    "sha1": (HashAlgorithm.SHA_1, 20),
    "sha256": (HashAlgorithm.SHA_256, 32),
    "sha384": (HashAlgorithm.SHA_384, 48),
    "sha512": (HashAlgorithm.SHA_512, 64),
}
"""Name in a lockfile -> the standard's, and the hash's length in bytes."""

_NEVER = datetime.fromtimestamp(0, UTC)
"""The library writes the present time unless it is given one; this one is taken out again."""

_IMAGE = "image"


@dataclass(frozen=True)
class Contents:
    """One app's part of a commit. `part`: the lockfile cut to it, None without one; `folders`: what is sent along."""

    app_dir: str
    workspace: Workspace
    folders: tuple[str, ...]
    part: Lockfile | None


def sbom(repository: Repository, digest: str, key: str, contents: Contents, made: datetime | None = None) -> bytes:
    """Return the document of the image `digest` as canonical JSON: the same for the same build key and digest.

    `made` is written where it is given. Raises UsageError when the lockfile lacks what it needs.
    """
    image = _image(repository, digest)
    bom = Bom(
        components=(
            *_workspace_components(contents),
            *(_package_components(contents.part) if contents.part else ()),
        ),
        serial_number=uuid.uuid5(_NAMESPACE, key),
        metadata=BomMetaData(component=image, timestamp=made or _NEVER),
        dependencies=_dependencies(contents),
    )
    document: dict[str, Any] = json.loads(JsonV1Dot6(bom).output_as_string())
    if made is None:
        del document["metadata"]["timestamp"]
    return canonical_json(document)


def _image(repository: Repository, digest: str) -> Component:
    content = digest.removeprefix(f"{ALGORITHM}:")
    return Component(
        type=ComponentType.CONTAINER,
        name=str(repository),
        version=digest,
        bom_ref=_IMAGE,
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=content)],
    )


def _workspace_components(contents: Contents) -> Iterator[Component]:
    for folder in sorted({".", *contents.folders}):
        package = contents.workspace.package(folder)
        kind = ComponentType.APPLICATION if folder == contents.app_dir else ComponentType.LIBRARY
        yield Component(type=kind, name=package.name, version=package.manifest.version, bom_ref=_folder_ref(folder))


def _package_components(part: Lockfile) -> Iterator[Component]:
    for key, block in part.packages.items():
        name, version = package_of(part, key)
        scope, _, bare = name.rpartition("/")
        resolution = block.get("resolution") or {}
        url = PackageURL("npm", scope or None, bare, version, qualifiers=_download(resolution))
        yield Component(
            type=ComponentType.LIBRARY,
            group=scope or None,
            name=bare,
            version=version,
            bom_ref=key,
            purl=url,
            hashes=list(_hashes(str(resolution.get("integrity", "")))),
        )


def _download(resolution: Mapping[str, Any]) -> dict[str, str]:
    """Return where a package comes from that is not its registry's: a scanner must not take it for that one."""
    if resolution.get("repo"):
        return {"vcs_url": f"git+{resolution['repo']}@{resolution.get('commit', '')}"}
    return {"download_url": str(resolution["tarball"])} if resolution.get("tarball") else {}


def _hashes(integrity: str) -> Iterator[HashType]:
    """Yield the hashes of a subresource integrity; what is none of a known length is left out."""
    for word in integrity.split():
        name, _, text = word.partition("-")
        try:
            content = base64.b64decode(text, validate=True)
        except binascii.Error:
            continue
        algorithm, length = _HASHES.get(name, (None, 0))
        if algorithm and len(content) == length:
            yield HashType(alg=algorithm, content=content.hex())


def _dependencies(contents: Contents) -> list[Dependency]:
    """Return the graph: the image installs every folder, folders need packages and folders, packages need packages."""
    folders = {".", *contents.folders}
    graph = {_IMAGE: {_folder_ref(folder) for folder in folders}}
    if contents.part:
        graph |= dict(_importer_needs(contents.part, folders))
        _add_packages(graph, contents.part)
    return [Dependency(BomRef(ref), [Dependency(BomRef(each)) for each in needs]) for ref, needs in graph.items()]


def _importer_needs(part: Lockfile, folders: Iterable[str]) -> Iterator[tuple[str, set[str]]]:
    for folder, importer in part.importers.items():
        links = {
            posixpath.normpath(posixpath.join(folder, locked.version.removeprefix(LINK)))
            for locked in importer.all().values()
            if locked.version.startswith(LINK)
        }
        packages = {package_key(part, key) for key in roots(part, importer)}
        yield _folder_ref(folder), packages | {_folder_ref(linked) for linked in links.intersection(folders)}


def _add_packages(graph: dict[str, set[str]], part: Lockfile) -> None:
    """Add what packages need. One package may have several snapshots, by its peers: it needs what any of them does."""
    for key in part.snapshots:
        needs = {package_key(part, needed) for needed in edges(part, key)}
        graph.setdefault(package_key(part, key), set()).update(needs)


def _folder_ref(folder: str) -> str:
    return f"workspace:{folder}"
