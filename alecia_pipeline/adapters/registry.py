"""A registry over the OCI distribution API: which key tags exist, upload by digest, tag once."""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from alecia_pipeline.adapters.registry_http import RegistryClient, Request
from alecia_pipeline.adapters.registry_login import Login, read_login
from alecia_pipeline.errors import OutsideError
from alecia_pipeline.images.ports import Archive, Blob
from alecia_pipeline.images.reference import Repository

_MANIFEST_TYPES = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)

_Chunks = Callable[[str], Iterable[bytes]]
"""From a blob's digest to its bytes, from the start with each call."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest as the registry has it, byte for byte."""

    data: bytes
    media_type: str


def stored_login(host: str, folder: Path | None) -> Login | None:
    """Return what `docker login` stored for a registry, if anything. Raises UsageError when it cannot be read.

    `folder` is the docker client's configuration; default: the client's own.
    """
    own = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    return read_login((folder or own) / "config.json", host)


class Registry:
    """The images of one registry host. Use it as a context manager; safe for several threads."""

    def __init__(self, client: RegistryClient) -> None:
        self._client = client
        self._holders: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def digest(self, repository: Repository, tag: str) -> str | None:
        """Return the digest a tag points to, or None. Raises OutsideError when the registry refuses or is silent."""
        response = self._client.send(_manifest_request("HEAD", repository, tag))
        if response.status_code == httpx.codes.NOT_FOUND:
            return None
        self._client.expect(response, httpx.codes.OK, f"the registry does not say whether {repository}:{tag} exists")
        stated: str | None = response.headers.get("Docker-Content-Digest")
        return stated or digest_of(self._client.send(_manifest_request("GET", repository, tag)).content)

    def push(self, repository: Repository, archive: Archive) -> None:
        """Upload the blobs the registry has not, then the manifest under its digest. Raises OutsideError."""
        for blob in archive.blobs:
            self._push_blob(repository, archive.chunks, blob)
        self.put_manifest(repository, archive.digest, archive.manifest, archive.media_type)

    def tag(self, repository: Repository, digest: str, tag: str) -> str:
        """Point `tag` to `digest` unless it exists; return what it points to now. It is never overwritten."""
        there = self.digest(repository, tag)
        if there:
            return there
        response = self._client.send(_manifest_request("GET", repository, digest))
        self._client.expect(response, httpx.codes.OK, f"{repository.at(digest)} is not in the registry")
        self.put_manifest(repository, tag, response.content, response.headers["Content-Type"])
        return self.digest(repository, tag) or digest

    def manifest(self, repository: Repository, reference: str) -> Manifest | None:
        """Return a manifest by digest, which is checked, or by tag; None when it is not there. Raises OutsideError."""
        response = self._client.send(_manifest_request("GET", repository, reference))
        if response.status_code == httpx.codes.NOT_FOUND:
            return None
        self._client.expect(response, httpx.codes.OK, f"the registry does not give {repository}, {reference}")
        if ":" in reference:
            _check(repository, reference, response.content)
        return Manifest(response.content, response.headers.get("Content-Type", ""))

    def blob(self, repository: Repository, digest: str) -> bytes:
        """Return a small blob, checked by its digest. Raises OutsideError."""
        response = self._client.send(Request("GET", f"/v2/{repository.name}/blobs/{digest}", follow=True))
        self._client.expect(response, httpx.codes.OK, f"the registry does not give {repository.at(digest)}")
        _check(repository, digest, response.content)
        return response.content

    def put_blob(self, repository: Repository, data: bytes) -> Blob:
        """Upload a small blob unless it is there. Raises OutsideError."""
        blob = Blob(digest_of(data), len(data))
        self._push_blob(repository, lambda _: (data,), blob)
        return blob

    def _push_blob(self, repository: Repository, chunks: _Chunks, blob: Blob) -> None:
        present = self._client.send(Request("HEAD", f"/v2/{repository.name}/blobs/{blob.digest}"))
        if present.status_code == httpx.codes.NOT_FOUND:
            self._client.retrying(lambda: self._upload(repository, chunks, blob))
        self._holders[blob.digest] = repository.name

    def _upload(self, repository: Repository, chunks: _Chunks, blob: Blob) -> None:
        """Upload one blob, or have it mounted from an image that was pushed before (a shared base layer)."""
        holder = self._holders.get(blob.digest)
        query = {"mount": blob.digest, "from": holder} if holder else None
        start = self._client.once(Request("POST", f"/v2/{repository.name}/blobs/uploads/", query=query))
        if start.status_code == httpx.codes.CREATED:
            return
        self._client.expect(start, httpx.codes.ACCEPTED, f"the registry takes no upload for {repository}")
        done = self._client.once(
            Request(
                "PUT",
                str(start.url.join(start.headers["Location"]).copy_merge_params({"digest": blob.digest})),
                headers={"Content-Length": str(blob.size), "Content-Type": "application/octet-stream"},
                content=_Body(chunks, blob.digest),
            )
        )
        self._client.expect(done, httpx.codes.CREATED, f"the upload of {blob.digest} to {repository} failed")

    def put_manifest(
        self, repository: Repository, reference: str, manifest: bytes, media_type: str
    ) -> Mapping[str, str]:
        """Store a manifest under a tag or its digest; return the answer's headers. Raises OutsideError."""
        response = self._client.send(
            Request(
                "PUT",
                f"/v2/{repository.name}/manifests/{reference}",
                headers={"Content-Type": media_type},
                content=manifest,
            )
        )
        self._client.expect(response, httpx.codes.CREATED, f"the registry takes no manifest for {repository}")
        return response.headers


@dataclass(frozen=True, slots=True)
class _Body:
    """A blob as a request body that another attempt reads from its start."""

    chunks: _Chunks
    digest: str

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.chunks(self.digest))


def _manifest_request(method: str, repository: Repository, reference: str) -> Request:
    return Request(
        method, f"/v2/{repository.name}/manifests/{reference}", headers={"Accept": ", ".join(_MANIFEST_TYPES)}
    )


def _check(repository: Repository, digest: str, data: bytes) -> None:
    if digest_of(data) != digest:
        raise OutsideError(
            "the registry gives other bytes than it was asked for",
            where=repository.at(digest),
            why=f"what came has the digest {digest_of(data)}",
            fix="do not trust this image; look at the registry's storage, and at what stands between it and here",
        )


def digest_of(data: bytes) -> str:
    """Return the digest as registries write it: sha256:…."""
    return "sha256:" + hashlib.sha256(data).hexdigest()
