"""A site over TLS on 127.0.0.1, with a certificate of an authority of its own."""

import contextlib
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from alecia_pipeline.adapters.http import BODY_BYTES
from alecia_pipeline.adapters.sandbox.authority import Authority

HOST = "app.alecia.test"


class Site(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status, body = {
            "/host": (200, self.headers["Host"].encode()),
            "/moved": (301, b""),
            "/large": (200, b"x" * (BODY_BYTES + 10)),
        }.get(self.path, (404, b"none"))
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Location", "https://elsewhere.test/")
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


class Server(ThreadingHTTPServer):
    def __init__(self, context: ssl.SSLContext, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Site)
        self.context = context

    def get_request(self) -> tuple[ssl.SSLSocket, tuple[str, int]]:
        connection, address = self.socket.accept()
        return self.context.wrap_socket(connection, server_side=True), address

    @contextlib.contextmanager
    def running(self) -> Iterator[int]:
        thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield self.server_port
        finally:
            self.shutdown()
            thread.join()
            self.server_close()


def make_authority(folder: Path) -> Path:
    """Make `ca.crt` and one file with key and certificate per host name; return the folder."""
    authority = Authority(folder)
    authority.ensure()
    for host in (HOST, "localhost"):
        certificate, key = authority.ensure_leaf(folder / host, host)
        (folder / f"{host}.pem").write_bytes(key + certificate)
    return folder


def server_context(folder: Path, host: str = HOST) -> ssl.SSLContext:
    """Return the server's side of TLS for a host name."""
    found = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    found.load_cert_chain(folder / f"{host}.pem")
    return found
