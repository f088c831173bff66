"""What MDX, Vue, Svelte and Astro files import: their scripts and styles, cut out with all line numbers kept."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from alecia_pipeline.audit.sources.code import read_code
from alecia_pipeline.audit.sources.imports import Import, Imports, in_order
from alecia_pipeline.audit.sources.lines import Lines
from alecia_pipeline.audit.sources.styles import read_styles

EXTENSIONS = (".vue", ".svelte", ".astro", ".mdx")

_OPEN = re.compile(rb"<(script|style)\b((?:\"[^\"]{0,500}\"|'[^']{0,500}'|[^<>\"']){0,200})>", re.IGNORECASE)
_CLOSE = {name: re.compile(rb"</" + name + rb"\s*>", re.IGNORECASE) for name in (b"script", b"style")}
_COMMENT = re.compile(rb"<!--.*?(?:-->|\Z)", re.DOTALL)
_LANGUAGE = re.compile(rb"\blang\s*=\s*[\"']?(\w+)", re.IGNORECASE)
_SOURCE = re.compile(rb"\bsrc\s*=\s*[\"'](\.[^\"']*)[\"']", re.IGNORECASE)
_FRONTMATTER = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*---[ \t]*\r?\n(.*?)^---", re.DOTALL | re.MULTILINE)
_FENCE = re.compile(rb"^[ \t]*(`{3,}+|~{3,}+)[^\n]*\n.*?(?:^[ \t]*\1[`~]*[ \t]*\r?$|\Z)", re.DOTALL | re.MULTILINE)
_MODULE_LINES = re.compile(rb"(?:\A|^[ \t\r]*\n)(?:import|export)\b.*?(?=\n[ \t\r]*\n|\Z)", re.DOTALL | re.MULTILINE)
"""Paragraphs that begin with either word: a line inside of one that does not is text, or code shown as such."""


def read_markup(data: bytes, extension: str) -> Imports:
    """Return the imports of a file's scripts and styles."""
    return _mdx(data) if extension == ".mdx" else _component(data, astro=extension == ".astro")


def _mdx(data: bytes) -> Imports:
    """Read the paragraphs that begin with `import` or `export`; code between fences is text, so is frontmatter."""
    plain = _blank(_blank(data, _FENCE.finditer(data)), _FRONTMATTER.finditer(data))
    return read_code(_keep(plain, (match.span() for match in _MODULE_LINES.finditer(plain))), ".tsx")


@dataclass(frozen=True, slots=True)
class _Block:
    """One `<script>` or `<style>`: where its text stands, and where it begins."""

    name: bytes
    attributes: bytes
    start: int
    span: tuple[int, int]

    @property
    def language(self) -> str:
        match = _LANGUAGE.search(self.attributes)
        return match[1].decode().lower() if match else ""


def _blocks(data: bytes, at: int) -> Iterator[_Block]:
    """Yield the blocks from an offset on, in order; one that is not closed ends the file."""
    while opened := _OPEN.search(data, at):
        name = opened[1].lower()
        closed = _CLOSE[name].search(data, opened.end())
        end = closed.start() if closed else len(data)
        yield _Block(name, opened[2], opened.start(), (opened.end(), end))
        at = closed.end() if closed else len(data)


def _component(data: bytes, *, astro: bool) -> Imports:
    front = _FRONTMATTER.match(data) if astro else None
    blocks = list(_blocks(_hide_comments(data), front.end() if front else 0))
    scripts = [block for block in blocks if block.name == b"script"]
    spans = [block.span for block in scripts] + ([front.span(1)] if front else [])
    typed = astro or any(block.language == "ts" for block in scripts)
    code = read_code(_keep(data, spans), ".ts" if typed else ".tsx")
    found = [*code.found, *_sources(data, blocks)]
    styles = [block for block in blocks if block.name == b"style"]
    for language in sorted({block.language for block in styles}):
        text = _keep(data, [block.span for block in styles if block.language == language])
        found += read_styles(text, f".{language or 'css'}").found
    return Imports(in_order(found), code.ambient)


def _hide_comments(data: bytes) -> bytes:
    """Return bytes of the same length in which HTML comments hold nothing."""
    return _COMMENT.sub(lambda match: b" " * len(match[0]), data)


def _sources(data: bytes, blocks: Iterable[_Block]) -> Iterator[Import]:
    """Yield the files that blocks name in place of their text."""
    lines = Lines(data)
    for block in blocks:
        if match := _SOURCE.search(block.attributes):
            yield Import(match[1].decode(errors="replace"), lines.at(block.start), "import")


def _blank(data: bytes, matches: Iterable[re.Match[bytes]]) -> bytes:
    """Return the bytes with these parts as empty lines."""
    parts, at = [], 0
    for match in matches:
        parts += [data[at : match.start()], b"\n" * match[0].count(b"\n")]
        at = match.end()
    return b"".join([*parts, data[at:]])


def _keep(data: bytes, spans: Iterable[tuple[int, int]]) -> bytes:
    """Return only these parts of the bytes, on the lines where they stand."""
    parts, at = [], 0
    for start, end in sorted(spans):
        parts += [b"\n" * data.count(b"\n", at, start), data[start:end]]
        at = end
    return b"".join([*parts, b"\n"])
