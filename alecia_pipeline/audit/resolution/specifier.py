"""What an import specifier means before any file is looked at: a path, a Node builtin, a package, or none of these."""

import re
from dataclasses import dataclass
from typing import Literal

SpecifierKind = Literal["relative", "builtin", "package", "imports", "other"]

BUILTINS = frozenset({
    "assert", "async_hooks", "buffer", "child_process", "cluster", "console", "constants", "crypto", "dgram",
    "diagnostics_channel", "dns", "domain", "events", "fs", "http", "http2", "https", "inspector", "module", "net",
    "os", "path", "perf_hooks", "process", "punycode", "querystring", "readline", "repl", "stream",
    "string_decoder", "sys", "test", "timers", "tls", "trace_events", "tty", "url", "util", "v8", "vm", "wasi",
    "worker_threads", "zlib", "bun",
})  # fmt: skip

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_PACKAGE = re.compile(r"(@[a-z0-9~-][\w.~-]*/[a-z0-9~_-][\w.~-]*|[a-z0-9_][\w.-]*)(/.*)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Specifier:
    """A specifier cut up: `name` is the package's name, `path` what is to be resolved (without `?query`)."""

    kind: SpecifierKind
    path: str
    name: str | None = None


def parse_specifier(text: str) -> Specifier:
    """Classify one specifier. Loader prefixes (`x!y`), queries and URL schemes are understood."""
    path = text.rpartition("!")[2]
    path = path if path.startswith("#") else re.split(r"[?#]", path, maxsplit=1)[0]
    if path in {".", ".."} or path.startswith(("./", "../")):
        return Specifier("relative", path)
    if path.startswith("#"):
        return Specifier("imports", path)
    if path.startswith("node:") or path.partition("/")[0] in BUILTINS:
        return Specifier("builtin", path)
    match = _PACKAGE.fullmatch(path)
    if match is None or _SCHEME.match(path):
        return Specifier("other", path)
    return Specifier("package", path, match[1])


TYPES_ONLY = frozenset({
    "aws-lambda", "chrome", "estree", "estree-jsx", "geojson", "google.maps", "har-format", "hast", "json-schema",
    "mdast", "mdx", "nlcst", "trusted-types", "unist", "xast",
})  # fmt: skip
"""Names that exist as `@types/x` alone or are imported for types alone; TypeScript drops such imports by itself."""


def types_package(name: str) -> str:
    """Return the package that holds the types of `name` when it brings none: `@types/x`, `@types/scope__x`."""
    return "@types/" + name.removeprefix("@").replace("/", "__")
