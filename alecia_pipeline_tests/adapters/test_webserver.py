"""Against a real HTTP server on loopback, hence marked engine (unit tests have no network)."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from alecia_pipeline.adapters.dagster_services import check_port
from alecia_pipeline.adapters.webserver import reload_location
from alecia_pipeline.errors import OutsideError, UsageError

pytestmark = pytest.mark.engine


class _Server(HTTPServer):
    answer: bytes = b""
    asked: dict[str, object]


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        self.server.asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.server.answer)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's name
        """Print nothing."""


@pytest.fixture
def server() -> Iterator[_Server]:
    with _Server(("127.0.0.1", 0), _Handler) as found:
        thread = threading.Thread(target=found.serve_forever, daemon=True)
        thread.start()
        yield found
        found.shutdown()
        thread.join()


def _url(server: _Server) -> str:
    return f"http://127.0.0.1:{server.server_port}"


def test_a_location_is_loaded_again(server: _Server) -> None:
    server.answer = b'{"data": {"reloadRepositoryLocation": {"__typename": "WorkspaceLocationEntry"}}}'
    reload_location(_url(server), "a.b")
    assert server.asked["variables"] == {"name": "a.b"}


@pytest.mark.parametrize(
    "answer", [b"{}", b"not json", b'{"data": {"reloadRepositoryLocation": {"__typename": "PythonError"}}}']
)
def test_what_is_no_success_is_told(server: _Server, answer: bytes) -> None:
    server.answer = answer
    with pytest.raises(OutsideError, match="cannot be loaded again"):
        reload_location(_url(server), "a.b")


def test_no_webserver_is_told() -> None:
    with pytest.raises(OutsideError, match="cannot be loaded again"):
        reload_location("http://127.0.0.1:1", "a.b")


def test_a_taken_port_is_refused(server: _Server) -> None:
    with pytest.raises(UsageError, match=f"port {server.server_port} is taken"):
        check_port(server.server_port)
