"""The environment file on a host: read and written as docker compose reads it, completed, never overwritten."""

import hashlib
import hmac
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from alecia_pipeline.errors import UsageError

FINGERPRINT_LENGTH = 16

_KEY = re.compile(r"[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.\-\[\]]*)[ \t]*[=:][ \t]*")
_BLANK = re.compile(r"[ \t]*(?:#[^\n]*)?(?:\n|$)")
_QUOTED = {
    "'": re.compile(r"'((?:[^'\\]|\\.)*)'", re.DOTALL),
    '"': re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL),
}
_ESCAPE = re.compile(r"\\([abcfnrtv$\"\\])")
_ESCAPED = {
    "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "$": "$$", '"': '"', "\\": "\\",
}  # fmt: skip
_VARIABLE = re.compile(r"\$(?:\$|([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?:(:?)-([^{}$]*))?\}|)")
_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+,=~-]*")


@dataclass(frozen=True, slots=True)
class CompletedEnvironment:
    """The values, and the names of the keys that changed or were generated.

    `kept` were set on the host by hand and stay, although the commit or the runner says something else.
    """

    values: Mapping[str, str]
    changed: tuple[str, ...]
    generated: tuple[str, ...]
    kept: tuple[str, ...]


def parse_environment(data: bytes, where: str) -> dict[str, str]:
    """Return the values of a dotenv file as docker compose reads them.

    Quotes, escapes, inline comments and `$` references to earlier keys are applied. A key without a value, or a
    reference to a key that the file does not define, depends on the caller's own environment: UsageError, as for
    anything that compose would not read.
    """
    text = data.decode(errors="surrogateescape").removeprefix("\ufeff").replace("\r\n", "\n")
    values: dict[str, str] = {}
    position = 0
    while position < len(text):
        if blank := _BLANK.match(text, position):
            position = blank.end()
            continue
        line = text.count("\n", 0, position) + 1
        key, value, position = _assignment(text, position, values, f"{where}:{line}")
        values[key] = value
    return values


def render_environment(values: Mapping[str, str]) -> bytes:
    """Return a dotenv file that docker compose reads back as exactly `values`, in their order."""
    data = "".join(f"{key}={_quote(value)}\n" for key, value in values.items()).encode(errors="surrogateescape")
    if parse_environment(data, "environment file") != dict(values):
        raise UsageError(
            "these environment values cannot be written for docker compose",
            where=", ".join(sorted(key for key in values if not _KEY.fullmatch(f"{key}="))) or "environment file",
            why="read back, they would differ: a key has a character that is not allowed in a name",
            fix="use letters, digits and _ in the keys",
        )
    return data


def complete_environment(
    existing: Mapping[str, str],
    given: Mapping[str, str],
    secrets: Sequence[str],
    make: Callable[[], str],
    written: Collection[str] = (),
) -> CompletedEnvironment:
    """Add what is absent: `given` values, and `secrets` by `make`. What the host has stays.

    A generated value is never replaced: a new POSTGRES_PASSWORD on an existing volume would not change the role's
    (docs/facts.md). Only the keys of `written`, plain values that the pipeline itself put there and nobody changed
    since, follow `given`. An empty secret counts as absent.
    """
    plain = {key: value for key, value in given.items() if key not in secrets}
    present = {key: value for key, value in existing.items() if value or key not in secrets}
    changed = {key: value for key, value in plain.items() if _follows(key, value, present, written)}
    generated = {key: make() for key in secrets if key not in present}
    kept = sorted(key for key, value in plain.items() if key not in changed and present[key] != value)
    return CompletedEnvironment({**present, **changed, **generated}, tuple(changed), tuple(generated), tuple(kept))


def fingerprints(values: Mapping[str, str], key: bytes) -> dict[str, str]:
    """Return HMAC-SHA-256 fingerprints (16 hex) of each value under a key that only the host holds.

    The name goes in too, so that equal values under two names do not show as equal.
    """
    return {
        name: hmac.new(key, f"{name}={value}".encode(errors="surrogateescape"), hashlib.sha256).hexdigest()[
            :FINGERPRINT_LENGTH
        ]
        for name, value in sorted(values.items())
    }


def _follows(key: str, value: str, present: Mapping[str, str], written: Collection[str]) -> bool:
    return key not in present or (key in written and present[key] != value)


def _assignment(text: str, position: int, known: Mapping[str, str], where: str) -> tuple[str, str, int]:
    found = _KEY.match(text, position)
    if not found:
        raise _unreadable(where, "a line must be KEY=value, a comment or empty")
    raw = text[found.end() :]
    quote = _QUOTED.get(raw[:1])
    if quote is None:
        line = raw.partition("\n")[0]
        value = _expand(line.partition(" #")[0].rstrip(), known, where)
        return found[1], value, found.end() + len(line)
    return (found[1], *_quoted(text, found.end(), known, where))


def _quoted(text: str, position: int, known: Mapping[str, str], where: str) -> tuple[str, int]:
    kind = text[position]
    found = _QUOTED[kind].match(text, position)
    if not found:
        raise _unreadable(where, f"the quote {kind} is not closed")
    rest = _BLANK.match(text, found.end())
    if not rest:
        raise _unreadable(where, "text follows the closing quote")
    body = found[1].replace(f"\\{kind}", kind)
    if kind == '"':
        # compose unescapes first (`\$` becomes `$$`), then expands
        body = _expand(_ESCAPE.sub(lambda match: _ESCAPED.get(match[1], match[0]), body), known, where)
    return body, rest.end()


def _expand(value: str, known: Mapping[str, str], where: str) -> str:
    def replace(match: re.Match[str]) -> str:
        if match[0] == "$$":
            return "$"
        name, default = match[1] or match[2], match[4]
        if not name:
            raise _unreadable(where, "a `$` that is not a reference must be written `$$`, or stand in single quotes")
        if default is not None and (name not in known or (match[3] and not known[name])):
            return default
        if name not in known:
            # the name is not told: it may be a part of a secret that has a `$` in it
            raise _unreadable(where, "a `$` reference names no key above; its value would depend on who reads the file")
        return known[name]

    return _VARIABLE.sub(replace, value)


def _quote(value: str) -> str:
    if _PLAIN.fullmatch(value):
        return value
    if "'" not in value and "\\" not in value and "\r" not in value:
        return f"'{value}'"
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
    return '"' + escaped.replace("\n", "\\n").replace("\r", "\\r") + '"'


def _unreadable(where: str, why: str) -> UsageError:
    return UsageError("the environment file is not one that docker compose reads", where=where, why=why, fix="mend it")
