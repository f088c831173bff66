"""A commit as it would run on a host: services under their generated names, the pinned stack, Caddy's configuration."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from alecia_pipeline.adapters.caddy import adapt
from alecia_pipeline.adapters.git import open_commit, resolve
from alecia_pipeline.adapters.host import RemoteHost
from alecia_pipeline.config import EnvironmentConfig
from alecia_pipeline.errors import UsageError
from alecia_pipeline.operations.environment import is_sensitive
from alecia_pipeline.operations.host_files import HostState, file_places, place_files, read_host_state
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.rollout.caddy import CaddyConfig, placeholders, release_config
from alecia_pipeline.rollout.compose_file import ComposeFile, parse_compose
from alecia_pipeline.rollout.interpolation import interpolate
from alecia_pipeline.rollout.mounts import mounted_paths, placed_top
from alecia_pipeline.rollout.project import caddy_definition, caddy_service, render_project
from alecia_pipeline.rollout.services import Rollout, app_definition, rollout_of, service_name, stack_definition
from alecia_pipeline.source.apps import App, commit_config, discover_apps
from alecia_pipeline.source.tree import Tree
from alecia_pipeline.source.workspace import Workspace, read_workspace

Placing = Callable[[Tree, Collection[str], str], dict[str, str]]
"""What finds the places of mounted files on the host, as `place_files` does."""

_HEALTH_URL = re.compile(r"https?://(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(?::\d+)?(/[^\s'\"`)]*)")


@dataclass(frozen=True)
class RenderedApp:
    """One app as it would run. `port` and `path` are where its private smoke asks, None without a known port."""

    service: str
    definition: Mapping[str, Any]
    rollout: Rollout
    port: int | None
    path: str


@dataclass(frozen=True)
class Rendering:
    """A commit against the state of a host."""

    commit: str
    config: EnvironmentConfig
    compose: ComposeFile
    caddy: CaddyConfig
    apps: Mapping[str, App]
    places: Mapping[str, str]
    state: HostState

    @property
    def stack_names(self) -> list[str]:
        """The services that are not apps, sorted."""
        return sorted(set(self.compose.services) - set(self.apps))

    def image_reference(self, name: str) -> str:
        """Return a third-party service's image as the compose file and the environment's values say."""
        written = self.compose.service(name).get("image")
        if not isinstance(written, str):
            raise UsageError(
                f"service {name!r} has no image",
                where=self.compose.path,
                why="it is neither an app of alecia.yaml nor an image to pull; nothing is built on the host",
                fix="name an image, or make it an app",
            )
        return interpolate(written, self.state.values, f"{self.compose.path}: services.{name}.image")

    def stack(self, pins: Mapping[str, str]) -> dict[str, dict[str, Any]]:
        """Return the third-party services and Caddy. Raises KeyError for an image without a pin."""
        caddy = caddy_service(self.compose)
        services = {
            name: stack_definition(self.compose, name, self.apps, pinned(self.image_reference(name), pins), self.places)
            for name in self.stack_names
        }
        services[caddy] = caddy_definition(services[caddy], self.config.root, self.apps)
        return services

    def app(self, name: str, image: str) -> RenderedApp:
        """Return how one app would run with `image`. Raises UsageError for an unknown app."""
        if name not in self.apps:
            known = ", ".join(sorted(self.apps))
            raise UsageError(f"unknown app {name!r}", where=self.commit[:12], why=f"apps here: {known}", fix="name one")
        definition = app_definition(self.compose, name, self.apps, image, self.places)
        return RenderedApp(
            service=service_name(name, definition, self.state.fingerprints),
            definition=definition,
            rollout=rollout_of(self.apps[name].config.rollout, definition, routed=self.caddy.routed(name)),
            port=_port(self.caddy, name, definition),
            path=health_path(definition),
        )

    def document(self, services: Mapping[str, Mapping[str, Any]]) -> bytes:
        """Return the project's compose file with these services."""
        return render_project(self.config.project, services, placed_top(self.compose, self.places))


def render(runner: Runner, environment: str, commit: str, host: RemoteHost) -> Rendering:
    """Read a commit and the host, and bring the files that services mount. Raises UsageError for bad input."""
    config = runner.config.environment(environment)
    state = read_host_state(host, config, runner.redactor)
    return _rendering(runner, environment, commit, state, partial(place_files, host))


def preview(runner: Runner, environment: str, commit: str, host: RemoteHost, state: HostState) -> Rendering:
    """Return what `render` would, were the host in this state; nothing is written there. Raises UsageError."""
    return _rendering(runner, environment, commit, state, partial(file_places, host.agent.root))


def _rendering(runner: Runner, environment: str, commit: str, state: HostState, place: Placing) -> Rendering:
    config = runner.config.environment(environment)
    commit = resolve(runner.repo, commit)
    tree = open_commit(runner.repo, commit)
    workspace = read_workspace(tree, tolerant=True)
    apps = {app.name: app for app in discover_apps(tree, workspace, commit_config(tree))}
    compose = _compose(tree, config.compose)
    static = {name for name, app in apps.items() if _uses_next(tree, workspace, app)}
    ports = {(app, port) for app in apps for port in _exposed(compose.service(app))}
    caddy = release_config(_adapted(tree, config, state.values), ports, config.caddyfile, static=static)
    paths = mounted_paths(compose, compose.services)
    places = place(tree, paths, config.caddyfile)
    return Rendering(commit, config, compose, caddy, apps, places, state)


def pinned(reference: str, pins: Mapping[str, str]) -> str:
    """Return a reference by digest. Raises KeyError when it is not pinned yet."""
    return reference if "@sha256:" in reference else pins[reference]


def site_hosts(runner: Runner, environment: str, commit: str, values: Mapping[str, str]) -> tuple[str, ...]:
    """Return the host names that Caddy serves for a commit with these environment values, sorted."""
    config = runner.config.environment(environment)
    tree = open_commit(runner.repo, commit)
    return release_config(_adapted(tree, config, values), (), config.caddyfile).hosts


def _compose(tree: Tree, path: str) -> ComposeFile:
    if path not in tree.entries:
        raise UsageError(
            "the compose file is not in the commit",
            where=path,
            why="it has no such file",
            fix="commit it, or correct environments.<env>.compose",
        )
    return parse_compose(tree.read(path), path)


def _uses_next(tree: Tree, workspace: Workspace, app: App) -> bool:
    """Tell whether an app is a Next.js one. While its manifest does not parse, its route stays what it was."""
    manifest = workspace.package(app.dir).manifest
    return b'"next"' in tree.read(manifest.path) if app.dir in workspace.unreadable else "next" in manifest.declared()


def _adapted(tree: Tree, config: EnvironmentConfig, values: Mapping[str, str]) -> dict[str, Any]:
    wanted = _placeholders(tree, config)
    return adapt(tree, config.caddyfile, {key: values[key] for key in wanted if key in values})


def _placeholders(tree: Tree, config: EnvironmentConfig) -> frozenset[str]:
    """Return the keys that the Caddyfile and its imports take in; a secret among them would be stored in clear."""
    folder = config.caddyfile.rpartition("/")[0]
    near = [p for p in tree.entries if p == config.caddyfile or (folder and holds_caddy_text(p, folder))]
    wanted = frozenset[str]().union(*(placeholders(tree.read(path).decode(errors="replace")) for path in near))
    secret = sorted(key for key in wanted if is_sensitive(key, config))
    if secret:
        raise UsageError(
            f"the Caddyfile would write {', '.join(secret)} in clear",
            where=config.caddyfile,
            why="{$KEY} is filled in when the file is adapted, and the result is stored",
            fix="write {env.KEY}, and give Caddy's service the key under `environment:`",
        )
    return wanted


def holds_caddy_text(path: str, folder: str) -> bool:
    """Tell whether a file beside the Caddyfile may be one that it imports."""
    return path.startswith(f"{folder}/") and "caddy" in path.rpartition("/")[2].lower()


def _exposed(service: Mapping[str, Any]) -> list[int]:
    return [
        int(text) for text in (str(port).partition("/")[0] for port in service.get("expose") or ()) if text.isdecimal()
    ]


def _port(caddy: CaddyConfig, app: str, definition: Mapping[str, Any]) -> int | None:
    found = sorted(port for name, port in caddy.routes if name == app) or _exposed(definition)
    return found[0] if found else None


def health_path(definition: Mapping[str, Any]) -> str:
    """Return the path that the health check asks for, else `/`."""
    test = (definition.get("healthcheck") or {}).get("test", "")
    found = _HEALTH_URL.search(test if isinstance(test, str) else " ".join(map(str, test)))
    return found[1] if found else "/"
