"""Logging in to a registry: the docker configuration file, and the two schemes registries ask for."""

import base64
import binascii
import json
import re
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from alecia_pipeline.errors import OutsideError, UsageError
from alecia_pipeline.redaction import Secret

_EVERYWHERE = ""

_BELOW_IMAGE = re.compile(r"/(?:blobs|manifests|referrers)/")
_CHALLENGE_PART = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Login:
    """A user name and a password or token."""

    user: str
    password: Secret

    def encoded(self) -> Secret:
        """Return both as one word, the form in which a configuration file and a request hold them."""
        text = f"{self.user}:{self.password.reveal()}"
        return Secret(base64.b64encode(text.encode()).decode())

    def basic(self) -> Secret:
        """Return the value of a Basic authorization header."""
        return Secret(f"Basic {self.encoded().reveal()}")


def read_login(config_file: Path, host: str) -> Login | None:
    """Return the login that `docker login` stored for a registry, or None. Raises UsageError when it cannot be read."""
    if not config_file.is_file():
        return None
    try:
        config = json.loads(config_file.read_bytes())
        stored: Mapping[str, Any] | None = config.get("auths", {}).get(host)
    except (ValueError, AttributeError) as error:
        raise UsageError(
            "the docker configuration is not readable",
            where=str(config_file),
            why=str(error),
            fix=f"docker login {host}",
        ) from error
    helper = config.get("credHelpers", {}).get(host) or (stored is not None and config.get("credsStore"))
    if helper or (stored and stored.get("identitytoken")):
        raise _unreadable(config_file, host, f"helper {helper!r}" if helper else "an identity token")
    return _decode(stored.get("auth", ""), config_file, host) if stored else None


def _unreadable(config_file: Path, host: str, kind: str) -> UsageError:
    return UsageError(
        f"the login for {host} is kept by {kind}, which this pipeline does not read",
        where=str(config_file),
        why="it reads user and password from the file itself; programs of the desktop are not on a server",
        fix=f"DOCKER_CONFIG=~/.alecia-docker docker login {host}, and set DOCKER_CONFIG for the pipeline too",
    )


def _decode(auth: str, config_file: Path, host: str) -> Login | None:
    try:
        user, separator, password = base64.b64decode(auth, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        separator = ""
    if auth and not separator:
        raise UsageError(
            f"the login for {host} is damaged",
            where=f"{config_file}: auths",
            why="it is not base64 of user:password",
            fix=f"docker login {host}",
        )
    return Login(user, Secret(password)) if auth else None


class RegistryAuth(httpx.Auth):
    """Answers a registry's challenge: Basic for all that follows, or a token for each image and right (read, write)."""

    requires_response_body = True

    def __init__(self, login: Login | None) -> None:
        self._login = login
        self._answers: dict[str, Secret] = {}

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send with what is known; when challenged, log in and send once more."""
        scope = _scope(request)
        known = self._answers.get(scope) or self._answers.get(_EVERYWHERE)
        if known:
            request.headers["Authorization"] = known.reveal()
        response = yield request
        if response.status_code != httpx.codes.UNAUTHORIZED:
            return
        scheme, _, parameters = response.headers.get("WWW-Authenticate", "").partition(" ")
        if scheme.lower() == "basic" and self._login and not known:
            self._answers[_EVERYWHERE] = answer = self._login.basic()
        elif scheme.lower() == "bearer":
            token_response = yield self._token_request(dict(_CHALLENGE_PART.findall(parameters)))
            self._answers[scope] = answer = _token(token_response)
        else:
            return
        request.headers["Authorization"] = answer.reveal()
        yield request

    def _token_request(self, challenge: Mapping[str, str]) -> httpx.Request:
        realm = challenge.get("realm", "")
        if not realm.startswith("https://"):
            raise OutsideError(
                "the registry sends its users to an unsafe place to log in",
                where=realm or "no realm",
                why="a password is only sent over https",
                fix="check `registry` in alecia.yaml",
            )
        headers = {"Authorization": self._login.basic().reveal()} if self._login else {}
        query = {name: challenge[name] for name in ("service", "scope") if name in challenge}
        return httpx.Request("GET", realm, params=query, headers=headers)


def _scope(request: httpx.Request) -> str:
    """Return what a token is good for: one image, and reading or writing."""
    right = "read" if request.method in {"GET", "HEAD"} else "write"
    return f"{_BELOW_IMAGE.split(request.url.path)[0]} {right}"


def _token(response: httpx.Response) -> Secret:
    """Return the authorization header a token server's answer stands for; an empty one when it refused."""
    body = response.json() if response.is_success else {}
    return Secret(f"Bearer {body.get('token') or body.get('access_token') or ''}")
