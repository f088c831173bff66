"""HTTPS requests to an environment as a visitor makes them: verified certificate, the site's own name."""

import ssl
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from alecia_pipeline.config import PublicConfig
from alecia_pipeline.errors import UsageError
from alecia_pipeline.smoke.probes import Probe
from alecia_pipeline.smoke.verdict import Answer, Silence

REQUEST_SECONDS = 10.0
RETRY_PAUSE_SECONDS = 0.5
PARALLEL = 8
BODY_BYTES = 1_000_000
DAY_SECONDS = 86_400
HTTPS_PORT = 443

_NOT_YET = ("internal error", "unrecognized name", "connection refused")
"""What is said while Caddy starts or waits for a certificate: TLS alerts 80 and 112, and nobody listening."""


def trust(public: PublicConfig) -> ssl.SSLContext:
    """Return the verification of an environment: the system's CAs and its own. Raises UsageError for a bad ca_file."""
    context = ssl.create_default_context()
    if public.ca_file:
        path = Path(public.ca_file).expanduser()
        try:
            context.load_verify_locations(cafile=path)
        except (OSError, ssl.SSLError) as error:
            raise UsageError(
                "the CA certificate cannot be used",
                where=str(path),
                why=str(error),
                fix="environments.<env>.public.ca_file must be a PEM file",
            ) from error
    return context


def fetch_all(probes: Sequence[Probe], public: PublicConfig, patience: float) -> list[Answer | Silence]:
    """Make every request, some at a time; the answers are in the order of the probes.

    For `patience` seconds from now a refused connection, or a certificate that is not there yet, is tried again;
    nothing else is: a retry would hide it.
    """
    deadline = time.monotonic() + patience
    with (
        httpx.Client(verify=trust(public), timeout=REQUEST_SECONDS, trust_env=False) as client,
        ThreadPoolExecutor(PARALLEL, thread_name_prefix="smoke") as pool,
    ):
        return list(pool.map(partial(_fetch, client, public, deadline), probes))


def _fetch(client: httpx.Client, public: PublicConfig, deadline: float, probe: Probe) -> Answer | Silence:
    while True:
        started = time.monotonic()
        try:
            return _answer(client, public, probe, started)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            reason = str(error) or type(error).__name__
            if time.monotonic() >= deadline or not any(sign in reason.lower() for sign in _NOT_YET):
                return Silence(reason, _ms(started))
        time.sleep(RETRY_PAUSE_SECONDS)


def _answer(client: httpx.Client, public: PublicConfig, probe: Probe, started: float) -> Answer:
    port = "" if public.https_port == HTTPS_PORT else f":{public.https_port}"
    request = client.build_request(
        "GET",
        httpx.URL(f"https://{_bracketed(public.address or probe.host)}:{public.https_port}{probe.path}"),
        headers={"Host": probe.host + port, "User-Agent": "alecia-smoke", "Accept": "*/*", "Connection": "close"},
        extensions={"sni_hostname": probe.host},
    )
    response = client.send(request, stream=True)
    try:
        days = _certificate_days(response.extensions["network_stream"].get_extra_info("ssl_object"))
        return Answer(response.status_code, _ms(started), _start_of_body(response), days)
    finally:
        response.close()


def _start_of_body(response: httpx.Response) -> str:
    body = b""
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) >= BODY_BYTES:
            break
    return body[:BODY_BYTES].decode(errors="replace")


def _certificate_days(connection: Any) -> float | None:
    """Return how many days the server's certificate is still valid."""
    ends = (connection.getpeercert() or {}).get("notAfter") if connection else None
    return round((ssl.cert_time_to_seconds(ends) - time.time()) / DAY_SECONDS, 1) if ends else None


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _ms(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
