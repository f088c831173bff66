"""The deployable apps of a commit: those of `alecia.yaml`, else every workspace package that a Dockerfile builds."""

import difflib
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from alecia_pipeline.config import CONFIG_FILE, AppConfig, Config, parse_config
from alecia_pipeline.errors import UsageError
from alecia_pipeline.source.dockerfile import Dockerfile, Stage, parse_dockerfile
from alecia_pipeline.source.tree import Tree
from alecia_pipeline.source.workspace import Package, Workspace

_DOCKERFILE = re.compile(r"Dockerfile(?:\.[\w-]+)?|[\w-]+\.[Dd]ockerfile")
_FILTER = re.compile(r"(?:--filter|--scope|-F|turbo prune)[= ]+[\"']?([^-\s\"'][^\s\"']*)")
_DOTS = re.compile(r"^\.\.\.\^?|\^?\.\.\.$|^\.(?=/)|[{}]")
_NOT_RELEASED = frozenset({"dev", "development", "local", "test", "e2e", "ci", "base"})
_BEST = ("Dockerfile", "Dockerfile.prod", "Dockerfile.production")


@dataclass(frozen=True)
class App:
    """One app: the workspace package `package` in folder `dir`, built by `dockerfile` up to stage `target`."""

    name: str
    package: str
    dir: str
    dockerfile: str
    target: str | None
    config: AppConfig


def commit_config(tree: Tree) -> Config:
    """Return the commit's `alecia.yaml`, or an empty configuration. Raises UsageError when it is not valid."""
    return parse_config(tree.read(CONFIG_FILE)) if CONFIG_FILE in tree.entries else Config()


def discover_apps(tree: Tree, workspace: Workspace, config: Config) -> tuple[App, ...]:
    """Return the apps by name. Raises UsageError when the configuration names what the commit does not have."""
    if config.apps:
        found = [_configured(tree, workspace, name, app) for name, app in config.apps.items()]
    else:
        found = list(_found(tree, workspace))
    return tuple(sorted(found, key=lambda app: app.name))


def _configured(tree: Tree, workspace: Workspace, name: str, app: AppConfig) -> App:
    package = _package(workspace, name, app)
    dockerfile = app.dockerfile or f"{package.dir}/Dockerfile"
    if dockerfile not in tree.entries:
        raise UsageError(
            f"app {name!r}: there is no {dockerfile}",
            where=f"{CONFIG_FILE}: apps.{name}.dockerfile",
            why="the commit does not have that file",
            fix="name the Dockerfile's path from the repository's root, and commit it",
        )
    return App(name, package.name, package.dir, dockerfile, app.target, app)


def _package(workspace: Workspace, name: str, app: AppConfig) -> Package:
    if app.package:
        found = workspace.by_name(app.package)
    elif app.dockerfile and workspace.owner(app.dockerfile) != workspace.root:
        found = workspace.owner(app.dockerfile)
    else:
        found = _named(workspace).get(name)
    if found:
        return found
    raise _no_package(workspace, name, app.package or name)


def _no_package(workspace: Workspace, name: str, wanted: str) -> UsageError:
    names = {package.name.rpartition("/")[2]: package.name for package in workspace.packages.values()}
    near = difflib.get_close_matches(wanted.rpartition("/")[2], names, n=1, cutoff=0.5)
    return UsageError(
        f"app {name!r}: there is no workspace package {wanted!r}",
        where=f"{CONFIG_FILE}: apps.{name}.package",
        why=f"did you mean {names[near[0]]!r}?" if near else f"none of the {len(names)} packages has that name",
        fix="name the package as its package.json does, with its scope",
    )


def _named(workspace: Workspace) -> Mapping[str, Package]:
    """Return the packages by the short name an app of theirs would have; of two, the first in path order wins."""
    packages = list(workspace.packages.values())
    by_folder = {posixpath.basename(package.dir): package for package in reversed(packages)}
    return {**by_folder, **{_short(package): package for package in reversed(packages)}}


def _short(package: Package) -> str:
    return re.sub(r"[^a-z0-9_-]+", "-", package.name.rpartition("/")[2].lower()).strip("-_") or "app"


def _found(tree: Tree, workspace: Workspace) -> Iterator[App]:
    taken: set[str] = set()
    for folder, (dockerfile, target) in sorted(_builders(tree, workspace).items()):
        package = workspace.packages[folder]
        name = _short(package)
        if name in taken:
            name = re.sub(r"[^a-z0-9_-]+", "-", folder.lower()).strip("-_")
        taken.add(name)
        yield App(name, package.name, folder, dockerfile, target, AppConfig())


def _builders(tree: Tree, workspace: Workspace) -> dict[str, tuple[str, str | None]]:
    """Return folder -> (Dockerfile, target); a Dockerfile in the package's folder wins over one that only names it."""
    own: dict[str, tuple[str, str | None]] = {}
    named: dict[str, tuple[str, str | None]] = {}
    for path in sorted(filter(_is_dockerfile, tree.entries), key=_rank):
        folder = workspace.owner(path).dir
        if folder == posixpath.dirname(path):
            own.setdefault(folder, (path, None))
        elif folder == ".":
            for builder, target in _built_by(_readable(tree, path), workspace):
                named.setdefault(builder.dir, (path, target))
    return {**named, **own}


def _readable(tree: Tree, path: str) -> Dockerfile | None:
    """Parse a Dockerfile that may be of no app at all; one that the builder refuses builds none."""
    try:
        return parse_dockerfile(tree.read(path), path)
    except UsageError:
        return None


def _is_dockerfile(path: str) -> bool:
    if "ockerfile" not in path:  # nearly every path of a monorepo
        return False
    name = posixpath.basename(path)
    return _DOCKERFILE.fullmatch(name) is not None and not name.endswith(".dockerignore")


def _rank(path: str) -> tuple[int, str]:
    """Order Dockerfiles by how likely they are the one that is released: `Dockerfile.web` of `web` before any other."""
    folder, name = posixpath.split(path)
    if name in _BEST:
        return _BEST.index(name), path
    words = re.split(r"[.-]", name.lower())
    if _NOT_RELEASED.intersection(words):
        return len(_BEST) + 2, path
    return len(_BEST) + (posixpath.basename(folder).lower() not in words), path


def _built_by(dockerfile: Dockerfile | None, workspace: Workspace) -> Iterator[tuple[Package, str | None]]:
    """Yield the packages that a Dockerfile outside of every package names: as a stage, or in a filter.

    A filter may also name a package that another one needs (`--filter db generate`): that one is no app.
    """
    if dockerfile is None:
        return
    stages = {stage.name for stage in dockerfile.stages}
    for short, package in _named(workspace).items():
        if short in stages:
            yield package, short
    filters = {word for stage in dockerfile.stages for word in _filters(stage)}
    named = {p.dir for p in workspace.packages.values() if {p.name, p.dir, f"/{p.dir}", f"./{p.dir}"} & filters}
    needed = {other for folder in named for other in workspace.closure(folder) if other != folder}
    for folder in sorted(named - needed):
        yield workspace.packages[folder], None


def _filters(stage: Stage) -> Iterator[str]:
    """Yield the names, or the folders with a leading slash, that RUN filters by."""
    for instruction in stage.instructions:
        if instruction.keyword == "RUN":
            yield from (_DOTS.sub("", word) for word in _FILTER.findall(instruction.script))
