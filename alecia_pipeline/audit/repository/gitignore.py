"""Which paths git ignores: what is missing there was made by a build, not forgotten."""

import posixpath
import re
from dataclasses import dataclass, field
from functools import lru_cache

from alecia_pipeline.source.tree import Tree
from alecia_pipeline.source.wildcards import STAR, joined

IGNORE_FILE = ".gitignore"

_DEEP = "(?:.*/)?"
_NEVER = re.compile(r"(?!)")


@dataclass(frozen=True)
class GitIgnore:
    """The .gitignore files of a commit, read when a path below them is asked for."""

    tree: Tree
    _patterns: dict[str, tuple[tuple[re.Pattern[str], bool, bool], ...]] = field(default_factory=dict, repr=False)
    _folders: dict[str, bool] = field(default_factory=dict, repr=False)

    def ignored(self, path: str) -> bool:
        """Tell whether git would leave out this file, or a folder above it."""
        parts = path.split("/")
        folders = ("/".join(parts[:end]) for end in range(1, len(parts)))
        return any(map(self._ignored_folder, folders)) or self._ignored(path, folder=False)

    def _ignored_folder(self, folder: str) -> bool:
        if folder not in self._folders:
            self._folders[folder] = self._ignored(folder, folder=True)
        return self._folders[folder]

    def _ignored(self, path: str, *, folder: bool) -> bool:
        verdict = False
        for base in self._bases(path):
            inner = path[len(base) :].lstrip("/")
            for pattern, exception, only_folders in self._read(base):
                if (folder or not only_folders) and pattern.fullmatch(inner):
                    verdict = not exception
        return verdict

    def _bases(self, path: str) -> list[str]:
        bases = []
        while path:
            path = posixpath.dirname(path)
            bases.append(path)
        return bases[::-1]

    def _read(self, base: str) -> tuple[tuple[re.Pattern[str], bool, bool], ...]:
        if base not in self._patterns:
            path = posixpath.join(base, IGNORE_FILE)
            text = self.tree.read(path).decode(errors="replace") if path in self.tree.entries else ""
            lines = (line.rstrip() for line in text.splitlines())
            self._patterns[base] = tuple(_pattern(line) for line in lines if line.strip("!/") and line[0] != "#")
        return self._patterns[base]


@lru_cache(maxsize=4096)
def _pattern(line: str) -> tuple[re.Pattern[str], bool, bool]:
    """Return the regular expression of one line, whether it is an exception, and whether it means folders only."""
    text = line.removeprefix("!").removeprefix("\\")
    anchored = "/" in text.rstrip("/")
    body = text.strip("/")
    tokens = re.findall(r"\*\*/|/\*\*$|\*|\?|\[[^\]]+\]|.", body)
    pieces = [*([] if anchored else [_DEEP]), *map(_token, tokens)]
    try:
        compiled = re.compile(joined(pieces, _DEEP, "(?:.*?/)??"))
    except re.error:
        compiled = _NEVER  # git takes a range such as [z-a], and nothing matches
    return compiled, line.startswith("!"), text.endswith("/")


def _token(token: str) -> str:
    fixed = {"**/": _DEEP, "/**": "/.*", "*": STAR, "?": "[^/]"}
    if token in fixed:
        return fixed[token]
    if token[0] == "[" and len(token) > 1:
        return "[" + token[1:-1].replace("!", "^", 1).replace("\\", "\\\\") + "]"
    return re.escape(token)
