"""What a secret in clear looks like: private keys, registry tokens, and assignments of values that look real.

What is no secret for certain (a sample, a test's key, a placeholder, a public key) is passed over. A value is never
returned, only what it is and where.
"""

import posixpath
import re
from collections.abc import Callable, Iterator

MAX_BYTES = 1_000_000
"""No environment file and no key is larger."""

MIN_SECRET = 8
"""Shorter values in an environment file are ports, flags and made-up words of a development set-up."""

MIN_RANDOM = 20
"""From this length on, letters and digits in a mix were made by a program, not by a person."""

_SAMPLE = re.compile(
    r"(?:^|[/._-])(?:examples?|samples?|templates?|dist|defaults?|tests?|testing|__tests__|specs?|fixtures?|mocks?"
    r"|__mocks__|__fixtures__|e2e|demos?|docs?|localhost|snakeoil|self-?signed)(?:[/._-]|$)",
    re.IGNORECASE,
)
_KEY_FILE = re.compile(r"\.(?:pem|key|p8|ppk)$|(?:^|/)id_(?:rsa|dsa|ecdsa|ed25519)$")
_KEY = re.compile(rb"^-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----|^PuTTY-User-Key-File-", re.MULTILINE)
_ACCOUNT_FILE = re.compile(r"(?:credentials?|service[-_]?account|adminsdk|gcp|google)[\w.-]*\.json$", re.IGNORECASE)
_ACCOUNT_KEY = re.compile(rb"\"private_key\"\s*:\s*\"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----")

_ENV_FILE = re.compile(r"(?:^|/)(?:\.env(?:\.[\w-]+)*|\.envrc|\.dev\.vars)$")
_FOR_DEVELOPMENT = re.compile(r"[._-](?:dev|development|local|ci)(?:[._-]|$)|\.dev\.vars$")
_ASSIGNMENT = re.compile(r"(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s#\"']*))")
_SECRET_NAME = re.compile(
    r"SECRET|PASSWORD|PASSWD|PASSPHRASE|TOKEN|PRIVATE_KEY|API_?KEY|ACCESS_KEY|ENCRYPTION_KEY|MASTER_KEY|CREDENTIAL",
    re.IGNORECASE,
)
_NO_SECRET_NAME = re.compile(
    r"PUBLIC|PUBLISHABLE|^(?:VITE|REACT_APP|GATSBY|NUXT_PUBLIC)_"
    r"|_(?:URL|URI|PATH|FILE|DIR|NAME|HEADER|TTL|EXPIRY|EXPIRES|EXPIRES_IN|EXPIRATION|LIFETIME|LENGTH|ALGORITHM|ISSUER"
    r"|TYPE|ENABLED|COOKIE|PREFIX|COUNT|LIMIT|ID|ROUNDS|VERSION|REGION|ARN)$",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(
    r"[\$<{*]|change|your|example|placeholder|dummy|xxx|todo|secret|password|none|null|true|false|local|postgres|minio"
    r"|fake|insert|replace|generate|test|sample|default|admin|\.\.\.|1234|abcd|^(.)\1*$",
    re.IGNORECASE,
)
_NO_SECRET_VALUE = re.compile(
    r"https?:|[./~]|\d+ ?(?:ms|s|m|h|d|k|[kmg]i?b|seconds|minutes|hours|days)$", re.IGNORECASE
)
_ISSUED = re.compile(
    r"AKIA[0-9A-Z]{16}|gh[pousr]_\w{36}|github_pat_\w{50,}|sk_live_\w{20,}|xox[bpars]-[\w-]{20,}|glpat-[\w-]{20}"
    r"|npm_[0-9A-Za-z]{36}"
)
"""Tokens whose issuer can be told by their form: real, whatever the key is called."""

_WITH_PASSWORD = re.compile(r"[a-z][a-z0-9+.-]*://[^\s:/@]*:([^\s@/]+)@([^\s:/]+)")
_NEAR = re.compile(r"localhost|127\.0\.0\.1|0\.0\.0\.0|\[?::1|[\w-]+$")
"""Hosts without a dot are a compose file's own services."""

_NPM_SETTING = r"(_(?:authToken|auth|password))\s*=\s*"
_NPM_LINE = re.compile(rf"[^#;]*{_NPM_SETTING}(?![\"'\s]*\$\{{)[\"']?([^\s\"']+)")
_NPM_ANYWHERE = re.compile(rf":{_NPM_SETTING}[\"']?([^\s$\"'{{<]+)")

_MAY_HOLD = re.compile(r"\.(?:pem|key|p8|ppk|json|env|dev\.vars|npmrc)|(?:^|/)id_")
"""What the name of each file that is read has in it; most have not."""

_Reader = Callable[[str, bytes], Iterator[tuple[int, str]]]
"""Path and bytes of a file -> the lines with a secret, and what it is."""


_ISSUERS = ("AKIA", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "sk_live_", "xox", "glpat-", "npm_")

STARTS = (b"-----BEGIN ", *(start.encode() for start in _ISSUERS))
"""How a secret that shows by its form begins, wherever it stands: what `shown_at` is worth asking for."""

LONGEST = 400
"""Bytes from its start by which such a secret is known."""

_LINE_END = rb"(?:\s|\\[rn]|[\"'+,\\])*"
_SHOWN_KEY = re.compile(
    rb"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----" + _LINE_END + rb"(?:[A-Za-z-]+: [^\n\\]{1,80}" + _LINE_END
    + rb"){0,3}[A-Za-z0-9+/]{40}"
)  # fmt: skip
"""With the first line of the key itself: programs that read keys hold the words alone."""

_SHOWN_TOKEN = re.compile(_ISSUED.pattern.encode(), re.ASCII)


def shown_at(data: bytes, position: int) -> str | None:
    """Return what secret begins there, by its form alone: a private key or a token that somebody issued."""
    if _SHOWN_KEY.match(data, position, position + LONGEST):
        return "a private key"
    token = _SHOWN_TOKEN.match(data, position, position + LONGEST)
    before = data[max(0, position - 1) : position]
    if token and not before.isalnum() and not _PLACEHOLDER.search(token[0].decode()):
        return "a token"
    return None


def assigned_secrets(text: str) -> tuple[str, ...]:
    """Return the names that are given a secret anywhere in a text, such as a command or an instruction."""
    found = [match[1] for match in _ASSIGNMENT.finditer(text) if is_secret(match[1], _assigned(match))]
    found += [match[1] for match in _NPM_ANYWHERE.finditer(text) if not _PLACEHOLDER.search(match[2])]
    return tuple(dict.fromkeys(found))


def may_hold_secrets(path: str) -> bool:
    """Tell by its name whether a file is one that secrets are kept in."""
    return _MAY_HOLD.search(path) is not None and _reader(path) is not None


def is_sample(path: str) -> bool:
    """Tell by its path whether a file is made for others to see: an example, a test's, a document."""
    return _SAMPLE.search(path) is not None


def registry_tokens(data: bytes, *, placeholders: bool = False) -> Iterator[int]:
    """Yield the lines of an .npmrc in which a registry token stands in clear; `${VARIABLE}` is none.

    `placeholders`: also those that look made up, for who must not guess.
    """
    for number, line in _lines(data):
        match = _NPM_LINE.match(line)
        if match and (placeholders or not _PLACEHOLDER.search(match[2])):
            yield number


def secrets_in(path: str, data: bytes) -> Iterator[tuple[int, str]]:
    """Yield line and kind of each secret in a file that may hold some; none of one above MAX_BYTES."""
    judge = _reader(path)
    if judge and len(data) <= MAX_BYTES:
        yield from judge(path, data)


def _reader(path: str) -> _Reader | None:
    """Return what reads the lines with secrets out of a file of that name."""
    if _KEY_FILE.search(path):
        return _key
    if _ACCOUNT_FILE.search(posixpath.basename(path)):
        return _account
    if _ENV_FILE.search(path):
        return _environment
    return _npmrc if posixpath.basename(path) == ".npmrc" else None


def _key(_path: str, data: bytes) -> Iterator[tuple[int, str]]:
    if match := _KEY.search(data):
        yield _line(data, match), "this is a private key"


def _account(_path: str, data: bytes) -> Iterator[tuple[int, str]]:
    if match := _ACCOUNT_KEY.search(data):
        yield _line(data, match), "this is the private key of an account"


def _npmrc(_path: str, data: bytes) -> Iterator[tuple[int, str]]:
    yield from ((number, "a registry token stands here in clear") for number in registry_tokens(data))


def _environment(path: str, data: bytes) -> Iterator[tuple[int, str]]:
    shortest = MIN_RANDOM if _FOR_DEVELOPMENT.search(posixpath.basename(path)) else MIN_SECRET
    for number, line in _lines(data):
        match = _ASSIGNMENT.match(line)
        if match and is_secret(match[1], _assigned(match), shortest):
            yield number, f"{match[1]} stands here in clear"


def _assigned(match: re.Match[str]) -> str:
    return match[2] or match[3] or match[4] or ""


def _line(data: bytes, match: re.Match[bytes]) -> int:
    return data.count(b"\n", 0, match.start()) + 1


def _lines(data: bytes) -> Iterator[tuple[int, str]]:
    lines = data.decode(errors="replace").splitlines()
    yield from ((number, line.strip()) for number, line in enumerate(lines, start=1))


def is_secret(name: str, value: str, shortest: int = MIN_SECRET) -> bool:
    """Tell whether an assignment gives away a secret: by the form of its value, or by its name and a real value."""
    if _ISSUED.search(value):
        return not _PLACEHOLDER.search(value)
    if url := _WITH_PASSWORD.match(value):
        is_far = not _NEAR.fullmatch(url[2])
        return is_far and _looks_real(url[1], shortest) and not _PLACEHOLDER.search(url[2])
    named = _SECRET_NAME.search(name) and not _NO_SECRET_NAME.search(name)
    return bool(named) and not _NO_SECRET_VALUE.match(value) and _looks_real(value, shortest)


def _looks_real(value: str, shortest: int) -> bool:
    """Tell whether a value has the length and the mix of a made secret, and none of a placeholder's words."""
    is_mixed = re.search(r"\d", value) is not None and re.search(r"[A-Za-z]", value) is not None
    return len(value) >= shortest and is_mixed and " " not in value and not _PLACEHOLDER.search(value)
