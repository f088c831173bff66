"""Raw HTTPS load that never retries: what a client that is not a browser would see during a release."""

import http.client
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

TIMEOUT = 30.0
"""Seconds one request may take; longer counts as failed."""


@dataclass(frozen=True)
class Target:
    """One site: `host` is the name (SNI and Host header), `address:port` is where to connect; no CA: plain HTTP."""

    host: str
    address: str
    port: int
    ca_file: Path | None


@dataclass
class Outcome:
    """Answered requests by kind and status, and every failure in words."""

    answered: Counter[tuple[str, int]] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    @property
    def sent(self) -> int:
        return sum(self.answered.values()) + len(self.failures)


class _Connection(http.client.HTTPConnection):
    """Connects to the target's address whatever its name resolves to."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._tls = ssl.create_default_context(cafile=str(target.ca_file)) if target.ca_file else None
        super().__init__(target.host, target.port, timeout=TIMEOUT)

    def connect(self) -> None:
        raw = socket.create_connection((self._target.address, self._target.port), timeout=TIMEOUT)
        self.sock = self._tls.wrap_socket(raw, server_hostname=self._target.host) if self._tls else raw


Request = tuple[str, str, bytes]
"""Method, path, body."""


def send_until(
    target: Target, requests: tuple[Request, ...], done: Callable[[], bool], *, at_least: int, pause: float = 0
) -> Outcome:
    """Send from four threads, two of them over kept-alive connections, until `done` and `at_least` were sent.

    Each thread waits `pause` seconds after a request, so that the load leaves the release some of the machine.
    """
    outcome, lock = Outcome(), threading.Lock()

    def worker(index: int) -> None:
        connection: _Connection | None = None
        turn = index
        while not (done() and outcome.sent >= at_least):
            method, path, body = requests[turn % len(requests)]
            turn += 1
            connection = connection or _Connection(target)
            kept_alive = index % 2 == 1
            try:
                status = _send(connection, method, path, body, kept_alive)
            except (OSError, http.client.HTTPException) as error:
                with lock:
                    outcome.failures.append(f"{method} {path}: {type(error).__name__}: {error}")
                connection = None
                continue
            with lock:
                if status < 400:
                    outcome.answered[f"{method} {'kept-alive' if kept_alive else 'new'}", status] += 1
                else:
                    outcome.failures.append(f"{method} {path}: status {status}")
            if not kept_alive:
                connection.close()
                connection = None
            time.sleep(pause)
        _close(connection)

    threads = [threading.Thread(target=worker, args=(index,), daemon=True) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcome


def _close(connection: _Connection | None) -> None:
    if connection:
        connection.close()


def _send(connection: _Connection, method: str, path: str, body: bytes, kept_alive: bool) -> int:
    headers = {"Content-Type": "application/json"} if body else {}
    if not kept_alive:
        headers["Connection"] = "close"
    connection.request(method, path, body=body or None, headers=headers)
    response = connection.getresponse()
    response.read()
    if response.will_close:
        connection.close()
    return response.status
