"""The checksums that pnpm keeps in a lockfile of its own settings, patches and hooks, computed anew.

Which algorithm made one shows in its form: pnpm 8 and 9 wrote MD5, pnpm 10 and later write SHA-256. Of an unknown form
nothing is said.
"""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

_BASE32 = re.compile(r"[a-z2-7]{26}")
_MD5 = re.compile(r"[0-9a-f]{32}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_PREFIX = "sha256-"


def file_agrees(data: bytes, checksum: str) -> bool:
    """Tell whether a file has a checksum of a patch or a pnpmfile; Windows line ends do not count."""
    data = data.replace(b"\r\n", b"\n")
    if _BASE32.fullmatch(checksum):
        digest = hashlib.md5(data, usedforsecurity=False).digest()
        return base64.b32encode(digest).decode().rstrip("=").lower() == checksum
    if _SHA256.fullmatch(checksum):
        return hashlib.sha256(data).hexdigest() == checksum
    if checksum.startswith(_PREFIX):
        return _base64(data) == checksum
    return True


def value_agrees(value: Mapping[str, Any], checksum: str) -> bool:
    """Tell whether a setting (of objects and plain values) has a checksum, whatever the order of its keys."""
    if _MD5.fullmatch(checksum):
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest() == checksum
    if checksum.startswith(_PREFIX):
        return _base64(_object_hash(value).encode()) == checksum
    return True


def _base64(data: bytes) -> str:
    return _PREFIX + base64.b64encode(hashlib.sha256(data).digest()).decode()


def _object_hash(value: Any) -> str:
    """Return what npm's `object-hash` feeds its digest. Lists do not occur in the one setting that is hashed."""
    if isinstance(value, Mapping):
        pairs = sorted((str(key), item) for key, item in value.items())
        return f"object:{len(pairs)}:" + "".join(f"{_object_hash(key)}:{_object_hash(item)}," for key, item in pairs)
    if isinstance(value, bool):
        return f"bool:{str(value).lower()}"
    if isinstance(value, str):
        return f"string:{len(value.encode('utf-16-le')) // 2}:{value}"  # JavaScript counts UTF-16 units
    return "Null" if value is None else f"number:{value}"
