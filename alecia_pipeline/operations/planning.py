"""The one planner: what a release of a commit builds, reuses, migrates and restarts. Sensor, assets and CLI use it."""

import time
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from alecia_pipeline.adapters.cache import default_cache
from alecia_pipeline.adapters.git import Commits, open_commit
from alecia_pipeline.adapters.parts import RememberedParts
from alecia_pipeline.config import Config
from alecia_pipeline.errors import UsageError
from alecia_pipeline.images.bases import bases_of
from alecia_pipeline.images.context import Snapshot, pruned_context
from alecia_pipeline.images.fields import build_fields, tools_of
from alecia_pipeline.images.parts import Memory
from alecia_pipeline.images.ports import ImageRegistry
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.release.affected import affected_packages
from alecia_pipeline.release.model import Plan, Problem, ReleaseRecord
from alecia_pipeline.release.plan import Keyed, Known, Scope, Unplanned, assemble_plan
from alecia_pipeline.release.services import changed_services, new_migrations
from alecia_pipeline.source.apps import App, commit_config, discover_apps
from alecia_pipeline.source.base_lock import BaseLock, read_base_lock
from alecia_pipeline.source.tree import Tree
from alecia_pipeline.source.workspace import read_workspace

COMPOSE_FILE = "docker-compose.production.yml"
"""Where no environment says otherwise."""

COMMITS_KEPT = 16
"""In memory, of each planner; one of 5,000 files takes about 5 MB."""


@dataclass(frozen=True)
class CommitView:
    """A commit as planning and building read it."""

    commit: str
    snapshot: Snapshot
    config: Config
    apps: tuple[App, ...]
    bases: BaseLock
    keyed: dict[tuple[str, tuple[tuple[str, str], ...]], Keyed] = field(default_factory=dict, repr=False, compare=False)

    def app(self, name: str) -> App:
        """Return one app. Raises UsageError naming the known ones."""
        for app in self.apps:
            if app.name == name:
                return app
        known = ", ".join(app.name for app in self.apps) or "none"
        raise UsageError(
            f"unknown app {name!r}", where=self.commit[:12], why=f"apps here: {known}", fix="name one of these"
        )


def read_commit(runner: Runner, rev: str) -> CommitView:
    """Read a revision. Raises UsageError."""
    return read_tree(open_commit(runner.repo, rev), remembering())


def remembering() -> Memory:
    """Return a memory that begins with what other runs have found out."""
    return Memory(RememberedParts(default_cache()))


def read_tree(tree: Tree, memory: Memory) -> CommitView:
    """Read the tree of a commit. `memory`: what another commit's reading left.

    Raises UsageError for what every app needs; what is wrong with one app alone is told when that app is planned.
    """
    workspace = read_workspace(tree, tolerant=True)
    config = commit_config(tree)
    snapshot = Snapshot(tree, workspace, memory.lockfile(tree), memory)
    return CommitView(tree.commit or "", snapshot, config, discover_apps(tree, workspace, config), read_base_lock(tree))


def build_arguments(runner: Runner, app: App, environment: str | None) -> Mapping[str, str]:
    """Return an app's build arguments; an environment's own win. Raises UsageError for an unknown environment."""
    own = runner.config.environment(environment).build_args.get(app.name, {}) if environment else {}
    return {**app.config.build_args, **own}


def keyed_app(runner: Runner, view: CommitView, app: App, environment: str | None) -> Keyed:
    """Return one app with all that its image depends on. Raises UsageError for files that cannot be sent."""
    arguments = build_arguments(runner, app, environment)
    known = app.name, tuple(sorted(arguments.items()))
    if known not in view.keyed:
        context = pruned_context(view.snapshot, app, arguments)
        bases = bases_of(context.reads.bases, view.bases.images, runner.config.builder.contexts)
        fields = build_fields(context, arguments, bases, tools_of(view.snapshot.workspace, view.bases))
        view.keyed[known] = Keyed(context, fields)
    return view.keyed[known]


def make_plan(  # noqa: PLR0913 - each is one option of the command, by keyword only
    runner: Runner,
    rev: str = "HEAD",
    *,
    since: str | None = None,
    environment: str | None = None,
    live: ReleaseRecord | None = None,
    registry: ImageRegistry | None = None,
    apps: Collection[str] | None = None,
    to_look: bool = False,
) -> Plan:
    """Plan a release of `rev`. `live` is what the environment runs; without `since` the registry is asked.

    `apps`: these alone, so that what is wrong with another one stops nothing; default: all of the commit. Raises
    UsageError for bad input and for a Dockerfile that copies what is not there, OutsideError when the registry refuses
    or is silent: never a guess. Only a plan `to_look` at, which nothing is built from, goes on without a silent
    registry, and past an app that cannot be planned or built: it says so of each.
    """
    planner = Planner(runner)
    return planner.plan(
        rev, since=since, environment=environment, live=live, registry=registry, apps=apps, to_look=to_look
    )


class Planner:
    """Plans commits of one repository. What it has read of a commit serves the next plan; the answers are the same."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._commits = Commits(runner.repo)
        self._memory = remembering()
        self._views: OrderedDict[str, CommitView] = OrderedDict()

    def plan(  # noqa: PLR0913 - as make_plan
        self,
        rev: str = "HEAD",
        *,
        since: str | None = None,
        environment: str | None = None,
        live: ReleaseRecord | None = None,
        registry: ImageRegistry | None = None,
        apps: Collection[str] | None = None,
        to_look: bool = False,
    ) -> Plan:
        """Plan a release of `rev`, as `make_plan` does."""
        started = time.monotonic()
        view = self.read(rev)
        past = _Past(self, view, since, live)
        wanted = view.apps if apps is None else [view.app(name) for name in apps]
        planned = self._attempts(view, wanted, environment) if to_look else self._all(view, wanted, environment)
        known: Mapping[str, Known] = {app.name: past.known(app.name, environment) for app in wanted}
        name = registry_name(self._runner, view)
        if name and not since:
            from alecia_pipeline.operations.asking import Question  # noqa: PLC0415 - 0.1 s of HTTP; --since needs none

            asked = Question(self._runner, name, [app for app in planned if isinstance(app, Keyed)], known)
            known = asked.ask_once(registry) if to_look else asked.ask(registry)
        affected = affected_packages(past.commit.snapshot, view.snapshot) if apps is None and past.commit else None
        subject = self._commits.subject(view.commit)
        scope = replace(_scope(self._runner, view, past, environment), packages_affected=affected, subject=subject)
        plan = assemble_plan(scope, planned, known, time.monotonic() - started)
        for app in plan.apps:
            if app.problem and not to_look and not since:
                raise UsageError(app.problem.what, where=app.problem.where, why=app.problem.why, fix=app.problem.fix)
        return plan

    def _all(self, view: CommitView, apps: Sequence[App], environment: str | None) -> list[Keyed]:
        return [self.keyed(view, app, environment) for app in apps]

    def _attempts(self, view: CommitView, apps: Sequence[App], environment: str | None) -> list[Keyed | Unplanned]:
        """Plan the apps that can be planned. Raises UsageError when none can."""
        found: list[Keyed | Unplanned] = []
        errors: list[UsageError] = []
        for app in apps:
            try:
                found.append(self.keyed(view, app, environment))
            except UsageError as error:
                found.append(Unplanned(app, Problem(what=error.what, where=error.where, why=error.why, fix=error.fix)))
                errors.append(error)
        if errors and len(errors) == len(found):
            raise errors[0]
        return found

    def read(self, rev: str) -> CommitView:
        """Read a revision, or remember it. Raises UsageError."""
        commit = self._commits.resolve(rev)
        view = self._views.pop(commit, None) or read_tree(self._commits.tree(commit), self._memory)
        self._views[commit] = view
        if len(self._views) > COMMITS_KEPT:
            self._views.popitem(last=False)
        return view

    def keyed(self, view: CommitView, app: App, environment: str | None) -> Keyed:
        """Return one app with all that its image depends on. Raises UsageError for files that cannot be sent."""
        return keyed_app(self._runner, view, app, environment)


class _Past:
    """What is compared with: one earlier commit, or, app by app, the commits that an environment runs."""

    def __init__(self, planner: Planner, view: CommitView, since: str | None, live: ReleaseRecord | None) -> None:
        self._planner = planner
        self._view = view
        self._commits = {name: app.commit for name, app in live.apps.items()} if live else {}
        self._since = planner.read(since) if since else None
        self.commit = self._since or (self._read(live.commit) if live else None)
        self.since = self._since.commit if self._since else None
        self.applied = live.migrations.applied if live else None

    def known(self, name: str, environment: str | None) -> Known:
        """Return an app as it was: nothing when it was none, or its commit is not in this clone any more."""
        before = self._since or (self._read(self._commits[name]) if name in self._commits else None)
        for app in before.apps if before else ():
            if before and app.name == name:
                return self._keyed(before, app, environment)
        return Known()

    def _keyed(self, before: CommitView, app: App, environment: str | None) -> Known:
        try:
            return Known(self._planner.keyed(before, app, environment))
        except UsageError as error:  # it could not be built then: all the more to build now
            return Known(lost=error.what)

    def _read(self, commit: str) -> CommitView | None:
        try:
            return self._planner.read(commit)
        except UsageError:  # a shallow clone, or rewritten history: less to say, the same to do
            return None


def registry_name(runner: Runner, view: CommitView) -> str | None:
    """Return <registry>: the runner's, else the commit's, else None."""
    return runner.config.registry or view.config.registry


def _scope(runner: Runner, view: CommitView, past: _Past, environment: str | None) -> Scope:
    migrations = runner.config.migrations or view.config.migrations
    compose = runner.config.environment(environment).compose if environment else COMPOSE_FILE
    tree = view.snapshot.tree
    old = past.commit.snapshot.tree if past.commit else None
    return Scope(
        commit=view.commit,
        since=past.since,
        environment=environment,
        packages_affected=None,
        migrations=new_migrations(migrations.dir, tree, old, past.applied) if migrations else (),
        services=changed_services(compose, tree, old) if old or environment else (),
    )
