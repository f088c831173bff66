"""Environment files outside of a package that its build loads: where they are missing, nothing says so."""

import posixpath
import re
from collections.abc import Iterator

from alecia_pipeline.audit.dockerfile.builds import Build
from alecia_pipeline.audit.inputs.build_files import variables
from alecia_pipeline.audit.inputs.joined import joined_paths
from alecia_pipeline.audit.inputs.sent import Sent
from alecia_pipeline.audit.sources.lines import Lines
from alecia_pipeline.source.dockerfile import stages_needed
from alecia_pipeline.source.tree import Tree

_FILE = re.compile(r"\.env[\w.-]*")
_IN_FOLDER = (".env", ".env.production", ".env.local", ".env.production.local")
"""What vite and Next.js load of a folder while they build."""

_LOADED = re.compile(
    r"(?:(?<![\w-])(?:dotenv|dotenvx|env-cmd)\s[^|&;]*?(?<!\S)(?:-e|-f|--file|--env)[= ]\s*|--env-file[= ]\s*)"
    r"[\"']?([^\s\"']*\.env[\w.-]*)"
)
_LOADED_UNNAMED = re.compile(r"(?<![\w-])dotenvx?(?:\s+(?:run|-c|-o|--overload))*\s+--\s")
_GIVEN = rb"(?:[\"'`](\.\.(?:/[^\"'`$\n]*)?)[\"'`]|(?=[\w.]+\())"
_FILE_GIVEN = re.compile(rb"(?<![\w$])(?:config\(\s*\{\s*path:|loadEnvFile\()\s*" + _GIVEN)
_FOLDER_GIVEN = re.compile(rb"(?<![\w$])(?:envDir:|loadEnvConfig\(|loadEnv\(\s*[\w.$]+\s*,)\s*" + _GIVEN)
_EXAMPLE = re.compile(r"\.env[\w.-]*(?:example|sample|template|dist)[\w.-]*")
_SET = re.compile(rb"^[\s#]*(?:export\s+)?([A-Z][A-Z0-9_]*)\s*=", re.MULTILINE)
_PUBLIC = ("NEXT_PUBLIC_", "VITE_", "NUXT_PUBLIC_", "PUBLIC_", "REACT_APP_")
_OF_EVERY_IMAGE = frozenset({"NODE_ENV", "PORT", "HOSTNAME", "PATH", "CI", "TZ"})
_MADE = re.compile(r"\.env(?:\.[\w-]+)*(?=[\s\"',;]|$)")


def in_script(text: str, folder: str) -> Iterator[str]:
    """Yield the environment files that a script of a package loads from elsewhere, from the repository's root."""
    for written in _LOADED.findall(text):
        yield from _outside(posixpath.join(folder, written), folder)
    if _LOADED_UNNAMED.search(text):
        yield from _outside(posixpath.join(folder, ".env"), folder)


def in_code(tree: Tree, path: str, package: str) -> Iterator[tuple[int, str]]:
    """Yield (line, path) of the environment files that settings load from outside of their package."""
    data = tree.read(path)
    lines = Lines(data)
    joined = {each.offset: each.path for each in joined_paths(data, path, package) if not each.open}
    for pattern in (_FILE_GIVEN, _FOLDER_GIVEN):
        for match in pattern.finditer(data):
            written = (
                posixpath.join(package, match[1].decode(errors="replace")) if match[1] else joined.get(match.end())
            )
            if written is not None:
                names = _of_folder(tree, written) if pattern is _FOLDER_GIVEN else [written]
                yield from ((lines.at(match.start()), found) for name in names for found in _outside(name, package))


def _of_folder(tree: Tree, folder: str) -> list[str]:
    """Return the environment files of a folder that are committed: they are looked for, and need not be there."""
    usual = (posixpath.normpath(posixpath.join(folder, name)) for name in _IN_FOLDER)
    return [name for name in usual if name in tree.entries]


def _outside(path: str, folder: str) -> Iterator[str]:
    path = posixpath.normpath(path)
    within = folder != "." and path.startswith(f"{folder}/")
    if _FILE.fullmatch(posixpath.basename(path)) and not within and not path.startswith(("..", "/")):
        yield path


def is_missing(sent: Sent, path: str) -> bool:
    """Tell whether the context lacks an environment file that the Dockerfile does not make, mount or copy.

    One that an ignore file leaves out is not: then no build has ever had it.
    """
    build = sent.build
    if build.ignore.ignored(path):
        return False
    if path in sent.snapshot.tree.entries:
        return bool(sent.lacking(path))
    return not _is_made(build) and not _is_handed_over(sent, posixpath.dirname(path))


def _is_made(build: Build) -> bool:
    stages = stages_needed(build.dockerfile, build.app.target, build.app.config.build_args)
    return any(_MADE.search(f"{each.text} {each.script}") for stage in stages for each in stage.instructions)


def _is_handed_over(sent: Sent, folder: str) -> bool:
    """Tell whether the Dockerfile sets one of the variables that such a file has: then somebody thought of it."""
    tree = sent.snapshot.tree
    here = (path for path in tree.entries if posixpath.dirname(path) == folder)
    examples = [path for path in here if _EXAMPLE.fullmatch(posixpath.basename(path))]
    named = {name.decode() for path in examples for name in _SET.findall(tree.read(path))} - _OF_EVERY_IMAGE
    return any(name in named or name.startswith(_PUBLIC) for name in variables(sent.build))
