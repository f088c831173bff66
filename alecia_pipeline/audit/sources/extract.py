"""What a file imports, by its kind: a pure function of bytes and kind, so that its results can be kept.

No code is run, and no input raises.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, Protocol

from alecia_pipeline.audit.sources import code, markup, styles
from alecia_pipeline.audit.sources.apart import is_apart
from alecia_pipeline.audit.sources.forms import is_document, split_kind
from alecia_pipeline.audit.sources.imports import Import, Imports, in_order
from alecia_pipeline.audit.sources.lines import Lines
from alecia_pipeline.audit.sources.loaded import LOADED, read_loaded
from alecia_pipeline.audit.sources.programs import words
from alecia_pipeline.audit.sources.settings import MAX_SETTINGS, pairs, settings
from alecia_pipeline.audit.sources.values import code_values, document_values
from alecia_pipeline.source.tree import Tree

MAX_CODE = 8_000_000
MAX_OTHER = 1_000_000
MAX_SETTINGS_CODE = 200_000
"""Bytes. What is larger is a bundle or data, not source written by hand; it is not read."""

_GENERATOR = re.compile(rb"^[ \t]*generator\s+\w+\s*\{([^}]*)\}", re.MULTILINE)
_PROVIDER = re.compile(rb"\bprovider\s*=\s*\"([\w@/. -]+)\"")
_CLIENTS = {"prisma-client-js": "@prisma/client", "prisma-client": "@prisma/client"}

_READERS: Mapping[str, Callable[[bytes, str], Imports]] = {
    **dict.fromkeys(code.EXTENSIONS, code.read_code),
    **dict.fromkeys(styles.EXTENSIONS, styles.read_styles),
    **dict.fromkeys(markup.EXTENSIONS, markup.read_markup),
}


class Extractor(Protocol):
    """Extracts many files at once; an implementation may remember results or use several processes."""

    def __call__(self, tree: Tree, kinds: Mapping[str, str]) -> Mapping[str, Imports]:
        """Return path → imports for path → kind; the same as `extract` of each file."""
        ...


def extract_all(tree: Tree, kinds: Mapping[str, str]) -> Mapping[str, Imports]:
    """Extract every file of a tree, one after the other."""
    return {path: extract(tree.read(path), kind) for path, kind in kinds.items()}


def extract(data: bytes, kind: str) -> Imports:
    """Return the imports of a file, read as its kind says (`forms.kind_of`). Never raises.

    `config` and `script` imports name what is written; which package of the workspace they concern is for `credit`.
    """
    tool, extension = split_kind(kind)
    if len(data) > (MAX_CODE if extension in code.EXTENSIONS else MAX_OTHER) or b"\0" in data[:8000]:
        return Imports()
    if tool == LOADED:
        return read_loaded(data, extension)
    own = Imports()
    if extension in _READERS:
        own = _READERS[extension](data, extension)
        own = own._replace(apart=is_apart(data, extension, own.found))
    extra = list(_extra(data, tool, extension))
    return own._replace(found=in_order([*own.found, *extra])) if extra else own


def _extra(data: bytes, tool: str, extension: str) -> Iterator[Import]:
    """Yield what a file names in strings, or starts."""
    if extension == ".prisma":
        yield from _prisma(data)
    elif tool == "husky":
        yield from _scripts(data.decode(errors="replace"), 1)
    elif tool and (is_document(extension) or len(data) <= MAX_SETTINGS_CODE):
        values = document_values(data, tool) if is_document(extension) else code_values(data, extension)
        yield from named(values, tool, data)


def named(values: tuple[Any, ...], tool: str, data: bytes) -> Iterator[Import]:
    """Yield what the settings of a tool name; `data` tells the lines."""
    lines = Lines(data)
    if tool == "lint-staged":
        for text in islice(_commands(values), MAX_SETTINGS):
            yield from _scripts(text, lines.of(text))
        return
    for setting in settings(values, tool):
        yield Import(setting.package, lines.of(setting.text), "config", optional=not setting.certain)


def _commands(values: tuple[Any, ...]) -> Iterator[str]:
    for _, value, _ in pairs(values):
        yield from (text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str))


def _scripts(text: str, line: int) -> Iterator[Import]:
    for word in sorted(words(text)):
        yield Import(word, line, "script", optional=True)


def _prisma(data: bytes) -> Iterator[Import]:
    """Yield the generators of a Prisma schema."""
    lines = Lines(data)
    for generator in _GENERATOR.finditer(data):
        if match := _PROVIDER.search(generator[1]):
            name = match[1].decode()
            line = lines.at(generator.start(1) + match.start())
            yield Import(_CLIENTS.get(name, name.split()[-1]), line, "config", optional=True)
