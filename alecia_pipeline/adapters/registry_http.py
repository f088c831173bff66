"""Requests to a registry: trust, login, another attempt where that can help, and errors people understand."""

import re
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TypeVar

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt

from alecia_pipeline.adapters.registry_login import Login, RegistryAuth
from alecia_pipeline.errors import OutsideError

ATTEMPTS = 4
LONGEST_PAUSE = 30.0
"""Seconds; a registry that asks for more (Retry-After) is not waited for longer."""

CERTIFICATES = Path("/etc/docker/certs.d")
"""Where the engine looks for a private registry's authority; what it trusts, the pipeline trusts."""

_QUESTION_SECONDS = 20
_UPLOAD = httpx.Timeout(_QUESTION_SECONDS, read=120)
"""A registry may take long to store what was sent; a question it answers at once, or not at all."""

_RETRIED = frozenset({408, 429, 500, 502, 503, 504})
_REFUSED = frozenset({401, 403})
_LOOPBACK = re.compile(r"(localhost|127\.[0-9.]+)(:\d+)?")

T = TypeVar("T")


class SilentRegistryError(OutsideError):
    """The registry gave no answer that says anything: no connection, no verified TLS, or its own errors only."""


class TransientError(Exception):
    """Worth another attempt; `pause` is what the registry asked for, in seconds."""

    def __init__(self, cause: str, pause: float | None = None) -> None:
        super().__init__(cause)
        self.pause = pause


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `content` may be iterated again for another attempt, so it is bytes or starts afresh each time.

    `follow`: go where the registry points to, as many do for blobs; another host gets no login.
    """

    method: str
    url: str
    query: Mapping[str, str] | None = None
    headers: Mapping[str, str] | None = None
    content: bytes | Iterable[bytes] | None = None
    follow: bool = False


class RegistryClient:
    """The HTTP side of one registry host. Safe for several threads."""

    def __init__(  # noqa: PLR0913 - a host and a login; the rest, by keyword only, has defaults
        self,
        host: str,
        login: Login | None,
        *,
        attempts: int = ATTEMPTS,
        certificates: Path = CERTIFICATES,
        transport: httpx.BaseTransport | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        authorities = sorted((certificates / host).glob("*.crt"))
        plain = _LOOPBACK.fullmatch(host) and not authorities
        self._host = host
        self._attempts = attempts
        self._pause = pause
        self._client = httpx.Client(
            base_url=f"{'http' if plain else 'https'}://{host}",
            auth=RegistryAuth(login),
            verify=_trust(authorities),
            timeout=_QUESTION_SECONDS,
            transport=transport,
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def send(self, request: Request) -> httpx.Response:
        """Send one request, with further attempts. Raises SilentRegistryError, or OutsideError when it refuses."""
        return self.retrying(lambda: self.once(request))

    def once(self, request: Request) -> httpx.Response:
        """Send one request, to be used within `retrying`."""
        try:
            response = self._client.request(
                request.method,
                request.url,
                params=request.query,
                headers=request.headers,
                content=request.content,
                follow_redirects=request.follow,
                timeout=_UPLOAD if request.content else httpx.USE_CLIENT_DEFAULT,
            )
        except httpx.TransportError as error:
            raise TransientError(f"{type(error).__name__}: {error}") from error
        if response.status_code in _RETRIED:
            raise TransientError(f"HTTP {response.status_code}", _pause(response.headers))
        if response.status_code in _REFUSED:
            raise self._refusal(request, response)
        return response

    def retrying(self, action: Callable[[], T]) -> T:
        """Run `action`, again when what failed may pass: no answer, too many requests, a server's own error."""
        attempts = Retrying(
            retry=retry_if_exception_type(TransientError),
            stop=stop_after_attempt(self._attempts),
            wait=_wait,
            sleep=self._pause,
            reraise=True,
        )
        try:
            return attempts(action)
        except TransientError as error:
            raise SilentRegistryError(
                f"the registry {self._host} does not answer",
                where=self._host,
                why=f"{error} (attempts: {self._attempts})",
                fix=f"check the network and `registry` in alecia.yaml; try: docker login {self._host}",
            ) from error

    def expect(self, response: httpx.Response, status: int, what: str) -> None:
        """Raise OutsideError unless the response has the status."""
        if response.status_code != status:
            raise OutsideError(
                what,
                where=self._host,
                why=f"HTTP {response.status_code}: {_words(response)}",
                fix="check `registry` in alecia.yaml, and the registry's own log",
            )

    def _refusal(self, request: Request, response: httpx.Response) -> OutsideError:
        return OutsideError(
            f"the registry {self._host} refuses",
            where=f"{self._host}: {request.method} {request.url.split('?')[0]}",
            why=f"HTTP {response.status_code}: {_words(response)}",
            fix=f"docker login {self._host} with an account that may read and write these images",
        )


def _trust(authorities: Iterable[Path]) -> ssl.SSLContext:
    context = ssl.create_default_context()
    for file in authorities:
        try:
            context.load_verify_locations(file)
        except OSError as error:
            raise OutsideError(
                "a registry's certificate authority cannot be read", where=str(file), why=str(error), fix="replace it"
            ) from error
    return context


def _wait(state: RetryCallState) -> float:
    """Return how long to wait, in seconds: what the registry asked for, else 0.5, then 1, then 2."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.pause if isinstance(error, TransientError) else None
    return min(LONGEST_PAUSE, 0.5 * 2 ** (state.attempt_number - 1) if asked is None else asked)


def _pause(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that Retry-After asks for: a number, or a time by the registry's own clock. None: no wish."""
    wish = headers.get("Retry-After", "")
    if wish.isdecimal():
        return float(wish)
    try:
        now = parsedate_to_datetime(headers.get("Date", ""))
        seconds = (parsedate_to_datetime(wish) - now).total_seconds()
    except (TypeError, ValueError):  # not a date, or one with a time zone beside one without
        return None
    return seconds if seconds > 0 else None


def _words(response: httpx.Response) -> str:
    """Return what the registry says, cut to one line."""
    return " ".join(response.text.split())[:200] or response.reason_phrase
