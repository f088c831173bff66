"""Go back to a release that the host keeps: its images, definitions, routes and services, with today's values."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from alecia_pipeline.errors import RefusedError
from alecia_pipeline.operations.host_files import STACK_FILE, HostState, read_bundle, read_host_state
from alecia_pipeline.operations.migrating import irreversible_migrations
from alecia_pipeline.operations.releasing import kept_records, make_live, publish
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.operations.sessions import Session, settled_session
from alecia_pipeline.release.draft import Draft, Entry, Origin, Project, ReleaseFacts, assemble
from alecia_pipeline.release.history import later_id, nothing_live, past_migrations, release_id, rollback_target
from alecia_pipeline.release.model import MigrationState, ReleaseRecord
from alecia_pipeline.rollout.project import read_services
from alecia_pipeline.rollout.services import service_name
from alecia_pipeline.source.yaml_document import load_yaml


def switch_back(runner: Runner, environment: str, to: str | None = None) -> ReleaseRecord:
    """Make an earlier release live again as a new one, unconfirmed yet; `to` is its id, default the one before.

    The environment's values are today's; keys that differ are logged. Raises RefusedError past a migration that does
    more than add, UsageError for an unknown release, ReleaseFailedError when it does not come up (the live one stays).
    """
    config = runner.config.environment(environment)
    with settled_session(runner, environment) as held:
        records = kept_records(held.host)
        if not records:
            raise nothing_live(held.host.where)
        state = read_host_state(held.host, config, runner.redactor)
        target = rollback_target(records, state.live.id if state.live else None, to)
        _refuse_past_ledger(runner, environment, target)
        _log_changed_values(runner, environment, target, state)
        draft = _draft(held, environment, target, state, later_id(_now_id(target), [r.id for r in records]))
        publish(held.host, draft, state.live)
        if stack := _changed_stack(draft, state):
            file = f"{config.root}/releases/{draft.record.id}/compose.yaml"
            held.rollout.up(file, stack)
            held.host.write(f"{config.root}/{STACK_FILE}", file.encode(), mode=0o644)
        make_live(runner, held, draft, state.live, config.confirm_seconds)
    return draft.record


def _refuse_past_ledger(runner: Runner, environment: str, target: ReleaseRecord) -> None:
    """Refuse past SQL that no kept record lists: that of a release which failed before its switch."""
    final = irreversible_migrations(runner, environment, target.commit, target.migrations.applied)
    if final:
        raise past_migrations(target.id, final)


def _draft(held: Session, environment: str, target: ReleaseRecord, state: HostState, identity: str) -> Draft:
    folder = f"releases/{target.id}"
    compose, caddy = read_bundle(held.host, (f"{folder}/compose.yaml", f"{folder}/caddy.json"))
    if compose is None or caddy is None:
        raise RefusedError(
            f"release {target.id} is not complete on the host",
            where=folder,
            why="compose.yaml or caddy.json is gone",
            fix="`alecia history --env E` lists the others",
        )
    document: dict[str, Any] = load_yaml(compose, f"{folder}/compose.yaml")
    services: Mapping[str, dict[str, Any]] = document.pop("services")
    entries = {name: _entry(name, target, services, state) for name in target.apps}
    own = {app.service for app in target.apps.values()}
    stack = {name: service for name, service in services.items() if name not in own}
    project = Project(document.pop("name"), stack, document, caddy)
    live = state.live.migrations if state.live else target.migrations
    migrations = MigrationState(applied=live.applied, new=(), revertible=True)
    facts = ReleaseFacts(migrations, target.tools, target.gates)
    return assemble(
        Origin(identity, environment, target.commit, state.live), entries, project, facts, state.fingerprints
    )


def _changed_stack(draft: Draft, state: HostState) -> list[str]:
    """Return the third-party services that run otherwise now than in the release to restore."""
    own = {app.service for app in draft.record.apps.values()}
    services = read_services(draft.compose, "compose.yaml")
    return sorted(name for name in set(services) - own if services[name] != state.services.get(name))


def _entry(name: str, target: ReleaseRecord, services: Mapping[str, dict[str, Any]], state: HostState) -> Entry:
    """Return an app as it ran, under the name that it has with today's values."""
    app = target.apps[name]
    definition = services[app.service]
    renamed = app.model_copy(update={"service": service_name(name, definition, state.fingerprints)})
    return Entry(renamed, definition)


def _log_changed_values(runner: Runner, environment: str, target: ReleaseRecord, state: HostState) -> None:
    today, then = state.fingerprints, target.environment_keys
    differing = sorted(key for key in {*today, *then} if today.get(key) != then.get(key))
    if differing:
        runner.log(
            f"{environment}/release: values that differ from {target.id}, today's are used: {', '.join(differing)}"
        )


def _now_id(target: ReleaseRecord) -> str:
    return release_id(datetime.now(UTC), target.commit)
