"""This program's own code as a key: what is remembered of an earlier run holds for the same code alone."""

import os
from collections.abc import Iterable, Iterator
from functools import cache
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path

_HOME = Path(__file__).parents[1]

_AUDIT = ("adapters.git", "audit", "config", "errors", "images", "operations.auditing", "source")
"""The modules that the report of an audit follows from; beside them, only the files of the tree."""

_LIBRARIES = ("pydantic", "pygit2", "pyyaml", "tree-sitter", "tree-sitter-typescript")


def audit_version() -> bytes:
    """Return a hash of all code that a report follows from."""
    return code_version(_AUDIT, _LIBRARIES)


@cache
def code_version(modules: tuple[str, ...], distributions: tuple[str, ...]) -> bytes:
    """Return a hash of modules and packages of this program, and of the installed versions of distributions.

    A version number alone would not do: who works on a rule would be shown the report of the rule before.
    """
    digest = blake2b(digest_size=16)
    for name in distributions:
        digest.update(f"{name} {version(name)}\n".encode())
    for path in _files(modules):
        data = path.read_bytes()
        digest.update(b"%s %d\n" % (os.fsencode(path.name), len(data)))
        digest.update(data)
    return digest.digest()


def _files(modules: Iterable[str]) -> Iterator[Path]:
    for module in modules:
        path = _HOME / module.replace(".", "/")
        yield from sorted(path.rglob("*.py")) if path.is_dir() else [path.with_suffix(".py")]
