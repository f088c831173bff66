"""Whether a file may name paths that no import and no reference shows. Asked of all files, so that few are read again.

`path.join(process.cwd(), "..", …)` is one, `readFileSync("../../x")` another, which starts from the package and not
from the file; and of a glob, `../../packages/*/src`, a reference shows the folder that is certain.
"""

import re
from collections.abc import Iterable

from alecia_pipeline.audit.sources import styles
from alecia_pipeline.audit.sources.imports import Import

MAX_BYTES = 1_000_000
"""What is larger is a bundle, whose paths are those of another machine."""

_ANCHORS = (b"__dirname", b"process.cwd()", b"import.meta.")
_GLOB = re.compile(rb"\.\./[^\"'`\s$]*[*{]")
_CALLED = re.compile(rb"\(\s*[\"'`]\.\.")
_OPENING = re.compile(r"(?:node:)?(?:fs|path)(?:/\w+)?|fs-extra|glob|globby|fast-glob|tinyglobby")


def is_apart(data: bytes, extension: str, found: Iterable[Import]) -> bool:
    """Tell whether a file that imports `found` may name such paths."""
    if len(data) > MAX_BYTES:
        return False
    if extension in styles.EXTENSIONS:
        return _may_scan(data) or _may_glob(data)
    return _may_join(data) or _may_glob(data) or _may_open(data, found)


def _may_scan(data: bytes) -> bool:
    """Tell whether a style sheet may name folders that are looked through for class names."""
    return b".." in data and (b"@source" in data or b"source(" in data)


def _may_join(data: bytes) -> bool:
    """Tell whether a file may put paths together from where it stands."""
    return any(anchor in data for anchor in _ANCHORS) and b".." in data


def _may_open(data: bytes, found: Iterable[Import]) -> bool:
    """Tell whether a file may open what a path names that goes up from its package."""
    return any(map(_OPENING.fullmatch, (item.specifier for item in found))) and _CALLED.search(data) is not None


def _may_glob(data: bytes) -> bool:
    """Tell whether a file may have globs of files outside of its own folder."""
    return b"../" in data and _GLOB.search(data) is not None
