from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from alecia_pipeline.adapters.oci_layout import CHUNK_BYTES, OciLayout
from alecia_pipeline.adapters.registry import Registry
from alecia_pipeline.adapters.registry_http import RegistryClient, Request
from alecia_pipeline.adapters.registry_login import Login
from alecia_pipeline.errors import AleciaError, ExitCode, OutsideError
from alecia_pipeline.images.reference import Repository
from alecia_pipeline.redaction import Secret
from alecia_pipeline_tests.oci_images import write_image
from alecia_pipeline_tests.registry_server import HOST, Answer, RegistryServer, digest_of

WEBSITE = Repository(HOST, "alecia/website")
COLAB = Repository(HOST, "alecia/colab")
LOGIN = Login("bot", Secret("hunter22"))

Connect = Callable[..., Registry]


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def connect(tmp_path: Path, pauses: list[float]) -> Connect:
    def make(server: RegistryServer, login: Login | None = None) -> Registry:
        transport = httpx.WSGITransport(server)
        return Registry(RegistryClient(HOST, login, certificates=tmp_path, transport=transport, pause=pauses.append))

    return make


@pytest.fixture
def image(tmp_path: Path) -> OciLayout:
    return OciLayout(write_image(tmp_path / "image", b"base" * 1000, b"app"))


def test_a_tag_that_is_not_there_is_no_error(connect: Connect) -> None:
    with connect(RegistryServer()) as registry:
        assert registry.digest(WEBSITE, "key-1") is None


@pytest.mark.parametrize("states_digest", [True, False])
def test_an_image_is_found_by_its_tag_only_once_it_is_tagged(
    connect: Connect, image: OciLayout, states_digest: bool
) -> None:
    server = RegistryServer(states_digest=states_digest)
    with connect(server) as registry:
        registry.push(WEBSITE, image)
        assert registry.digest(WEBSITE, "key-1") is None
        assert registry.tag(WEBSITE, image.digest, "key-1") == image.digest
        assert registry.digest(WEBSITE, "key-1") == image.digest
    assert server.manifests["alecia/website", image.digest] == image.manifest
    assert len(server.blobs) == 3


def test_what_is_there_is_not_sent_again(connect: Connect, image: OciLayout) -> None:
    server = RegistryServer()
    with connect(server) as registry:
        registry.push(WEBSITE, image)
        server.requests.clear()
        registry.push(WEBSITE, image)
    assert not any(request.startswith("POST") for request in server.requests)


def test_a_layer_of_another_image_is_mounted(connect: Connect, image: OciLayout) -> None:
    server = RegistryServer()
    with connect(server) as registry:
        registry.push(WEBSITE, image)
        server.requests.clear()
        registry.push(COLAB, image)
    assert not any("PUT" in request and "/blobs/" in request for request in server.requests)
    assert {name for name, _ in server.blobs} == {"alecia/website", "alecia/colab"}


def test_a_key_tag_is_never_overwritten(connect: Connect, image: OciLayout) -> None:
    server = RegistryServer(manifests={("alecia/website", "key-1"): b"older"})
    with connect(server) as registry:
        registry.push(WEBSITE, image)
        assert registry.tag(WEBSITE, image.digest, "key-1") == digest_of(b"older")
    assert server.manifests["alecia/website", "key-1"] == b"older"


def test_a_lost_race_adopts_the_digest_that_is_there(connect: Connect, image: OciLayout) -> None:
    server = RegistryServer()
    with connect(server) as registry:
        registry.push(WEBSITE, image)
        server.on_put = lambda name, reference: server.manifests.update({(name, reference): b"faster"})
        assert registry.tag(WEBSITE, image.digest, "key-1") == digest_of(b"faster")


def test_an_image_that_is_not_there_cannot_be_tagged(connect: Connect) -> None:
    with connect(RegistryServer()) as registry, pytest.raises(OutsideError, match="is not in the registry"):
        registry.tag(WEBSITE, "sha256:a", "key-1")


@pytest.mark.parametrize("scheme", ["basic", "bearer"])
def test_logs_in_as_the_registry_asks(connect: Connect, image: OciLayout, scheme: str) -> None:
    server = RegistryServer(scheme=scheme)
    with connect(server, LOGIN) as registry:
        registry.push(WEBSITE, image)
        assert registry.tag(WEBSITE, image.digest, "key-1") == image.digest
    assert server.requests.count("GET /token") == (2 if scheme == "bearer" else 0)


@pytest.mark.parametrize("scheme", ["basic", "bearer"])
@pytest.mark.parametrize("login", [None, Login("bot", Secret("wr0ng-password"))])
def test_a_refusal_says_how_to_log_in_and_nothing_secret(connect: Connect, scheme: str, login: Login | None) -> None:
    with connect(RegistryServer(scheme=scheme), login) as registry, pytest.raises(OutsideError) as caught:
        registry.digest(WEBSITE, "key-1")
    assert caught.value.fix is not None
    assert f"docker login {HOST}" in caught.value.fix
    assert "wr0ng" not in str(caught.value)


def test_a_challenge_that_nobody_knows_is_a_refusal(connect: Connect) -> None:
    server = RegistryServer(failures=[("401 No", {"WWW-Authenticate": "Negotiate"}, b"")])
    with connect(server, LOGIN) as registry, pytest.raises(OutsideError, match="refuses"):
        registry.digest(WEBSITE, "key-1")


def test_a_password_never_goes_over_plain_http(connect: Connect) -> None:
    server = RegistryServer(scheme="bearer", realm="http://evil.example/token")
    with connect(server, LOGIN) as registry, pytest.raises(OutsideError, match="unsafe"):
        registry.digest(WEBSITE, "key-1")


def test_what_may_pass_is_tried_again(connect: Connect, pauses: list[float]) -> None:
    failures = [
        ("503 Busy", {}, b""),
        ("429 Slow", {"Retry-After": "7"}, b""),
        ("500 Oh", {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, b""),
    ]
    with connect(RegistryServer(failures=failures)) as registry:
        assert registry.digest(WEBSITE, "key-1") is None
    assert pauses == [0.5, 7.0, 2.0]


def test_a_broken_upload_starts_again_from_its_beginning(connect: Connect, image: OciLayout) -> None:
    server = RegistryServer(failures=[("404 Not Found", {}, b""), ("502 Bad", {}, b"")])
    with connect(server) as registry:
        registry.push(WEBSITE, image)
    assert len(server.blobs) == 3


LAYER = digest_of(b"base" * 1000)


@pytest.mark.parametrize(("cuts", "sent"), [([3000], 1000), ([1000, 2000], 1000), ([3999], 1)])
def test_a_lost_upload_goes_on_where_the_registry_says_that_it_stopped(
    connect: Connect, tmp_path: Path, cuts: list[int], sent: int
) -> None:
    server = RegistryServer(cuts=list(cuts), keeps=True)
    image = OciLayout(write_image(tmp_path / "one", b"base" * 1000))
    server.blobs["alecia/website", image.blobs[0].digest] = b"the config is there"
    with connect(server) as registry:
        registry.push(WEBSITE, image)
    assert server.blobs["alecia/website", LAYER] == b"base" * 1000
    assert [request.split()[0] for request in server.requests if "/uploads/" in request] == [
        *("POST", "PUT"),
        *(("GET", "PATCH") * len(cuts)),
        "PUT",
    ]
    whole = 4000
    tries = [whole, *(whole - sum(cuts[: n + 1]) for n in range(len(cuts)))]
    assert server.received == sum(tries)
    assert tries[-1] == sent


def test_the_rest_of_a_large_upload_begins_within_a_piece_of_the_file(connect: Connect, tmp_path: Path) -> None:
    data = bytes(range(250)) * 12_000
    assert len(data) > 2 * CHUNK_BYTES
    server = RegistryServer(cuts=[CHUNK_BYTES + 77], keeps=True)
    image = OciLayout(write_image(tmp_path / "one", data))
    server.blobs["alecia/website", image.blobs[0].digest] = b"the config is there"
    with connect(server) as registry:
        registry.push(WEBSITE, image)
    assert server.blobs["alecia/website", digest_of(data)] == data
    assert server.received == 2 * len(data) - CHUNK_BYTES - 77


def test_a_lost_upload_that_came_whole_is_closed_and_sends_nothing_more(connect: Connect, tmp_path: Path) -> None:
    server = RegistryServer(cuts=[4000], keeps=True)
    image = OciLayout(write_image(tmp_path / "one", b"base" * 1000))
    server.blobs["alecia/website", image.blobs[0].digest] = b"the config is there"
    with connect(server) as registry:
        registry.push(WEBSITE, image)
    assert server.blobs["alecia/website", LAYER] == b"base" * 1000
    sent = [request.split()[0] for request in server.requests if "/uploads/" in request]
    assert sent == ["POST", "PUT", "GET", "PUT"]
    assert server.received == 4000


@pytest.mark.parametrize(("cut", "keeps"), [(3000, False), (0, True), (1, True)])
def test_a_lost_upload_of_which_the_registry_keeps_nothing_begins_anew(
    connect: Connect, tmp_path: Path, cut: int, *, keeps: bool
) -> None:
    server = RegistryServer(cuts=[cut], keeps=keeps)
    image = OciLayout(write_image(tmp_path / "one", b"base" * 1000))
    server.blobs["alecia/website", image.blobs[0].digest] = b"the config is there"
    with connect(server) as registry:
        registry.push(WEBSITE, image)
    assert server.blobs["alecia/website", LAYER] == b"base" * 1000
    assert [request.split()[0] for request in server.requests if "/uploads/" in request] == [
        *("POST", "PUT", "GET", "POST", "PUT")
    ]


def test_the_rest_of_an_upload_that_is_not_taken_is_sent_with_all_before_it(connect: Connect, tmp_path: Path) -> None:
    server = RegistryServer(cuts=[3000], keeps=True)
    image = OciLayout(write_image(tmp_path / "one", b"base" * 1000))
    server.blobs["alecia/website", image.blobs[0].digest] = b"the config is there"
    damaged = server._upload

    def damage(method: str, path: str, body: bytes, query: dict[str, str]) -> Answer:
        if method == "PATCH":
            body = body.replace(b"e", b"?")
        return damaged(method, path, body, query)

    server._upload = damage  # type: ignore[method-assign] # the registry loses bytes on its side
    with connect(server) as registry:
        registry.push(WEBSITE, image)
    assert server.blobs["alecia/website", LAYER] == b"base" * 1000
    assert server.requests.count("POST /v2/alecia/website/blobs/uploads/") == 2


@pytest.mark.parametrize("states_digest", [True, False])
@pytest.mark.parametrize("stated", ["banana", "sha256:beef", "sha512:" + "a" * 64, ""])
def test_nonsense_is_never_taken_for_an_image(connect: Connect, stated: str, *, states_digest: bool) -> None:
    page = ("200 OK", {"Content-Type": "text/html"}, b"<html>Please log in</html>")
    head = ("200 OK", {"Docker-Content-Digest": stated}, b"")
    failures = [head] if states_digest else [page, page]
    with connect(RegistryServer(failures=failures)) as registry, pytest.raises(OutsideError) as caught:
        registry.digest(WEBSITE, "key-1")
    assert "answers what no registry would" in caught.value.what
    assert caught.value.fix


def test_a_tag_that_moves_is_moved_once_and_sends_no_layer(connect: Connect, image: OciLayout) -> None:
    server = RegistryServer(manifests={("alecia/website", "env-staging"): b"older"})
    with connect(server) as registry:
        registry.push(WEBSITE, image)
        server.requests.clear()
        assert registry.point(WEBSITE, image.digest, "env-staging")
        assert [request.split()[0] for request in server.requests] == ["HEAD", "GET", "PUT"]
        assert not any("/blobs/" in request for request in server.requests)
        server.requests.clear()
        assert not registry.point(WEBSITE, image.digest, "env-staging")
        assert [request.split()[0] for request in server.requests] == ["HEAD"]
    assert server.manifests["alecia/website", "env-staging"] == image.manifest


def test_other_bytes_than_the_digest_says_get_no_tag(connect: Connect, image: OciLayout) -> None:
    server = RegistryServer()
    with connect(server) as registry:
        registry.push(WEBSITE, image)
        server.manifests["alecia/website", image.digest] = b"other bytes"
        for put in (registry.tag, registry.point):
            with pytest.raises(OutsideError, match="other bytes than it was asked for"):
                put(WEBSITE, image.digest, "key-1")
    assert ("alecia/website", "key-1") not in server.manifests


@pytest.mark.parametrize(
    ("wish", "now", "pause"),
    [
        ("Wed, 21 Oct 2026 07:28:05 GMT", "Wed, 21 Oct 2026 07:28:00 GMT", 5.0),
        ("Wed, 21 Oct 2026 07:28:05 -0000", "Wed, 21 Oct 2026 07:28:00 GMT", 0.5),
        ("Wed, 21 Oct 2026 07:28:00 GMT", "Wed, 21 Oct 2026 07:28:09 GMT", 0.5),
        ("soon", "Wed, 21 Oct 2026 07:28:09 GMT", 0.5),
        ("0", "Wed, 21 Oct 2026 07:28:09 GMT", 0.0),
    ],
)
def test_retry_after_may_be_a_time_by_the_registrys_clock(
    connect: Connect, pauses: list[float], wish: str, now: str, pause: float
) -> None:
    server = RegistryServer(failures=[("503 Busy", {"Retry-After": wish, "Date": now}, b"")])
    with connect(server) as registry:
        registry.digest(WEBSITE, "key-1")
    assert pauses == [pause]


@pytest.mark.parametrize("status", ["400 Bad", "404 No", "409 Conflict", "413 Large", "418 Teapot"])
def test_what_will_not_pass_is_not_tried_again(connect: Connect, image: OciLayout, status: str) -> None:
    server = RegistryServer()
    with connect(server) as registry:
        server.failures = [("404 N", {}, b""), (status, {}, b"")]
        with pytest.raises(OutsideError):
            registry.push(WEBSITE, image)
    assert server.requests.count("POST /v2/alecia/website/blobs/uploads/") == 1


def test_a_registry_that_stays_ill_is_an_outside_error(connect: Connect, pauses: list[float]) -> None:
    failures = [("503 Busy", {"Retry-After": "900"}, b"")] * 4
    with connect(RegistryServer(failures=failures)) as registry, pytest.raises(OutsideError) as caught:
        registry.digest(WEBSITE, "key-1")
    assert caught.value.why == "HTTP 503 (attempts: 4)"
    assert caught.value.exit_code == ExitCode.OUTSIDE
    assert pauses == [30.0] * 3


def test_an_unreachable_registry_is_an_outside_error(tmp_path: Path) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("connection refused", request=request)

    transport = httpx.MockTransport(refuse)
    client = RegistryClient(HOST, None, certificates=tmp_path, transport=transport, pause=lambda _: None)
    with Registry(client) as registry, pytest.raises(OutsideError, match="does not answer"):
        registry.digest(WEBSITE, "key-1")


@pytest.mark.parametrize(
    ("failures", "action"),
    [
        ([("418 Teapot", {}, b"short\n and stout")], lambda registry, _: registry.digest(WEBSITE, "t")),
        ([("404 N", {}, b""), ("400 Bad", {}, b"")], lambda registry, image: registry.push(WEBSITE, image)),
        (
            [("404 N", {}, b""), ("202 A", {"Location": "/v2/a/blobs/uploads/1"}, b""), ("400 Bad", {}, b"")],
            lambda registry, image: registry.push(WEBSITE, image),
        ),
        (
            [*[("200 OK", {}, b"")] * 3, ("400 Bad", {}, b"")],
            lambda registry, image: registry.push(WEBSITE, image),
        ),
    ],
)
def test_any_other_answer_is_an_error_with_its_words(
    connect: Connect,
    image: OciLayout,
    failures: list[tuple[str, dict[str, str], bytes]],
    action: Callable[[Registry, OciLayout], object],
) -> None:
    with connect(RegistryServer(failures=failures)) as registry, pytest.raises(AleciaError) as caught:
        action(registry, image)
    assert caught.value.where == HOST
    assert "HTTP 4" in (caught.value.why or "")


def test_the_engines_authorities_are_trusted_and_loopback_is_plain(tmp_path: Path) -> None:
    (tmp_path / HOST).mkdir()
    (tmp_path / HOST / "ca.crt").write_text("no certificate")
    with pytest.raises(OutsideError, match=r"ca\.crt"):
        RegistryClient(HOST, None, certificates=tmp_path)
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(str(request.url))
        return httpx.Response(404)

    for host in ("127.0.0.1:5000", "localhost:5000", "localhost.example"):
        client = RegistryClient(host, None, certificates=tmp_path, transport=httpx.MockTransport(answer))
        with Registry(client) as registry:
            registry.digest(Repository(host, "a"), "t")
    assert [url.partition("/v2")[0] for url in seen] == [
        "http://127.0.0.1:5000",
        "http://localhost:5000",
        "https://localhost.example",
    ]


def test_a_question_is_not_waited_for_as_long_as_an_upload(tmp_path: Path) -> None:
    waited: dict[str, float] = {}

    def handle(request: httpx.Request) -> httpx.Response:
        waited[request.method] = request.extensions["timeout"]["read"]
        return httpx.Response(200)

    client = RegistryClient(HOST, None, certificates=tmp_path, transport=httpx.MockTransport(handle))
    client.send(Request("HEAD", "/v2/a/manifests/b"))
    client.send(Request("PUT", "/v2/a/blobs/uploads/1", content=b"blob"))
    client.close()
    assert waited == {"HEAD": 20, "PUT": 120}
