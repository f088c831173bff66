"""Files that should not be in a commit: what macOS and Windows leave behind, and secrets."""

import posixpath
import re
import shlex
from collections.abc import Callable, Iterable, Iterator

from alecia_pipeline.audit.finding import Finding
from alecia_pipeline.audit.snapshot import Snapshot

_JUNK = re.compile(r"(?:^|/)(?:\._[^/]*|\.DS_Store|Thumbs\.db|desktop\.ini|\.AppleDouble/.*|__MACOSX/.*)$")
_KEY_FILE = re.compile(r"(?:\.(?:pem|key|p8)|(?:^|/)id_(?:rsa|dsa|ecdsa|ed25519))$")
_ENV_FILE = re.compile(r"(?:^|/)\.env(?:\.[\w-]+)*$")
_SAMPLE = re.compile(r"example|sample|template|dist|default|test|fixture|mock", re.IGNORECASE)
_PRIVATE_KEY = re.compile(rb"^-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----", re.MULTILINE)
_SECRET_NAME = re.compile(r"SECRET|PASSWORD|PASSWD|TOKEN|PRIVATE_KEY|API_?KEY|ACCESS_KEY|CREDENTIAL", re.IGNORECASE)
_ASSIGNMENT = re.compile(r"(?:export\s+)?([A-Za-z_]\w*)\s*=\s*[\"']?([^\s\"'#]*)")
_NPM_TOKEN = re.compile(r".*:_(?:authToken|auth|password)\s*=\s*([^\s$][^\s]*)")
_PLACEHOLDER = re.compile(
    r"[\$<{*]|change|your|example|placeholder|dummy|xxx|todo|secret|password|none|null|true|false|local|postgres|minio"
    r"|fake|insert|replace|generate|test|\.\.\.|^(.)\1*$",
    re.IGNORECASE,
)

MIN_SECRET = 8
"""Shorter values in an env file are ports, flags and made-up words of a development set-up."""


def findings(snapshot: Snapshot) -> Iterable[Finding]:
    """Return every junk file and every file with a secret in clear."""
    for path in snapshot.tree.entries:
        if _JUNK.search(path):
            message = f"{posixpath.basename(path)} is left over from a desktop; it breaks linters and enters images"
            yield _finding(snapshot, "junk-file", path, None, message)
        elif not _SAMPLE.search(path):
            yield from _secrets(snapshot, path)


def _secrets(snapshot: Snapshot, path: str) -> Iterator[Finding]:
    if _KEY_FILE.search(path):
        match = _PRIVATE_KEY.search(snapshot.tree.read(path))
        if match:
            line = snapshot.tree.read(path).count(b"\n", 0, match.start()) + 1
            yield _finding(snapshot, "secret-file", path, line, "this is a private key")
    elif _ENV_FILE.search(path):
        yield from _lines(snapshot, path, _secret_key)
    elif posixpath.basename(path) == ".npmrc":
        yield from _lines(snapshot, path, lambda line: "a registry token" if _NPM_TOKEN.fullmatch(line) else None)


def _lines(snapshot: Snapshot, path: str, judge: Callable[[str], str | None]) -> Iterator[Finding]:
    text = snapshot.tree.read(path).decode(errors="replace")
    for number, line in enumerate(text.splitlines(), start=1):
        what = judge(line.strip())
        if what:
            yield _finding(snapshot, "secret-file", path, number, f"{what} stands here in clear")


def _secret_key(line: str) -> str | None:
    """Return the key of an env line whose value looks like a real secret; the value itself is never shown."""
    match = _ASSIGNMENT.match(line)
    if match is None or not _SECRET_NAME.search(match[1]) or match[1].startswith("NEXT_PUBLIC_"):
        return None
    value = match[2]
    return match[1] if len(value) >= MIN_SECRET and not _PLACEHOLDER.search(value) else None


def _finding(snapshot: Snapshot, rule: str, path: str, line: int | None, message: str) -> Finding:
    owner = snapshot.workspace.owner(path)
    fix = f"git rm --cached {shlex.quote(path)} && echo {shlex.quote(_ignore_line(path))} >> .gitignore"
    if rule == "secret-file":
        fix += "  # and replace the secret: it stays in the history"
    place = {"package": owner.manifest.name, "dir": owner.dir, "file": path, "line": line}
    return Finding(rule=rule, **place, message=message, fix=fix)


def _ignore_line(path: str) -> str:
    name = posixpath.basename(path)
    return "._*" if name.startswith("._") else (name if _JUNK.search(path) else path)
