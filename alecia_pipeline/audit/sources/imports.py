"""What one file uses of other modules: the values that every reader of sources returns. Plain, small, picklable.

Named tuples: there are tens of thousands, and a frozen dataclass takes five times as long to make.
"""

from typing import Literal, NamedTuple

Kind = Literal["import", "require", "dynamic", "reference", "mock", "url", "glob", "style", "config", "script"]
"""How a module is named.

`import`, `require`, `dynamic` load it when the file runs: the edges of the import graph. `reference`: a comment
(`/// <reference types>`, the JSX pragma). `mock`: a test replaces or asks for it (`vi.mock`). `url`:
`new URL("x", import.meta.url)`, a relative file. `glob`: a pattern of `import.meta.glob`, not to be resolved. `style`:
from CSS and its dialects. `config`: a string of a tool's settings. `script`: a program that a command starts;
`specifier` is its package.
"""


class Import(NamedTuple):
    """One specifier as written, and its line (from 1). `type_only`: gone after compiling. `optional`: may fail.

    An optional one counts as a use and is never an error. A specifier that ends in `/` is a folder: the literal start
    of a template such as `import(`./locales/${name}.json`)`.
    """

    specifier: str
    line: int
    kind: Kind
    type_only: bool = False
    optional: bool = False


class Imports(NamedTuple):
    """Everything one file imports, in order of lines, and the modules it declares itself (`declare module "x"`).

    `apart`: it may name files by paths that no import shows.
    """

    found: tuple[Import, ...] = ()
    ambient: tuple[str, ...] = ()
    apart: bool = False


def in_order(found: list[Import]) -> tuple[Import, ...]:
    """Return imports by line, then by name, so that a report never depends on how they were found."""
    return tuple(sorted(found, key=lambda item: (item.line, item.specifier, item.kind, item.type_only, item.optional)))
