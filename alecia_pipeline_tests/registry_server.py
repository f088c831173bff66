"""A registry as a WSGI application: the distribution API as far as the pipeline uses it, without a socket."""

import base64
import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

Start = Callable[[str, list[tuple[str, str]]], Any]
Answer = tuple[str, dict[str, str], bytes]

HOST = "registry.example"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"


def digest_of(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


@dataclass
class RegistryServer:
    """State and behaviour. `scheme`: None, basic or bearer; `failures`: answers given before the right ones."""

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

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        body = environ["wsgi.input"].read()
        self.requests.append(f"{method} {path}")
        status, headers, data = self._answer(method, path, body, environ)
        start(status, list(headers.items()))
        return [b"" if method == "HEAD" else data]

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
        if "/manifests/" in path:
            name, reference = path.removeprefix("/v2/").split("/manifests/")
            return self._put_manifest(name, reference, body) if method == "PUT" else self._manifest(name, reference)
        name, rest = path.removeprefix("/v2/").split("/blobs/")
        if method == "HEAD":
            return ("200 OK" if (name, rest) in self.blobs else "404 Not Found"), {}, b""
        if method == "POST":
            return self._begin(name, query)
        assert digest_of(body) == query["digest"]
        assert query["state"] == "s"
        self.blobs[name, query["digest"]] = body
        return "201 Created", {}, b""

    def _manifest(self, name: str, reference: str) -> Answer:
        data = self.manifests.get((name, reference))
        if data is None:
            return "404 Not Found", {}, json.dumps({"errors": [{"code": "MANIFEST_UNKNOWN"}]}).encode()
        stated = {"Docker-Content-Digest": digest_of(data)} if self.states_digest else {}
        return "200 OK", {"Content-Type": MANIFEST_TYPE, **stated}, data

    def _put_manifest(self, name: str, reference: str, body: bytes) -> Answer:
        if self.on_put:
            self.on_put(name, reference)
        self.manifests.setdefault((name, reference), body)
        self.manifests[name, digest_of(body)] = body
        return "201 Created", {}, b""

    def _begin(self, name: str, query: dict[str, str]) -> Answer:
        held = self.blobs.get((query.get("from", ""), query.get("mount", "")))
        if held is not None:
            self.blobs[name, query["mount"]] = held
            return "201 Created", {}, b""
        return "202 Accepted", {"Location": f"/v2/{name}/blobs/uploads/1?state=s"}, b""
