"""JSON with comments and trailing commas, as TypeScript's `tsconfig.json` is written."""

import re
from typing import Any

from alecia_pipeline.source.documents import load_json
from alecia_pipeline.source.text import decode

_COMMENT = re.compile(r'"(?:[^"\\\n]|\\.)*"|//[^\n]*|/\*.*?(?:\*/|\Z)', re.DOTALL)
_COMMA = re.compile(r'"(?:[^"\\\n]|\\.)*"|,(?=\s*[}\]])')


def parse_jsonc(data: bytes, path: str) -> Any:
    """Parse JSON with comments. An empty file is an empty object, as TypeScript has it. Raises UsageError."""
    plain = _COMMA.sub(_blank, _COMMENT.sub(_blank, decode(data, path)))
    return load_json(plain.encode(), path) if plain.strip() else {}


def _blank(token: re.Match[str]) -> str:
    """Keep strings; replace the rest by spaces and its line ends, so that an error names the right line."""
    return token[0] if token[0].startswith('"') else re.sub(r"[^\n]", " ", token[0])
