"""A registry over the OCI distribution API: which key tags exist, upload by digest, tag once."""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from alecia_pipeline.adapters.registry_http import RegistryClient, Request
from alecia_pipeline.adapters.registry_login import Login, read_login
from alecia_pipeline.adapters.uploads import Chunks, Upload
from alecia_pipeline.errors import OutsideError
from alecia_pipeline.images.manifest import is_manifest
from alecia_pipeline.images.ports import Archive, Blob, Manifest
from alecia_pipeline.images.reference import Repository, is_digest

_MANIFEST_TYPES = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)


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
        return self._computed(repository, tag) if stated is None else _digest(repository, stated)

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
        self._put_tag(repository, digest, tag)
        return self.digest(repository, tag) or digest

    def point(self, repository: Repository, digest: str, tag: str) -> bool:
        """Let `tag` name a pushed digest from now on; return whether it named another one, or none, before.

        No layer is sent: a tag is a manifest under a further name.
        """
        if self.digest(repository, tag) == digest:
            return False
        self._put_tag(repository, digest, tag)
        return True

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

    def _push_blob(self, repository: Repository, chunks: Chunks, blob: Blob) -> None:
        present = self._client.send(Request("HEAD", f"/v2/{repository.name}/blobs/{blob.digest}"))
        if present.status_code == httpx.codes.NOT_FOUND:
            upload = Upload(self._client, repository, blob, chunks, self._holders.get(blob.digest))
            self._client.retrying(upload.attempt)
        self._holders[blob.digest] = repository.name

    def _put_tag(self, repository: Repository, digest: str, tag: str) -> None:
        found = self.manifest(repository, digest)
        if found is None:
            raise OutsideError(
                f"{repository.at(digest)} is not in the registry",
                where=repository.host,
                why="only an image that is there can get a tag",
                fix="push the image first: alecia build",
            )
        self.put_manifest(repository, tag, found.data, found.media_type)

    def _computed(self, repository: Repository, tag: str) -> str | None:
        """Return the digest of a tag's manifest, for a registry that states none."""
        found = self.manifest(repository, tag)
        if found is None:
            return None
        if not is_manifest(found.data):
            raise _nonsense(repository, f"{tag} is no manifest of an image, but {found.data[:60]!r}")
        return digest_of(found.data)

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


def _digest(repository: Repository, stated: str) -> str:
    """Return a digest that the registry states. Anything else is no answer: it would be taken for an image."""
    if not is_digest(stated):
        raise _nonsense(repository, f"it gives {stated:.80} for a digest")
    return stated


def _nonsense(repository: Repository, why: str) -> OutsideError:
    return OutsideError(
        f"the registry {repository.host} answers what no registry would",
        where=str(repository),
        why=why,
        fix="check `registry` in alecia.yaml, and what stands between it and here (a proxy, a login page)",
    )


def digest_of(data: bytes) -> str:
    """Return the digest as registries write it: sha256:…."""
    return "sha256:" + hashlib.sha256(data).hexdigest()
