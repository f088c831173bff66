"""Whether the packages that an app needs to run are in its image, as far as its files can tell.

The package is looked for where Node.js would look: `node_modules` beside the app's package.json and in the folders
above it, through the links of pnpm's virtual store. Nothing is said where nothing can be:

- no `node_modules` above the base: the code is bundled, or the base brings the packages;
- no package.json with the app's name: from where would they be resolved?
- a Next.js standalone server holds what Next.js traced, not what is declared: there `next` itself alone is asked for.
"""

import json
import posixpath
from collections.abc import Collection, Iterator, Mapping

from alecia_pipeline.images.checks.check import DEPENDENCIES, Check, not_judged
from alecia_pipeline.images.checks.layers import Contents
from alecia_pipeline.source.manifest import MANIFEST_FILE

_INSTALLED = "node_modules"
_NEXT = "next"
_STANDALONE = ".next/required-server-files.json"
_LINKS = 40
"""As many links as Linux follows."""

_FIX = (
    "copy what `pnpm deploy --prod` or `pnpm install --prod` made for this app, node_modules/.pnpm with it, into the "
    "last stage; or move what only a build needs to devDependencies"
)


def judge_dependencies(package: str, dependencies: Collection[str], contents: Contents) -> Check:
    """Return the verdict on an app: the name of its package, and the names that its `dependencies` hold."""
    if not any(_INSTALLED in path.split("/") for path in contents.files):
        return _unknown("no layer above the base has node_modules: the code is bundled, or the base has it")
    homes = [folder for folder, name in _packages(contents) if name == package]
    if not homes:
        return _unknown(f"it has node_modules, and no package.json named {package} to look from")
    traced = any(posixpath.join(home, _STANDALONE) in contents.files for home in homes)
    wanted = sorted({_NEXT}.intersection(dependencies) if traced else dependencies)
    missing = [name for name in wanted if not any(_resolves(home, name, contents.files) for home in homes)]
    where = f"/{homes[0]}"
    if missing:
        found = f"{', '.join(missing)} cannot be resolved from {where}, of {len(wanted)} dependencies"
        return Check(what=DEPENDENCIES, ok=False, severity="warning", found=found, fix=_FIX)
    found = f"{len(wanted)} of {len(wanted)} resolve from {where}"
    found += f"; Next.js traced the rest, of {len(dependencies)} in all" if traced else ""
    return Check(what=DEPENDENCIES, ok=True, severity="warning", found=found)


def _unknown(why: str) -> Check:
    return not_judged(DEPENDENCIES, why, severity="info")


def _packages(contents: Contents) -> Iterator[tuple[str, str]]:
    """Yield folder and name of every package that an image has outside of node_modules."""
    for path, data in sorted(contents.texts.items()):
        if posixpath.basename(path) == MANIFEST_FILE and path in contents.files:
            try:
                document = json.loads(data)
            except ValueError:  # no package's: a test's, a template's
                continue
            if isinstance(document, dict) and isinstance(document.get("name"), str):
                yield posixpath.dirname(path), document["name"]


def _resolves(folder: str, name: str, files: Mapping[str, str | None]) -> bool:
    """Tell whether Node.js would find a package from a folder: one there with a package.json."""
    while True:
        found = _real(posixpath.join(folder, _INSTALLED, name, MANIFEST_FILE), files)
        if found in files:
            return True
        if not folder:
            return False
        folder = posixpath.dirname(folder)


def _real(path: str, files: Mapping[str, str | None]) -> str:
    """Return a path with its links followed; a link that leads in a circle, or out of the image, leads nowhere."""
    for _ in range(_LINKS):
        link = next(filter(files.get, _upwards(path)), None)
        if link is None:
            return path
        target = posixpath.join("/", posixpath.dirname(link), str(files[link]), path[len(link) :].lstrip("/"))
        path = posixpath.normpath(target).lstrip("/")
    return ""


def _upwards(path: str) -> Iterator[str]:
    """Yield a path's folders and itself, the highest first: links are followed in that order."""
    parts = path.split("/")
    for length in range(1, len(parts) + 1):
        yield "/".join(parts[:length])
