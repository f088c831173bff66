"""An image as one tar archive that `docker load` takes, read from where it lies: no copy of it is made."""

import json
import tarfile
from collections.abc import Collection, Iterable, Iterator

from alecia_pipeline.images.ports import Archive

_BLOCK = 512


def oci_archive(archive: Archive, name: str, known: Collection[str] = ()) -> Iterator[bytes]:
    """Yield the bytes of an archive in the OCI layout, under a name such as `alecia-check/cms:1`.

    With the list of the older `docker save` beside it, which engines without containerd's store read instead.
    `known`: digests of blobs that are left out, because the engine has them.
    """
    yield from _file("oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
    yield from _file("index.json", _index(archive, name))
    yield from _file("manifest.json", _list(archive, name))
    yield from _file(_path(archive.digest), archive.manifest)
    for blob in {blob.digest: blob for blob in archive.blobs if blob.digest not in known}.values():
        yield from _entry(_path(blob.digest), blob.size, archive.chunks(blob.digest))
    yield bytes(2 * _BLOCK)


def _index(archive: Archive, name: str) -> bytes:
    manifest = {
        "mediaType": archive.media_type,
        "digest": archive.digest,
        "size": len(archive.manifest),
        "annotations": {"io.containerd.image.name": f"docker.io/{name}"},
    }
    media_type = "application/vnd.oci.image.index.v1+json"
    return json.dumps({"schemaVersion": 2, "mediaType": media_type, "manifests": [manifest]}).encode()


def _list(archive: Archive, name: str) -> bytes:
    config, *layers = (_path(blob.digest) for blob in archive.blobs)
    return json.dumps([{"Config": config, "RepoTags": [name], "Layers": layers}]).encode()


def _path(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"


def _file(path: str, data: bytes) -> Iterator[bytes]:
    return _entry(path, len(data), (data,))


def _entry(path: str, size: int, chunks: Iterable[bytes]) -> Iterator[bytes]:
    header = tarfile.TarInfo(path)
    header.size = size
    yield header.tobuf(tarfile.USTAR_FORMAT)
    yield from chunks
    yield bytes(-size % _BLOCK)
