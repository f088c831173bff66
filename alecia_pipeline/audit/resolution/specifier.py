"""What an import specifier means before any file is looked at: a path, a Node builtin, a package, or none of these."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

SpecifierKind = Literal["relative", "builtin", "package", "imports", "other"]

BUILTINS = frozenset({
    "assert", "assert/strict", "async_hooks", "buffer", "child_process", "cluster", "console", "constants", "crypto",
    "dgram", "diagnostics_channel", "dns", "dns/promises", "domain", "events", "fs", "fs/promises", "http", "http2",
    "https", "inspector", "inspector/promises", "module", "net", "os", "path", "path/posix", "path/win32",
    "perf_hooks", "process", "punycode", "querystring", "readline", "readline/promises", "repl", "stream",
    "stream/consumers", "stream/promises", "stream/web", "string_decoder", "sys", "timers", "timers/promises", "tls",
    "trace_events", "tty", "url", "util", "util/types", "v8", "vm", "wasi", "worker_threads", "zlib", "bun",
})  # fmt: skip
"""Modules that the runtime has, as they may be written without `node:`. `test` and `sqlite` need it: bare, these are
packages; so are `punycode/` and `process/browser`, which is how a package that shares a builtin's name is meant."""

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_PACKAGE = re.compile(r"(@[a-z0-9-][\w.~-]*/[a-z0-9~_-][\w.~-]*|[a-z0-9][\w.-]*)(/.*)?", re.IGNORECASE)
"""A registry takes no name that starts with `_` or `.`, and no scope with `~`: those are aliases or virtual."""


@dataclass(frozen=True, slots=True)
class Specifier:
    """A specifier cut up: `name` is the package's name, `path` what is to be resolved (without `?query`)."""

    kind: SpecifierKind
    path: str
    name: str | None = None

    @property
    def subpath(self) -> str:
        """What follows the package's name, as `exports` writes it: `.`, `./a/b`."""
        inner = self.path[len(self.name or "") :].strip("/")
        return f"./{inner}" if inner else "."


@lru_cache(maxsize=65536)
def parse_specifier(text: str) -> Specifier:
    """Classify one specifier. Loader prefixes (`x!y`), queries and URL schemes are understood."""
    path = text.rpartition("!")[2].removeprefix("node_modules/")
    path = path if path.startswith("#") else re.split(r"[?#]", path, maxsplit=1)[0]
    if path in {".", ".."} or path.startswith(("./", "../")):
        return Specifier("relative", path)
    if path.startswith("#"):
        return Specifier("imports", path)
    if path.startswith("node:") or path in BUILTINS:
        return Specifier("builtin", path)
    match = _PACKAGE.fullmatch(path)
    if match is None or _SCHEME.match(path):
        return Specifier("other", path)
    return Specifier("package", path, match[1])


def types_package(name: str) -> str:
    """Return the package that holds the types of `name` when it brings none: `@types/x`, `@types/scope__x`."""
    return "@types/" + name.removeprefix("@").replace("/", "__")
