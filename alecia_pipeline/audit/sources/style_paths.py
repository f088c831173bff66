"""Which file or package an import of a style sheet means: a file beside it first, as the preprocessors have it."""

import posixpath
from collections.abc import Collection, Iterator

from alecia_pipeline.audit.sources.imports import Import
from alecia_pipeline.audit.sources.naming import package_of
from alecia_pipeline.audit.sources.styles import EXTENSIONS, PLAIN_EXTENSIONS


def locate(path: str, item: Import, files: Collection[str], declared: Collection[str]) -> Import:
    """Return a style import as a resolver of modules may take it: a file by its exact relative path, or a package.

    What is neither a file nor declared may come from a load path of the preprocessor: it is made optional, except in
    plain CSS, which has none.
    """
    folder = posixpath.dirname(path)
    found = next((candidate for candidate in _candidates(folder, item.specifier) if candidate in files), None)
    if found:
        specifier = "./" + posixpath.relpath(found, folder or ".")
        return Import(specifier, item.line, item.kind, optional=item.optional)
    if item.optional or package_of(item.specifier) in declared or _is_certain(path, item.specifier):
        return item
    return Import(item.specifier, item.line, item.kind, optional=True)


def _candidates(folder: str, specifier: str) -> Iterator[str]:
    """Yield the files that may be meant: as written, with an ending, as a partial (`_x.scss`), as an index."""
    path = posixpath.normpath(posixpath.join(folder, specifier))
    parent, name = posixpath.split(path)
    yield path
    for extension in EXTENSIONS:
        yield path + extension
        yield posixpath.join(parent, f"_{name}{extension}")
        yield posixpath.join(path, f"_index{extension}")
        yield posixpath.join(path, f"index{extension}")
    yield posixpath.join(parent, f"_{name}")


def _is_certain(path: str, specifier: str) -> bool:
    """Tell whether plain CSS names a file by `./`, or a package by a name that no file beside it would have."""
    if not path.endswith(PLAIN_EXTENSIONS):
        return False
    return specifier.startswith((".", "@")) or not ("/" in specifier or "." in specifier)
