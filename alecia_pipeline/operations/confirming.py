"""After the switch: soak and confirm, or revert; old containers and releases go."""

from alecia_pipeline.adapters.host import RemoteHost
from alecia_pipeline.errors import ReleaseFailedError
from alecia_pipeline.operations.releasing import kept_records
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.operations.sessions import Session, session
from alecia_pipeline.release.model import ReleaseRecord
from alecia_pipeline.rollout.switch import look


def confirm_release(runner: Runner, environment: str, release: str) -> ReleaseRecord | None:
    """Watch a switched release for `soak_seconds`, make it final, remove old containers and releases beyond `keep`.

    Returns its record; None, and nothing is done, for one that was confirmed before. Raises ReleaseFailedError when a
    service does not stay healthy (the release is reverted then), or when the host reverted it before.
    """
    config = runner.config.environment(environment)
    with session(runner, environment) as held:
        if _confirmed(held, release):
            return None
        record = _record(held.host, release)
        services = sorted(app.service for app in record.apps.values())
        _soak(runner, held, record, services, config.soak_seconds)
        held.rollout.confirm(release)
        gone = held.rollout.sweep(services)
        _prune(held, release, config.keep)
    runner.log(f"{environment}/release: {release} is confirmed; {len(gone)} old containers removed")
    return record


def revert_release(runner: Runner, environment: str, release: str, why: str) -> None:
    """Go back to the release before an unconfirmed one, and remove its containers; fine when that was done already."""
    with session(runner, environment) as held:
        _revert(runner, held, release, why)


def _soak(runner: Runner, held: Session, record: ReleaseRecord, services: list[str], seconds: float) -> None:
    try:
        held.rollout.watch(seconds, services)
    except ReleaseFailedError as error:
        _revert(runner, held, record.id, error.why or error.what)
        raise


def _revert(runner: Runner, held: Session, release: str, why: str) -> None:
    held.rollout.revert(release, why)
    live = look(held.host, held.host.agent).live
    keep = [app.service for app in _record(held.host, live).apps.values()] if live else []
    held.rollout.sweep(sorted(keep))
    runner.log(f"{release} is reverted: {why}; live is {live or 'nothing'}")


def _confirmed(held: Session, release: str) -> bool:
    state = look(held.host, held.host.agent).releases.get(release)
    return state is not None and state.state == "confirmed"


def _record(host: RemoteHost, release: str) -> ReleaseRecord:
    found = {record.id: record for record in kept_records(host)}
    if release not in found:
        raise ReleaseFailedError(
            f"release {release} is not on the host",
            where=host.where,
            why=f"kept: {', '.join(found) or 'none'}",
            fix="`alecia history --env E` lists what is",
        )
    return found[release]


def _prune(held: Session, live: str, keep: int) -> None:
    """Delete the oldest releases beyond `keep`; the live one and the one before it always stay."""
    records = kept_records(held.host)
    parent = next(record.parent for record in records if record.id == live)
    old = [r for r in records[: max(0, len(records) - keep)] if r.id not in {live, parent}]
    if not old:
        return
    kept = {(name, app.image) for record in records if record not in old for name, app in record.apps.items()}
    images = {app.image for record in old for app in record.apps.values()} - {image for _, image in kept}
    held.rollout.prune([record.id for record in old], sorted(images), kept)
