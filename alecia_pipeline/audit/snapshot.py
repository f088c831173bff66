"""Everything the rules look at, read once from one commit."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property

from alecia_pipeline.audit.dockerfile.builds import Build
from alecia_pipeline.audit.dockerfile.layout import Given, simulate
from alecia_pipeline.audit.manifests.pnpm_versions import majors
from alecia_pipeline.audit.repository.compose_files import ComposeFile, compose_files
from alecia_pipeline.audit.repository.gitignore import GitIgnore
from alecia_pipeline.audit.resolution.config_aliases import ConfigAliases
from alecia_pipeline.audit.resolution.file_index import FileIndex, index_tree
from alecia_pipeline.audit.resolution.known import known_names, locked_names
from alecia_pipeline.audit.resolution.places import Places
from alecia_pipeline.audit.resolution.resolver import Resolved, Resolver
from alecia_pipeline.audit.resolution.tsconfig import TsConfigs
from alecia_pipeline.audit.sources.extract import Extractor, extract_all
from alecia_pipeline.audit.sources.scan import SourceFile, scan
from alecia_pipeline.config import Config
from alecia_pipeline.source.apps import App, commit_config, discover_apps
from alecia_pipeline.source.dockerfile import Dockerfile, parse_dockerfile
from alecia_pipeline.source.ignore import DockerIgnore, ignore_for
from alecia_pipeline.source.links import read_file
from alecia_pipeline.source.lockfile import LOCKFILE, Lockfile, parse_lockfile
from alecia_pipeline.source.tree import Tree
from alecia_pipeline.source.workspace import Workspace, read_workspace

LockfileReader = Callable[[bytes, str], Lockfile]

Contexts = Callable[["Snapshot", App], frozenset[str]]
"""What an app's build is sent. Raises UsageError where files cannot be sent."""


def whole_commit(snapshot: "Snapshot", _app: App) -> frozenset[str]:
    """Return every path: what a build is sent where nobody prunes."""
    return frozenset(snapshot.tree.entries)


@dataclass(frozen=True)
class Snapshot:
    """One commit, parsed. `dockerfiles` and `ignores` are keyed by the Dockerfile's path."""

    tree: Tree
    workspace: Workspace
    lockfile: Lockfile | None
    apps: tuple[App, ...]
    dockerfiles: Mapping[str, Dockerfile]
    ignores: Mapping[str, DockerIgnore]
    config: Config
    extractor: Extractor = extract_all
    contexts: Contexts = whole_commit

    def context(self, app: App) -> frozenset[str]:
        """Return the paths that an app's build is sent. Raises UsageError where files cannot be sent."""
        return self.contexts(self, app)

    @cached_property
    def files(self) -> FileIndex:
        """The paths, indexed."""
        return index_tree(self.tree)

    @cached_property
    def gitignore(self) -> GitIgnore:
        """What git leaves out."""
        return GitIgnore(self.tree)

    @cached_property
    def compose(self) -> tuple[ComposeFile, ...]:
        """The compose files of the whole repository. Raises UsageError for one that is no YAML."""
        return tuple(compose_files(self.tree, self.workspace, self.config))

    @cached_property
    def tsconfigs(self) -> TsConfigs:
        """The TypeScript configs."""
        return TsConfigs(self.tree, self.workspace)

    @cached_property
    def sources(self) -> tuple[SourceFile, ...]:
        """Every scanned file with its imports."""
        return scan(self.tree, self.workspace, self.extractor)

    @cached_property
    def known(self) -> frozenset[str]:
        """The names that are packages for certain."""
        return known_names(self.workspace, self.lockfile)

    @cached_property
    def locked(self) -> Mapping[str, frozenset[str]] | None:
        """The names that the lockfile has for each package; None without a lockfile."""
        return locked_names(self.lockfile) if self.lockfile else None

    @cached_property
    def imports(self) -> tuple[Resolved, ...]:
        """Every import of every scanned file, resolved."""
        ambient: dict[str, frozenset[str]] = {}
        for source in self.sources:
            ambient[source.package] = ambient.get(source.package, frozenset()) | set(source.imports.ambient)
        resolver = Resolver(
            Places(self.files, self.gitignore),
            self.workspace,
            self.tsconfigs,
            ConfigAliases(self.tree, self.workspace),
            ambient,
            self.known,
            self.locked,
        )
        return tuple(resolver.resolve(source, item) for source in self.sources for item in source.imports.found)

    @cached_property
    def builds(self) -> tuple[Build, ...]:
        """Every app with its simulated Dockerfile. Raises UsageError when an app names an unknown stage."""
        return tuple(self._build(app) for app in self.apps)

    def _build(self, app: App) -> Build:
        ignore = self.ignores[app.dockerfile]
        context = self._contexts[ignore.path]
        pnpm = majors(self.workspace.root.manifest, self.lockfile)
        dockerfile = self.dockerfiles[app.dockerfile]
        layout = simulate(dockerfile, app.target, Given(context, self.files.real), app.config.build_args, pnpm)
        return Build(app, self.workspace.closure(app.dir), ignore, layout, dockerfile)

    @cached_property
    def _contexts(self) -> Mapping[str | None, frozenset[str]]:
        """Ignore file -> what a build from the root is sent; most Dockerfiles share one."""
        ignores = {ignore.path: ignore for ignore in self.ignores.values()}
        return {
            name: frozenset(path for path in self.tree.entries if not ignore.ignored(path))
            for name, ignore in ignores.items()
        }

    def package_name(self, folder: str) -> str | None:
        """Return the declared name of the package in a folder."""
        return self.workspace.package(folder).manifest.name


def take_snapshot(
    tree: Tree,
    extractor: Extractor = extract_all,
    read_lockfile: LockfileReader = parse_lockfile,
    contexts: Contexts = whole_commit,
    alone: Collection[str] | None = None,
) -> Snapshot:
    """Parse what every rule needs. Raises UsageError for a root-level input that is missing or does not parse.

    `extractor` reads the sources, `read_lockfile` (bytes, path) the lockfile; both may remember what they read before.
    `contexts` knows what each build is sent. `alone`: the only apps to look at; manifests and Dockerfiles that do not
    parse elsewhere are passed over.
    """
    workspace = read_workspace(tree, tolerant=alone is not None)
    config = commit_config(tree)
    found = discover_apps(tree, workspace, config)
    apps = found if alone is None else tuple(app for app in found if app.name in alone)
    paths = sorted({app.dockerfile for app in apps})
    return Snapshot(
        tree=tree,
        workspace=workspace,
        lockfile=read_lockfile(tree.read(LOCKFILE), LOCKFILE) if LOCKFILE in tree.entries else None,
        apps=apps,
        dockerfiles={path: parse_dockerfile(read_file(tree, path), path) for path in paths},
        ignores={path: ignore_for(tree, path) for path in paths},
        config=config,
        extractor=extractor,
        contexts=contexts,
    )
