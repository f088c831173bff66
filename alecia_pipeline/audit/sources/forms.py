"""What kind of source a path is: code, a style sheet, markup, or the settings of a known tool.

A kind is a text, the tool's name and the file's extension: `.tsx`, `.css`, `postcss.mjs`, `tsconfig.json`, `husky.sh`.
Together with a file's bytes it decides what is extracted; nothing else does, so both make the key of a cache.
"""

import posixpath
import re

from alecia_pipeline.audit.sources import code, markup, styles
from alecia_pipeline.audit.sources.settings import TOOLS

SOURCE_EXTENSIONS = (*code.EXTENSIONS, *styles.EXTENSIONS, *markup.EXTENSIONS)

_DOCUMENTS = (".json", ".json5", ".jsonc", ".yaml", ".yml")
_ALIASES = {
    "app": "expo", "jsconfig": "tsconfig", "lintstaged": "lint-staged", "rspack": "webpack", "tsdown": "tsup",
    "vitest": "vite",
}  # fmt: skip

_SETTINGS = re.compile(
    r"(?P<config>[\w-]+)\.(?:config|preset|workspace)(?:\.[\w-]+)*(?P<ending>\.(?:[cm]?[jt]sx?|json))"
    r"|\.(?P<rc>[\w-]+)rc(?P<rc_ending>\.(?:json5?|ya?ml|[cm]?[jt]s))?"
    r"|(?P<file>tsconfig|jsconfig|typedoc|biome|codegen|app)(?:\.[\w-]+)*(?P<file_ending>\.(?:jsonc?|ya?ml|ts))"
)
_PATHS = (
    (re.compile(r"(?:^|/)\.storybook/main\.[cm]?[jt]sx?$"), "storybook"),
    (re.compile(r"(?:^|/)\.changeset/config\.json$"), "changeset"),
    (re.compile(r"(?:^|/)\.husky/[^/.]+$"), "husky.sh"),
    (re.compile(r"\.prisma$"), ".prisma"),
)
_OF_PATHS = re.compile(r"\.(?:storybook|changeset|husky)/|\.prisma$")
"""What each of these has in it; most paths have not."""


def kind_of(path: str) -> str | None:
    """Return what to read a file as; None when it can name no module."""
    base = posixpath.basename(path)
    ending = posixpath.splitext(base)[1]
    for pattern, known in _PATHS if _OF_PATHS.search(path) else ():
        if pattern.search(path):
            return known if "." in known else known + ending
    match = _SETTINGS.fullmatch(base)
    tool = _tool(match) if match else None
    if match and tool:
        return tool + (match["ending"] or match["rc_ending"] or match["file_ending"] or ".yaml")
    return ending if ending in SOURCE_EXTENSIONS else None


def _tool(match: re.Match[str]) -> str | None:
    name: str = match["config"] or match["rc"] or match["file"]
    tool = _ALIASES.get(name, name)
    return tool if tool in TOOLS or tool == "lint-staged" else None


def split_kind(kind: str) -> tuple[str, str]:
    """Return the tool (empty for ordinary source) and the extension of a kind."""
    tool, dot, ending = kind.rpartition(".")
    return tool, dot + ending


def is_document(extension: str) -> bool:
    """Tell whether a file is JSON or YAML."""
    return extension in _DOCUMENTS
