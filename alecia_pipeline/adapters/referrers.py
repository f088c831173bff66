"""What is attached to an image in a registry: OCI 1.1 referrers, with a tag in place of the API where that is missing.

The tag `sha256-<hex>` holds an index of the attachments. It is read, changed and written: two runners that do so in the
same moment may lose one's entry, which the specification knows and registries with the API do not have.
"""

import json
import threading
from collections.abc import Collection, Iterator, Mapping
from types import TracebackType
from typing import Any, Self

import httpx

from alecia_pipeline.adapters.registry import Registry, digest_of
from alecia_pipeline.adapters.registry_http import RegistryClient, Request
from alecia_pipeline.errors import OutsideError
from alecia_pipeline.images.ports import Artifact, Blob, Manifest
from alecia_pipeline.images.reference import Repository, is_digest

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
EMPTY_TYPE = "application/vnd.oci.empty.v1+json"

LARGEST = 64_000_000
"""Bytes of an attachment; the bill of materials of 5,000 packages has 3 million."""

_EMPTY = b"{}"
_PAGES = 100

Document = Mapping[str, Any]


class Referrers:
    """The attachments of one registry host. Use it as a context manager; safe for several threads."""

    def __init__(self, client: RegistryClient) -> None:
        self._client = client
        self._registry = Registry(client)
        self._tagging = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def resolve(self, repository: Repository, reference: str) -> str | None:
        """Return the digest of the image that a tag or digest gives, computed from its bytes; None without one.

        Raises OutsideError, also when a digest gives other bytes.
        """
        found = self._registry.manifest(repository, reference)
        return digest_of(found.data) if found else None

    def attach(self, repository: Repository, image: str, artifact: Artifact) -> str:
        """Attach to the image with this digest; return the attachment's own digest. Raises OutsideError.

        The same attachment again changes nothing.
        """
        subject = self._image(repository, image)
        layer = self._registry.put_blob(repository, artifact.content)
        config = self._registry.put_blob(repository, _EMPTY)
        data = _manifest(artifact, image, subject, config, layer)
        digest = digest_of(data)
        headers = self._registry.put_manifest(repository, digest, data, MANIFEST_TYPE)
        if "OCI-Subject" not in headers:
            described = _descriptor(MANIFEST_TYPE, Blob(digest, len(data)))
            described |= {"artifactType": artifact.kind, "annotations": dict(artifact.annotations)}
            with self._tagging:
                self._add_to_tag(repository, image, described)
        return digest

    def attached(self, repository: Repository, image: str, kinds: Collection[str]) -> tuple[Artifact, ...]:
        """Return what of these kinds is attached, by its digest's order, checked byte for byte. Raises OutsideError."""
        listed = {str(each.get("digest")): each for each in self._listed(repository, image)}
        wanted = (digest for digest, each in sorted(listed.items()) if each.get("artifactType") in kinds)
        return tuple(self._artifact(repository, image, digest) for digest in wanted)

    def _image(self, repository: Repository, digest: str) -> Manifest:
        found = self._registry.manifest(repository, digest)
        if found is None:
            raise OutsideError(
                f"{repository.at(digest)} is not in the registry",
                where=repository.host,
                why="something can only be attached to an image that is there",
                fix="push the image first: alecia build",
            )
        return found

    def _listed(self, repository: Repository, image: str) -> Iterator[Document]:
        """Yield the descriptors of all attachments, from the API or from the tag."""
        url: str | None = f"/v2/{repository.name}/referrers/{image}"
        for page in range(_PAGES):
            response = self._client.send(Request("GET", str(url), headers={"Accept": INDEX_TYPE}))
            if response.status_code == httpx.codes.NOT_FOUND and page == 0:
                tagged = self._registry.manifest(repository, fallback_tag(image))
                yield from _descriptors(repository, tagged.data) if tagged else ()
                return
            self._client.expect(response, httpx.codes.OK, f"the registry does not list what {repository} has attached")
            yield from _descriptors(repository, response.content)
            url = _next_page(response)
            if url is None:
                return
        raise _wrong(repository, f"it lists more than {_PAGES} pages of attachments")

    def _artifact(self, repository: Repository, image: str, digest: str) -> Artifact:
        if not is_digest(digest):  # a tag's content could not be checked
            raise _wrong(repository, f"it lists {digest!r:.80}, which is no digest")
        found = self._registry.manifest(repository, digest)
        if found is None:
            raise _wrong(repository, f"it lists the attachment {digest}, and has it not")
        manifest = _document(repository, found.data)
        if _mapping(manifest.get("subject")).get("digest") != image:
            raise _wrong(repository, f"it lists {digest} for {image}, to which it is not attached")
        layers = manifest.get("layers")
        layer = _mapping(layers[0]) if isinstance(layers, list) and len(layers) == 1 else {}
        size = layer.get("size")
        if not isinstance(layer.get("digest"), str) or not isinstance(size, int) or size > LARGEST:
            raise _wrong(repository, f"the attachment {digest} is not one document of at most {LARGEST:,} bytes")
        content = self._registry.blob(repository, layer["digest"])
        annotations = {str(name): str(text) for name, text in _mapping(manifest.get("annotations")).items()}
        return Artifact(str(manifest.get("artifactType")), str(layer.get("mediaType")), content, annotations)

    def _add_to_tag(self, repository: Repository, image: str, described: Document) -> None:
        """Add an entry to the tag's index. Those of others stay, also what this program does not know of."""
        tag = fallback_tag(image)
        there = self._registry.manifest(repository, tag)
        entries = _descriptors(repository, there.data) if there else []
        kept = [entry for entry in entries if entry.get("digest") != described["digest"]]
        index = {"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": [*kept, described]}
        index = {**(_document(repository, there.data) if there else {}), **index}
        self._registry.put_manifest(repository, tag, _json(index), INDEX_TYPE)


def fallback_tag(digest: str) -> str:
    """Return the tag that lists an image's attachments where the registry has no API for it: sha256-<hex>."""
    return digest.replace(":", "-", 1)


def _manifest(artifact: Artifact, image: str, subject: Manifest, config: Blob, layer: Blob) -> bytes:
    document: dict[str, Any] = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "artifactType": artifact.kind,
        "config": _descriptor(EMPTY_TYPE, config),
        "layers": [_descriptor(artifact.media_type, layer)],
        "subject": _descriptor(subject.media_type, Blob(image, len(subject.data))),
        "annotations": dict(artifact.annotations),
    }
    return _json(document)


def _descriptor(media_type: str, blob: Blob) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": blob.digest, "size": blob.size}


def _json(document: Document) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def _descriptors(repository: Repository, data: bytes) -> list[Document]:
    entries = _document(repository, data).get("manifests")
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise _wrong(repository, "its list of attachments is no image index")
    return entries


def _document(repository: Repository, data: bytes) -> Document:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise _wrong(repository, f"what it says of attachments is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise _wrong(repository, "what it says of attachments is no JSON object")
    return found


def _mapping(value: Any) -> Document:
    return value if isinstance(value, dict) else {}


def _next_page(response: httpx.Response) -> str | None:
    """Return the next page's path. Only a path: a login is never sent to a host that an answer names."""
    link = response.links.get("next", {}).get("url")
    return response.url.join(link).raw_path.decode() if link else None


def _wrong(repository: Repository, why: str) -> OutsideError:
    return OutsideError(
        f"the attachments of {repository} cannot be read",
        where=repository.host,
        why=why,
        fix="look at the registry's own log; build the image anew to have them written again",
    )
