"""A lockfile read block by block: of two that follow each other, all but a few blocks are the same text.

A pnpm-lock.yaml of 31,000 lines takes 130 ms to parse; the next commit's takes as long as its new blocks. What does not
look as pnpm writes it is parsed as a whole, so the values are those of `load_yaml`, always.
"""

import json
import re
from collections.abc import Iterable
from typing import Any

from alecia_pipeline.errors import UsageError
from alecia_pipeline.source.text import decode
from alecia_pipeline.source.yaml_document import load_yaml

BLOCKS_KEPT = 200_000
"""The largest lockfile of the benchmarks has 13,000."""

_SECTION = re.compile(r"(importers|packages|snapshots):\n\n(?=  \S)")
_UNUSUAL = ("\n---", "\n%", "\n#", "\n...", "\r", "\t", "<<:")
"""Documents, directives, comments, merge keys: as texts they are found in a tenth of the time of one pattern."""

_ANCHORS = {sign: re.compile(rf"\{sign}(?<=[\s\[{{,:].)[^\s&*]") for sign in "&*"}
_TOP = re.compile(r"\n(?=\S)")
_BLOCK = re.compile(r"\n\n(?=  \S)")
_KEY = re.compile(r"  (?:'([^'\n]+)'|([^\s'\"][^\n]*?)):(?: |$)", re.MULTILINE)


class LockBlocks:
    """Remembers the values of blocks by their text. The values are shared: nobody may change them."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, Any]] = {}

    def load(self, data: bytes, path: str) -> Any:
        """Parse a lockfile to what `load_yaml` returns. Raises UsageError with path and line."""
        text = decode(data, path)
        document = None if _unusual(text) else self._assembled(_chunks(text), path)
        return load_yaml(data, path) if document is None else document

    def notes(self, data: bytes, path: str) -> bytes:
        """Return what is known of a loaded lockfile, for another process to learn; empty for an unusual one."""
        try:
            return json.dumps([self._known[block] for block in _blocks(decode(data, path))]).encode()
        except KeyError:
            return b""

    def learn(self, data: bytes, path: str, notes: bytes) -> None:
        """Learn the blocks of a lockfile from the notes that somebody made of the same bytes."""
        blocks = _blocks(decode(data, path)) if notes else []
        values = json.loads(notes) if notes else []
        if len(blocks) == len(values):
            self._known.update((block, (key, value)) for block, (key, value) in zip(blocks, values, strict=True))

    def _assembled(self, chunks: Iterable[str], path: str) -> dict[str, Any] | None:
        """Return the document of its top-level chunks in order, or None when a chunk is not as it seems."""
        sections: dict[str, list[str]] = {}
        others: list[str] = []
        names: list[str] = []
        for chunk in filter(None, chunks):
            head = _SECTION.match(chunk)
            names.append(chunk.partition(":")[0])
            if head:
                sections[head[1]] = _split(chunk, head)
            else:
                others.append(chunk)
        found = self._parsed("".join(others), path)
        if found is None or not all(self._learn(blocks, path) for blocks in sections.values()):
            return None
        for name, blocks in sections.items():
            found[name] = dict(self._known[block] for block in blocks)
        once = all(len(found[name]) == len(blocks) for name, blocks in sections.items())
        return {name: found[name] for name in names} if once and names and sorted(names) == sorted(found) else None

    def _learn(self, blocks: Iterable[str], path: str) -> bool:
        """Parse the blocks that are new, all at once; tell whether each is one entry, with the key it begins with."""
        fresh = list(dict.fromkeys(block for block in blocks if block not in self._known))
        if not fresh:
            return True
        if len(self._known) >= BLOCKS_KEPT:
            self._known.clear()
            return False
        heads = [_KEY.match(block) for block in fresh]
        keys = [head[1] or head[2] for head in heads if head]
        values = self._parsed("\n\n".join(fresh) + "\n", path)
        if values is None or list(values) != keys or len(keys) != len(fresh):
            return False
        self._known.update(zip(fresh, values.items(), strict=True))
        return True

    def _parsed(self, text: str, path: str) -> dict[str, Any] | None:
        try:
            value = load_yaml(text.encode(), path)
        except UsageError:  # reading it as a whole says where
            return None
        return value if isinstance(value, dict) else {} if value is None else None


def _unusual(text: str) -> bool:
    lines = f"\n{text}"
    return any(sign in lines for sign in _UNUSUAL) or any(
        sign in lines and pattern.search(lines) for sign, pattern in _ANCHORS.items()
    )


def _chunks(text: str) -> list[str]:
    """Return the top-level entries, each with the lines below it."""
    *firsts, last = _TOP.split(text)
    return [*(f"{chunk}\n" for chunk in firsts), last]


def _blocks(text: str) -> list[str]:
    """Return the blocks of all sections, in order."""
    chunks = ((chunk, _SECTION.match(chunk)) for chunk in _chunks(text))
    return [block for chunk, head in chunks if head for block in _split(chunk, head)]


def _split(chunk: str, head: re.Match[str]) -> list[str]:
    return _BLOCK.split(chunk[head.end() :].rstrip("\n"))
