"""What CSS, SCSS, Sass, Less and PostCSS files import, by pattern: their imports need no syntax tree."""

import re
from collections.abc import Iterator

from alecia_pipeline.audit.sources.imports import Import, Imports, in_order
from alecia_pipeline.audit.sources.lines import Lines

PLAIN_EXTENSIONS = (".css", ".pcss", ".postcss")
"""Here `//` starts no comment (it stands in URLs), and a file is imported by its whole name."""

EXTENSIONS = (*PLAIN_EXTENSIONS, ".scss", ".sass", ".less")

_BLOCK = re.compile(rb"/\*.*?(?:\*/|\Z)", re.DOTALL)
_BLOCK_OR_LINE = re.compile(rb"/\*.*?(?:\*/|\Z)|(?<![:\w])//[^\n]*", re.DOTALL)

_AT = re.compile(rb"@(import|use|forward|plugin|config|reference)\b([^;{}\n]*(?:,\s*\n[^;{}\n]*)*)")
_STRING = re.compile(rb"\"([^\"\n]*)\"|'([^'\n]*)'|url\(\s*([^\"'()\s]+)\s*\)")
_CONDITION = re.compile(rb"\b(?!url\()[\w-]+\s*\(")
"""`layer(…)`, `supports(…)`, `source(…)`, `with (…)`: what stands in them is not imported."""

_URL = re.compile(rb"\burl\(\s*[\"']?(\.[^\"'()\s]*)[\"']?\s*\)")
_FROM = re.compile(rb"\bcomposes\s*:[^;{}\n]{0,300}\bfrom\s+[\"'](\.[^\"'\n]*)[\"']")
_MARK = re.compile(rb"^(?:~|pkg:)")
_ELSEWHERE = re.compile(rb"[a-z][a-z0-9+.-]*:|/|#|$", re.IGNORECASE)
"""Not a file beside this one: another scheme (`sass:math`, `data:`), another host, a path from the site's root."""


def read_styles(data: bytes, extension: str) -> Imports:
    """Return the imports of a style sheet. `~x` is webpack's way to write the package `x`, `pkg:x` that of Sass."""
    comment = _BLOCK if extension in PLAIN_EXTENSIONS else _BLOCK_OR_LINE
    plain = comment.sub(lambda match: re.sub(rb"[^\n]", b" ", match[0]), data)
    lines = Lines(plain)
    return Imports(in_order([*_rules(plain, lines), *_files(plain, lines)]))


def _rules(data: bytes, lines: Lines) -> Iterator[Import]:
    for match in _AT.finditer(data):
        for text in _strings(match):
            name = _MARK.sub(b"", text)
            if not _ELSEWHERE.match(name):
                yield Import(name.decode(errors="replace"), lines.at(match.start()), "style")


def _strings(match: re.Match[bytes]) -> list[bytes]:
    """Return what one rule names: of `@import`, every string in its list; of others, the first."""
    strings = [b"".join(groups) for groups in _STRING.findall(_CONDITION.split(match[2])[0])]
    return strings if match[1] == b"import" else strings[:1]


def _files(data: bytes, lines: Lines) -> Iterator[Import]:
    """Yield files that `url()` and `composes` name. Which of them a build opens depends on the bundler: optional."""
    for pattern in (_URL, _FROM):
        for match in pattern.finditer(data):
            yield Import(match[1].decode(errors="replace"), lines.at(match.start()), "style", optional=True)
