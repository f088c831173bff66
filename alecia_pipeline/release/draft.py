"""A release put together: its record, and the files that make it on the host."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alecia_pipeline.release.history import moved_apps
from alecia_pipeline.release.model import AppRelease, MigrationState, ReleaseRecord
from alecia_pipeline.rollout.project import content_hash, render_project


@dataclass(frozen=True, slots=True)
class Entry:
    """One app of a release: what the record says of it, and the definition its service runs by."""

    app: AppRelease
    definition: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ReleaseFacts:
    """What other stages know of a release: the database, the tools' versions, the verdicts of the gates."""

    migrations: MigrationState
    tools: Mapping[str, str]
    gates: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a release comes from: its id, the commit of its stack and routes, and the release that is live now."""

    id: str
    environment: str
    commit: str
    parent: ReleaseRecord | None


@dataclass(frozen=True, slots=True)
class Project:
    """The compose project around the apps: name, third-party services, networks and volumes, Caddy's JSON."""

    name: str
    stack: Mapping[str, Mapping[str, Any]]
    top: Mapping[str, Any]
    caddy: bytes


@dataclass(frozen=True, slots=True)
class Draft:
    """A release that is not on the host yet."""

    record: ReleaseRecord
    compose: bytes
    caddy: bytes

    def files(self, parent: ReleaseRecord | None) -> dict[str, bytes]:
        """Return the release folder's files: one slot file per app (a service name without a newline) among them."""
        slots = {name: app.service.encode() for name, app in self.record.apps.items()}
        record = self.record.model_dump_json(by_alias=True, indent=1).encode()
        pairs = "".join(f"{old or '-'} {new}\n" for old, new in self.hand_overs(parent)).encode()
        files = {"compose.yaml": self.compose, "caddy.json": self.caddy, "record.json": record, "exclusive.txt": pairs}
        return {**files, **slots}

    def hand_overs(self, parent: ReleaseRecord | None) -> list[tuple[str | None, str]]:
        """Return (old service, new service) of each moved app that cannot run twice."""
        before = parent.apps if parent else {}
        return [
            (before[name].service if name in before else None, self.record.apps[name].service)
            for name in self.record.moved
            if self.record.apps[name].rollout == "exclusive"
        ]


def assemble(
    origin: Origin,
    entries: Mapping[str, Entry],
    project: Project,
    facts: ReleaseFacts,
    environment_keys: Mapping[str, str],
) -> Draft:
    """Put a release together. Pure: the same parts give the same bytes."""
    apps = {name: entries[name].app for name in sorted(entries)}
    services = {entry.app.service: entry.definition for entry in entries.values()} | dict(project.stack)
    compose = render_project(project.name, services, project.top)
    record = ReleaseRecord(
        id=origin.id,
        environment=origin.environment,
        commit=origin.commit,
        parent=origin.parent.id if origin.parent else None,
        moved=moved_apps(origin.parent, apps),
        apps=apps,
        compose_sha256=content_hash(compose),
        caddy_sha256=content_hash(project.caddy),
        migrations=facts.migrations,
        environment_keys=dict(environment_keys),
        tools=dict(facts.tools),
        gates=dict(facts.gates),
    )
    return Draft(record, compose, project.caddy)


def kept_entry(name: str, parent: ReleaseRecord, services: Mapping[str, Mapping[str, Any]]) -> Entry:
    """Return an app's entry of the live release, as a partial release copies it."""
    app = parent.apps[name]
    return Entry(app, services[app.service])
