"""Sending one blob to a registry: mounted, whole, or from where a lost connection left it."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import httpx

from alecia_pipeline.adapters.registry_http import RegistryClient, Request, TransientError
from alecia_pipeline.images.ports import Blob
from alecia_pipeline.images.reference import Repository

Chunks = Callable[[str], Iterable[bytes]]
"""From a blob's digest to its bytes, from the start with each call."""

_RANGE = re.compile(r"(?:bytes=)?0-(\d+)")
_BYTES = {"Content-Type": "application/octet-stream"}


class Upload:
    """One blob on its way. `holder`: another repository of this host that has it, to be mounted from."""

    def __init__(
        self, client: RegistryClient, repository: Repository, blob: Blob, chunks: Chunks, holder: str | None = None
    ) -> None:
        self._client = client
        self._repository = repository
        self._blob = blob
        self._chunks = chunks
        self._holder = holder
        self._session: httpx.URL | None = None

    def attempt(self) -> None:
        """Send the blob, or the rest of it after an attempt that failed; to be used within `retrying`.

        Raises OutsideError when the registry does not take it.
        """
        there = self._there()
        if there:
            self._continue(there)
        elif self._begin():
            self._check(self._close(_Body(self._chunks, self._blob)))

    def _there(self) -> int:
        """Return how many bytes an earlier attempt left; 0 where the registry keeps none, or does not say.

        distribution 2.8 drops an upload that broke off within a request (tried), others tell how far it came.
        """
        if self._session is None:
            return 0
        answer = self._client.once(Request("GET", str(self._session)))
        found = _RANGE.fullmatch(answer.headers.get("Range", ""))
        if answer.status_code != httpx.codes.NO_CONTENT or found is None:
            return 0
        self._move(answer)
        end = int(found[1])
        # `0-0` is what registries say of an empty upload, too.
        return end + 1 if 0 < end < self._blob.size else 0

    def _continue(self, there: int) -> None:
        """Send what is not there; should the registry not take it after all, the next attempt begins anew."""
        status = self._send_rest(there) if there < self._blob.size else httpx.codes.ACCEPTED
        if status == httpx.codes.ACCEPTED:
            status = self._close(b"").status_code
        if status != httpx.codes.CREATED:
            self._session = None
            raise TransientError(f"HTTP {status} for the rest of an upload")

    def _send_rest(self, there: int) -> int:
        headers = {
            **_BYTES,
            "Content-Length": str(self._blob.size - there),
            "Content-Range": f"{there}-{self._blob.size - 1}",
        }
        body = _Body(self._chunks, self._blob, there)
        sent = self._client.once(Request("PATCH", str(self._session), headers=headers, content=body))
        self._move(sent)
        return sent.status_code

    def _begin(self) -> bool:
        """Open a session; return False when nothing has to be sent, because the blob was mounted."""
        query = {"mount": self._blob.digest, "from": self._holder} if self._holder else None
        start = self._client.once(Request("POST", f"/v2/{self._repository.name}/blobs/uploads/", query=query))
        if start.status_code == httpx.codes.CREATED:
            return False
        self._client.expect(start, httpx.codes.ACCEPTED, f"the registry takes no upload for {self._repository}")
        self._move(start)
        return True

    def _move(self, answer: httpx.Response) -> None:
        """Follow the session: each answer may name another place for what comes next."""
        if "Location" in answer.headers:
            self._session = answer.url.join(answer.headers["Location"])

    def _close(self, content: "_Body | bytes") -> httpx.Response:
        """Send the last part and say what all of it is."""
        place = (self._session or httpx.URL()).copy_merge_params({"digest": self._blob.digest})
        size = 0 if isinstance(content, bytes) else self._blob.size
        headers = {**_BYTES, "Content-Length": str(size)}
        return self._client.once(Request("PUT", str(place), headers=headers, content=content))

    def _check(self, done: httpx.Response) -> None:
        what = f"the upload of {self._blob.digest} to {self._repository} failed"
        self._client.expect(done, httpx.codes.CREATED, what)


@dataclass(frozen=True, slots=True)
class _Body:
    """A blob as a request body, without its first `skipped` bytes; another attempt reads it again."""

    chunks: Chunks
    blob: Blob
    skipped: int = 0

    def __iter__(self) -> Iterator[bytes]:
        left = self.skipped
        for piece in self.chunks(self.blob.digest):
            if len(piece) > left:
                yield piece[left:]
            left = max(0, left - len(piece))
