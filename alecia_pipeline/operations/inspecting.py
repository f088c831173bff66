"""Look at an environment, and mend it: status, history, logs, unlock, repair."""

from collections.abc import Generator
from typing import Literal

from pydantic import Field

from alecia_pipeline.adapters.host import RemoteHost
from alecia_pipeline.config import Model
from alecia_pipeline.errors import ReleaseFailedError, UsageError
from alecia_pipeline.operations.confirming import revert_release
from alecia_pipeline.operations.containers import ServiceStatus, project_services
from alecia_pipeline.operations.hosts import connect
from alecia_pipeline.operations.releasing import kept_records
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.release.model import AppRelease, ReleaseRecord
from alecia_pipeline.rollout.journal import Snapshot, State
from alecia_pipeline.rollout.lease import take_over
from alecia_pipeline.rollout.ports import Command
from alecia_pipeline.rollout.switch import look


class EnvironmentStatus(Model):
    """An environment as it is now. `reverts_in`: seconds until the host reverts an unconfirmed release by itself."""

    schema_version: Literal[1] = Field(1, alias="schema")
    environment: str
    release: str | None
    state: State | None
    commit: str | None
    reverts_in: int | None
    holder: str | None = Field(description="Who is at work there")
    apps: dict[str, AppRelease]
    services: tuple[ServiceStatus, ...]


class ReleaseSummary(Model):
    """One release of the history. `why` says what reverted it."""

    id: str
    commit: str
    state: State | None
    at: str
    parent: str | None
    moved: tuple[str, ...]
    live: bool
    why: str


class History(Model):
    """The releases that the host keeps, newest first."""

    schema_version: Literal[1] = Field(1, alias="schema")
    environment: str
    releases: tuple[ReleaseSummary, ...]


class Repair(Model):
    """What `repair` found and did."""

    schema_version: Literal[1] = Field(1, alias="schema")
    environment: str
    release: str | None
    action: Literal["nothing", "reverted"]
    detail: str


def status(runner: Runner, environment: str) -> EnvironmentStatus:
    """Return what runs now. Raises OutsideError when the host cannot be reached."""
    project = runner.config.environment(environment).project
    with connect(runner, environment) as host:
        snapshot = look(host, host.agent)
        record = live_record(host, snapshot)
        services = project_services(host, project, record)
    state = snapshot.releases.get(snapshot.live or "")
    return EnvironmentStatus(
        environment=environment,
        release=snapshot.live,
        state=state.state if state else None,
        commit=record.commit if record else None,
        reverts_in=snapshot.seconds_left() if snapshot.unfinished else None,
        holder=snapshot.lease.owner or None,
        apps=record.apps if record else {},
        services=services,
    )


def live_release(runner: Runner, environment: str) -> ReleaseRecord | None:
    """Return the record of the release that visitors reach, or None before the first one."""
    with connect(runner, environment) as host:
        return live_record(host, look(host, host.agent))


def verify_app(runner: Runner, environment: str, app: str) -> AppRelease:
    """Check that an app runs, healthy, the image that the live release says. Raises ReleaseFailedError."""
    current = status(runner, environment)
    if app not in current.apps:
        raise ReleaseFailedError(
            f"{app} is in no live release",
            where=environment,
            why=f"release {current.release} has {', '.join(current.apps) or 'no app'}",
            fix=f"alecia redeploy {app} --env {environment}",
        )
    service = current.apps[app].service
    found = next((s for s in current.services if s.service == service), None)
    if found is None or not found.healthy:
        seen = f"{found.state} {found.health}" if found else "no container"
        raise ReleaseFailedError(
            f"{app} does not run as release {current.release} says",
            where=f"{environment}: {service}",
            why=seen,
            fix=f"alecia redeploy {app} --env {environment}",
        )
    return current.apps[app]


def history(runner: Runner, environment: str) -> History:
    """Return the kept releases, newest first."""
    with connect(runner, environment) as host:
        snapshot, records = look(host, host.agent), kept_records(host)
    return History(environment=environment, releases=tuple(_summary(r, snapshot) for r in reversed(records)))


def logs(runner: Runner, environment: str, service: str, *, follow: bool, lines: int = 200) -> Generator[str]:
    """Yield log lines of an app (its live container) or another service; with `follow` until the caller stops.

    Raises UsageError naming the known services.
    """
    project = runner.config.environment(environment).project
    with connect(runner, environment) as host:
        record = live_record(host, look(host, host.agent))
        services = project_services(host, project, record)
        name = record.apps[service].service if record and service in record.apps else service
        if name not in {found.service for found in services}:
            known = ", ".join(sorted({found.app or found.service for found in services})) or "nothing"
            raise UsageError(
                f"there is no service {service!r}",
                where=environment,
                why=f"running: {known}",
                fix="name one of these; `alecia status` lists them",
            )
        argv = ("docker", "logs", "--tail", str(lines), *(("--follow",) if follow else ()), f"{project}-{name}-1")
        for line in host.stream(Command.of("sh", "-c", 'exec "$@" 2>&1', "sh", *argv)):
            yield runner.redactor(line)


def unlock(runner: Runner, environment: str) -> str:
    """Take the lease from whoever holds it; return the former holder, empty when there was none."""
    with connect(runner, environment) as host:
        return take_over(host, host.agent)


def repair(runner: Runner, environment: str) -> Repair:
    """Go back from a release that is neither confirmed nor reverted: its run is gone, or was cut off."""
    with connect(runner, environment) as host:
        left = look(host, host.agent).unfinished
    if left is None:
        return Repair(environment=environment, release=None, action="nothing", detail="every release is finished")
    revert_release(runner, environment, left.id, "`alecia repair` went back")
    back = left.parent or "nothing: it was the first release"
    return Repair(environment=environment, release=left.id, action="reverted", detail=f"live is {back}")


def _summary(record: ReleaseRecord, snapshot: Snapshot) -> ReleaseSummary:
    state = snapshot.releases.get(record.id)
    return ReleaseSummary(
        id=record.id,
        commit=record.commit,
        state=state.state if state else None,
        at=state.at if state else "",
        parent=record.parent,
        moved=record.moved,
        live=record.id == snapshot.live,
        why=state.why if state else "it was never switched to",
    )


def live_record(host: RemoteHost, snapshot: Snapshot) -> ReleaseRecord | None:
    """Return the record of the release that visitors of a connected host reach, or None before the first one."""
    data = host.read(f"{host.agent.root}/releases/live/record.json") if snapshot.live else None
    return ReleaseRecord.model_validate_json(data) if data else None
