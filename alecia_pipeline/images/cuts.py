"""Root files cut to what an app's slice can use: overrides and catalogs of other apps would rebuild it for nothing.

Everything else of the file goes in byte for byte. pnpm compares these entries with the lockfile's, which are cut by the
same names (`source/slice.py`). A file that is not laid out as tools write it stays whole.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from alecia_pipeline.errors import UsageError
from alecia_pipeline.source.documents import load_json
from alecia_pipeline.source.lockfile import Lockfile
from alecia_pipeline.source.manifest import MANIFEST_FILE
from alecia_pipeline.source.slice import target
from alecia_pipeline.source.workspace import WORKSPACE_FILE
from alecia_pipeline.source.yaml_document import load_yaml

Place = tuple[str, ...]
"""The keys that lead to an entry."""

_FILES = {MANIFEST_FILE: load_json, WORKSPACE_FILE: load_yaml}
_OVERRIDES: tuple[Place, ...] = (("pnpm", "overrides"), ("resolutions",))
_CUT = frozenset({"catalog", "catalogs", "overrides"})
_CATALOG = "catalog:"
_DEFAULT = "default"
_KEY = re.compile(r"( *)(?:'([^'\n]+)'|\"([^\"\\\n]+)\"|([^\s'\"#&*\[{|>%@`!-][^\n]*?)):(?:\s|$)")


def cut_files(read: Callable[[str], bytes], whole: Lockfile, part: Lockfile) -> Mapping[str, bytes]:
    """Return the root files that are sent cut, by path. `part`: what the app's slice of the lockfile `whole` keeps."""
    dropped = frozenset(whole.overrides) - frozenset(part.overrides)
    manifest, workspace = (_loaded(read, path, load) for path, load in _FILES.items())
    overrides = {name: value for place in _OVERRIDES for name, value in _at(manifest, place).items()}
    overrides |= _at(workspace, ("overrides",))
    if not overrides and not workspace.keys() & _CUT:
        return {}
    used = _used_catalogs(part, {name: value for name, value in overrides.items() if name not in dropped})
    files = {
        MANIFEST_FILE: _cut_json(manifest, read, dropped) if manifest else None,
        WORKSPACE_FILE: _cut_yaml(workspace, read, dropped, used) if workspace else None,
    }
    return {path: data for path, data in files.items() if data is not None and data != read(path)}


def _loaded(read: Callable[[str], bytes], path: str, load: Callable[[bytes, str], Any]) -> dict[str, Any]:
    """Return a file's document, empty if there is none; whoever reads it for itself says what is wrong with it."""
    try:
        document = load(read(path), path)
    except (KeyError, UsageError):
        return {}
    return document if isinstance(document, dict) else {}


def _cut_json(document: dict[str, Any], read: Callable[[str], bytes], dropped: frozenset[str]) -> bytes | None:
    text = read(MANIFEST_FILE).decode()
    layout = next((way for way in _layouts(text) if _written(document, *way) == text), None)
    if layout is None:
        return None
    for place in _OVERRIDES:
        entries = _at(document, place)
        for name in dropped & entries.keys():
            del entries[name]
    return _written(document, *layout).encode()


def _layouts(text: str) -> Iterator[tuple[int | str, str]]:
    ending = "\n" if text.endswith("\n") else ""
    yield from ((indent, ending) for indent in (2, 4, "\t"))


def _written(document: Any, indent: int | str, ending: str) -> str:
    return json.dumps(document, indent=indent, ensure_ascii=False) + ending


def _cut_yaml(
    document: dict[str, Any], read: Callable[[str], bytes], dropped: frozenset[str], used: set[tuple[str, str]]
) -> bytes | None:
    overrides = (("overrides", name) for name in dropped & _at(document, ("overrides",)).keys())
    kept = _apart(document)
    for place in [*_unused_catalogs(document, used), *overrides]:
        _delete(kept, place)
    after = "".join(_kept_lines(read(WORKSPACE_FILE).decode(), kept)).encode()
    try:
        return after if load_yaml(after, WORKSPACE_FILE) == kept else None
    except UsageError:  # an alias whose anchor stood in a line that is gone
        return None


def _apart(value: Any) -> Any:
    """Return a copy in which nothing is held twice, as what aliases of YAML stand for is."""
    return {key: _apart(item) for key, item in value.items()} if isinstance(value, dict) else value


def _used_catalogs(part: Lockfile, overrides: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Return (catalog, name) of every entry that an importer of the slice names, or an override that is kept."""
    named = [
        (name, locked.specifier) for importer in part.importers.values() for name, locked in importer.all().items()
    ]
    named += [(target(selector), str(value)) for selector, value in overrides.items()]
    return {(value.removeprefix(_CATALOG) or _DEFAULT, name) for name, value in named if value.startswith(_CATALOG)}


def _unused_catalogs(document: Mapping[str, Any], used: set[tuple[str, str]]) -> Iterator[Place]:
    for place in (("catalog",), *(("catalogs", name) for name in _at(document, ("catalogs",)))):
        catalog = place[1] if len(place) > 1 else _DEFAULT
        entries = _at(document, place)
        yield from ((*place, name) for name in entries if (catalog, name) not in used)


def _at(document: Mapping[str, Any], place: Iterable[str]) -> dict[str, Any]:
    found: Any = document
    for key in place:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def _delete(document: dict[str, Any], place: Place) -> None:
    """Delete an entry, and what is empty without it."""
    holder = _at(document, place[:-1])
    del holder[place[-1]]
    if not holder and len(place) > 1:
        _delete(document, place[:-1])


def _kept_lines(text: str, kept: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines without the entries that `kept` has no more. What a line means is checked by whoever calls."""
    keys: list[tuple[int, str]] = []
    gone: int | None = None
    for line in text.splitlines(keepends=True):
        indent = len(line) - len(line.lstrip(" "))
        if gone is not None and line.strip() and indent > gone:
            continue
        key = _KEY.match(line)
        if key:
            keys = [*(each for each in keys if each[0] < indent), (indent, key[2] or key[3] or key[4])]
            gone = None if _has(kept, [name for _, name in keys]) else indent
        elif line.strip():
            gone = None
        if gone is None or not key:
            yield line


def _has(document: Mapping[str, Any], place: Sequence[str]) -> bool:
    return place[0] not in _CUT or place[-1] in _at(document, place[:-1])
