"""A registry as a WSGI application: the distribution API as far as the pipeline uses it, without a socket."""

import base64
import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import httpx

Start = Callable[[str, list[tuple[str, str]]], Any]
Answer = tuple[str, dict[str, str], bytes]

HOST = "registry.example"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
INDEX_TYPE = "application/vnd.oci.image.index.v1+json"


def digest_of(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def media_type(manifest: bytes) -> str:
    """Return the type that a manifest states, as far as it is one."""
    return str(parsed(manifest).get("mediaType", MANIFEST_TYPE))


def parsed(manifest: bytes) -> dict[str, Any]:
    """Return a manifest's content; nothing for what is no JSON object, which tests store too."""
    try:
        content = json.loads(manifest)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def described(manifest: bytes) -> dict[str, Any]:
    """Return a manifest's descriptor as the referrers API lists it, and the digest of its subject, if any."""
    content = parsed(manifest)
    more: dict[str, Any] = {name: content[name] for name in ("artifactType", "annotations") if name in content}
    known = {"mediaType": media_type(manifest), "digest": digest_of(manifest), "size": len(manifest)}
    return {**known, **more, "subject": (content.get("subject") or {}).get("digest")}


@dataclass
class RegistryServer:
    """State and behaviour. `scheme`: None, basic or bearer; `failures`: answers given before the right ones.

    `has_referrers`: the API of OCI 1.1, in pages of `page`; `elsewhere`: blobs are given by a redirect. `cuts`: after
    how many bytes the connection is lost, upload by upload; `keeps`: one can go on from there.
    """

    scheme: str | None = None
    user: str = "bot"
    password: str = "hunter22"
    failures: list[Answer] = field(default_factory=list)
    states_digest: bool = True
    manifests: dict[tuple[str, str], bytes] = field(default_factory=dict)
    blobs: dict[tuple[str, str], bytes] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    realm: str = f"https://{HOST}/token"
    on_put: Callable[[str, str], None] | None = None
    has_referrers: bool = False
    page: int = 100
    elsewhere: bool = False
    types: dict[str, str] = field(default_factory=dict)
    cuts: list[int] = field(default_factory=list)
    keeps: bool = False
    sessions: dict[str, bytes] = field(default_factory=dict)
    received: int = 0

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        self.requests.append(f"{method} {path}")
        body = self._body(method, path, environ)
        status, headers, data = self._answer(method, path, body, environ)
        start(status, list(headers.items()))
        return [b"" if method == "HEAD" else data]

    def _body(self, method: str, path: str, environ: dict[str, Any]) -> bytes:
        """Return a request's body; an upload's may break off, of which only a registry that keeps it knows more."""
        body: bytes = environ["wsgi.input"].read()
        if "/uploads/" in path and method in {"PUT", "PATCH"} and body:
            self.received += len(body)
            if self.cuts:
                body = body[: self.cuts.pop(0)]
                if self.keeps:
                    self.sessions[path] += body
                raise httpx.WriteError("the connection was lost")
        return body

    def _answer(self, method: str, path: str, body: bytes, environ: dict[str, Any]) -> Answer:
        authorization = environ.get("HTTP_AUTHORIZATION", "")
        basic = "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        if path == "/token":
            right = authorization == basic
            return ("200 OK", {}, b'{"access_token": "t0k3n-value"}') if right else ("403 No", {}, b"{}")
        expected = {None: authorization, "basic": basic, "bearer": "Bearer t0k3n-value"}[self.scheme]
        if authorization != expected:
            challenge = "Basic" if self.scheme == "basic" else f'Bearer realm="{self.realm}",service="r",scope="x:pull"'
            return "401 Unauthorized", {"WWW-Authenticate": challenge}, b"who are you?"
        if self.failures:
            return self.failures.pop(0)
        return self._serve(method, path, body, {k: v[0] for k, v in parse_qs(environ["QUERY_STRING"]).items()})

    def _serve(self, method: str, path: str, body: bytes, query: dict[str, str]) -> Answer:
        if "/referrers/" in path:
            name, subject = path.removeprefix("/v2/").split("/referrers/")
            return self._referrers(name, subject, int(query.get("after", 0)))
        if "/manifests/" in path:
            name, reference = path.removeprefix("/v2/").split("/manifests/")
            return self._put_manifest(name, reference, body) if method == "PUT" else self._manifest(name, reference)
        name, rest = path.removeprefix("/v2/").split("/blobs/")
        if method == "HEAD":
            return ("200 OK" if (name, rest) in self.blobs else "404 Not Found"), {}, b""
        if method == "POST":
            return self._begin(name, query)
        if rest.startswith("uploads/"):
            assert query["state"] == "s"
            return self._upload(method, path, body, query)
        return self._blob(name, rest, query)

    def _upload(self, method: str, path: str, body: bytes, query: dict[str, str]) -> Answer:
        if method == "GET" and not self.keeps:
            return "404 Not Found", {}, b'{"errors": [{"code": "BLOB_UPLOAD_INVALID"}]}'
        self.sessions[path] += body
        if method == "PUT":
            data = self.sessions.pop(path)
            if digest_of(data) != query["digest"]:
                return "400 Bad Request", {}, b'{"errors": [{"code": "DIGEST_INVALID"}]}'
            self.blobs[path.removeprefix("/v2/").partition("/blobs/")[0], query["digest"]] = data
            return "201 Created", {}, b""
        status = "204 No Content" if method == "GET" else "202 Accepted"
        end = max(0, len(self.sessions[path]) - 1)
        return status, {"Range": f"0-{end}", "Location": f"{path}?state=s"}, b""

    def _manifest(self, name: str, reference: str) -> Answer:
        data = self.manifests.get((name, reference))
        if data is None:
            return "404 Not Found", {}, json.dumps({"errors": [{"code": "MANIFEST_UNKNOWN"}]}).encode()
        stated = {"Docker-Content-Digest": digest_of(data)} if self.states_digest else {}
        return "200 OK", {"Content-Type": media_type(data), **stated}, data

    def _blob(self, name: str, digest: str, query: dict[str, str]) -> Answer:
        if self.elsewhere and "signed" not in query:
            return "307 Moved", {"Location": f"https://{HOST}/v2/{name}/blobs/{digest}?signed=1"}, b""
        data = self.blobs.get((name, digest))
        return ("404 Not Found", {}, b"{}") if data is None else ("200 OK", {}, data)

    def _referrers(self, name: str, subject: str, after: int) -> Answer:
        if not self.has_referrers:
            return "404 Not Found", {}, b"404 page not found"
        listed = [described(data) for (at, tag), data in self.manifests.items() if at == name and ":" in tag]
        found = [each for each in listed if each.pop("subject") == subject]
        more = after + self.page < len(found)
        link = {"Link": f'</v2/{name}/referrers/{subject}?after={after + self.page}>; rel="next"'} if more else {}
        index = {"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": found[after : after + self.page]}
        return "200 OK", {"Content-Type": INDEX_TYPE, **link}, json.dumps(index).encode()

    def _put_manifest(self, name: str, reference: str, body: bytes) -> Answer:
        if self.on_put:
            self.on_put(name, reference)
        if not reference.startswith("key-"):  # other tags move
            self.manifests[name, reference] = body
        self.manifests.setdefault((name, reference), body)
        self.manifests[name, digest_of(body)] = body
        subject = described(body)["subject"]
        return "201 Created", {"OCI-Subject": subject} if self.has_referrers and subject else {}, b""

    def _begin(self, name: str, query: dict[str, str]) -> Answer:
        held = self.blobs.get((query.get("from", ""), query.get("mount", "")))
        if held is not None:
            self.blobs[name, query["mount"]] = held
            return "201 Created", {}, b""
        place = f"/v2/{name}/blobs/uploads/{self.requests.count(f'POST /v2/{name}/blobs/uploads/')}"
        self.sessions[place] = b""
        return "202 Accepted", {"Location": f"{place}?state=s"}, b""
