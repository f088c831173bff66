"""The packages of a pnpm (or npm) workspace and how they depend on each other."""

import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from alecia_pipeline.errors import UsageError
from alecia_pipeline.source.documents import as_mapping, unparsable
from alecia_pipeline.source.glob import matches
from alecia_pipeline.source.manifest import MANIFEST_FILE, DependencyKind, Manifest, parse_manifest, stated_name
from alecia_pipeline.source.tree import Tree, folder_of
from alecia_pipeline.source.yaml_document import load_yaml

WORKSPACE_FILE = "pnpm-workspace.yaml"

_INSTALLED = {"node_modules", "bower_components"}

_RUNTIME: tuple[DependencyKind, ...] = ("dependencies", "optionalDependencies", "peerDependencies")


@dataclass(frozen=True)
class Package:
    """One package: `dir` is its folder from the repository's root (`.` for the root)."""

    dir: str
    manifest: Manifest

    @property
    def name(self) -> str:
        """The declared name; a package without one goes by its folder."""
        return self.manifest.name or self.dir


@dataclass(frozen=True)
class Workspace:
    """The root package and, by folder in path order, every other one.

    `unreadable`: folder -> what is wrong with its manifest, of which only the name is known.
    """

    root: Package
    packages: Mapping[str, Package]
    unreadable: Mapping[str, UsageError] = field(default_factory=dict, compare=False)

    @cached_property
    def _names(self) -> Mapping[str, Package]:
        return {package.name: package for package in reversed(list(self.packages.values()))}

    @cached_property
    def _owners(self) -> dict[str, Package]:
        return {}

    @cached_property
    def _direct(self) -> dict[tuple[str, bool], tuple[str, ...]]:
        return {}

    def check(self, folders: Iterable[str]) -> None:
        """Raise the UsageError of the first of these packages whose manifest does not parse."""
        for folder in sorted(self.unreadable.keys() & set(folders)):
            raise self.unreadable[folder]

    def package(self, folder: str) -> Package:
        """Return the package of a folder. Raises KeyError."""
        return self.root if folder == "." else self.packages[folder]

    def by_name(self, name: str) -> Package | None:
        """Return the package of that name; of two, the first in path order."""
        return self._names.get(name)

    def owner(self, path: str) -> Package:
        """Return the deepest package whose folder holds `path`, else the root."""
        asked = []
        while path and path not in self.packages and path not in self._owners:
            asked.append(path)
            path = folder_of(path)
        found = self._owners.get(path) or self.packages.get(path) or self.root
        self._owners.update(dict.fromkeys(asked, found))
        return found

    def direct(self, folder: str, *, dev: bool = True) -> tuple[str, ...]:
        """Return the folders of the workspace packages that this one names itself (devDependencies if `dev`)."""
        key = (folder, dev)
        if key not in self._direct:
            kinds = (*_RUNTIME, "devDependencies") if dev else _RUNTIME
            declared = self.package(folder).manifest.declared(*kinds)
            targets = (self._target(folder, name, spec) for name, spec in declared.items())
            self._direct[key] = tuple(sorted({target for target in targets if target and target != folder}))
        return self._direct[key]

    def closure(self, folder: str, *, dev: bool = True) -> tuple[str, ...]:
        """Return, sorted, the folders of this package and of all workspace packages it needs, near and far."""
        seen = {folder}
        queue = [folder]
        while queue:
            fresh = set(self.direct(queue.pop(), dev=dev)) - seen
            seen |= fresh
            queue += fresh
        return tuple(sorted(seen))

    def needing(self, folders: Iterable[str]) -> frozenset[str]:
        """Return these folders and those of all workspace packages that need one of them, near or far."""
        users: dict[str, list[str]] = {}
        for folder in self.packages:
            for needed in self.direct(folder):
                users.setdefault(needed, []).append(folder)
        seen = set(folders)
        queue = list(seen)
        while queue:
            fresh = set(users.get(queue.pop(), ())) - seen
            seen |= fresh
            queue += fresh
        return frozenset(seen)

    def _target(self, folder: str, name: str, spec: str) -> str | None:
        kind, _, rest = spec.partition(":")
        if kind in {"link", "file"} or (kind == "workspace" and rest.startswith(("./", "../"))):
            path = posixpath.normpath(posixpath.join(folder, rest))
            return path if path in self.packages else None
        if kind in {"npm", "http", "https", "git", "git+ssh", "git+https", "github"} and rest:
            return None
        if kind == "workspace" and "@" in rest[1:]:
            name = rest[: rest.rindex("@")]
        package = self.by_name(name)
        return package.dir if package else None


def read_workspace(tree: Tree, *, tolerant: bool = False) -> Workspace:
    """Read every manifest of the workspace. Raises UsageError when there is none, or one does not parse.

    `tolerant`: a package whose manifest does not parse stops only those that need it: they are to be checked. One whose
    name cannot be told may be needed by any, and is raised all the same.
    """
    if MANIFEST_FILE not in tree.entries:
        raise UsageError(
            "there is no package.json at the repository's root",
            where=MANIFEST_FILE,
            why="a pnpm workspace has one",
            fix="name the monorepo's repository",
        )
    root = parse_manifest(tree.read(MANIFEST_FILE), MANIFEST_FILE)
    patterns = [f"{pattern.rstrip('/')}/{MANIFEST_FILE}" for pattern in _patterns(tree, root)]
    folders = sorted(_folders(tree.entries, patterns))
    unreadable: dict[str, UsageError] = {}
    packages = {folder: Package(folder, _manifest(tree, folder, unreadable)) for folder in folders}
    if unreadable and not tolerant:
        raise next(iter(unreadable.values()))
    return Workspace(Package(".", root), packages, unreadable)


def _manifest(tree: Tree, folder: str, unreadable: dict[str, UsageError]) -> Manifest:
    path = f"{folder}/{MANIFEST_FILE}"
    data = tree.read(path)
    try:
        return parse_manifest(data, path)
    except UsageError as error:
        name = stated_name(data)
        if name is None:
            raise
        unreadable[folder] = error
        return Manifest(path, name)


def _folders(paths: Iterable[str], patterns: list[str]) -> Iterable[str]:
    """Yield the folders whose manifest a pattern names; like pnpm, `packages/**` takes `packages` itself too."""
    ending = f"/{MANIFEST_FILE}"
    for path in paths:
        if path.endswith(ending):
            folder = folder_of(path)
            if not _INSTALLED & set(folder.split("/")) and matches(path, patterns):
                yield folder


def _patterns(tree: Tree, root: Manifest) -> tuple[str, ...]:
    if WORKSPACE_FILE in tree.entries:
        document = as_mapping(load_yaml(tree.read(WORKSPACE_FILE), WORKSPACE_FILE), WORKSPACE_FILE, "the document")
        return _globs(document.get("packages") or [], WORKSPACE_FILE, "packages")
    workspaces = root.raw.get("workspaces")
    if workspaces is None:
        raise UsageError(
            "this repository is not a workspace",
            where=WORKSPACE_FILE,
            why="there is neither a pnpm-workspace.yaml nor `workspaces` in package.json",
            fix="name the monorepo's root",
        )
    return _globs(workspaces.get("packages") if isinstance(workspaces, dict) else workspaces, root.path, "workspaces")


def _globs(value: object, path: str, what: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise unparsable("workspace configuration", path, f"{what} must be a list of globs, not {value!r:.60}")
    return tuple(value)
