"""The releases a host keeps: read, ordered, compared, and whether one may go back to one of them."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime

from alecia_pipeline.errors import OutsideError, RefusedError, UsageError
from alecia_pipeline.release.model import AppRelease, ReleaseRecord


def release_id(now: datetime, commit: str) -> str:
    """Return the id of a release made at `now` (any time zone): sortable, `<UTC yyyymmdd-hhmmss>-<8 hex>`."""
    return f"{now.astimezone(UTC):%Y%m%d-%H%M%S}-{commit[:8]}"


def later_id(wanted: str, known: Collection[str]) -> str:
    """Return `wanted`, or the first id after every known one: ids must sort as the releases happened.

    Two releases may fall into one second, and a runner's clock may be behind.
    """
    newest = max(known, default="")
    if wanted > newest:
        return wanted
    stamp, _, number = newest.partition("+")
    return f"{stamp}+{int(number or 0) + 1:03d}"


def parse_records(text: str, where: str) -> tuple[ReleaseRecord, ...]:
    """Read records that stand one after the other, oldest first. Raises OutsideError for one that is damaged."""
    decoder = json.JSONDecoder()
    records, rest = [], text.strip()
    try:
        while rest:
            value, end = decoder.raw_decode(rest)
            records.append(ReleaseRecord.model_validate(value))
            rest = rest[end:].lstrip()
    except ValueError as error:
        raise OutsideError(
            "a release record on the host is damaged",
            where=where,
            why=str(error),
            fix="look into releases/*/record.json",
        ) from error
    return tuple(sorted(records, key=lambda record: record.id))


def moved_apps(parent: ReleaseRecord | None, apps: Mapping[str, AppRelease]) -> tuple[str, ...]:
    """Return the apps that run as another service than in `parent`."""
    before = parent.apps if parent else {}
    return tuple(
        sorted(name for name, app in apps.items() if name not in before or before[name].service != app.service)
    )


def same_effect(parent: ReleaseRecord | None, record: ReleaseRecord) -> bool:
    """Tell whether a release would change nothing that its parent's record says."""
    unchanging = {"id", "commit", "parent", "moved", "gates", "tools", "migrations"}
    return (
        parent is not None
        and parent.model_dump(exclude=unchanging) == record.model_dump(exclude=unchanging)
        and parent.migrations.applied == record.migrations.applied
    )


def rollback_target(records: Sequence[ReleaseRecord], live: str | None, to: str | None) -> ReleaseRecord:
    """Return the release to go back to: `to`, else the one that was live before. Raises UsageError or RefusedError.

    Going back past a migration that does more than add is refused: the older app would meet a schema it cannot use.
    """
    known = {record.id: record for record in records}
    current = known.get(live or "")
    if current is None:
        raise nothing_live("releases/live")
    wanted = to or current.parent
    if wanted is None or wanted not in known or wanted == live:
        raise UsageError(
            "there is no such release to go back to",
            where=wanted or "the release before",
            why=f"kept: {', '.join(known)}; live: {live}",
            fix="`alecia history --env E` lists them",
        )
    _refuse_past_migrations(records, current, known[wanted])
    return known[wanted]


def nothing_live(where: str) -> RefusedError:
    """Return the refusal to roll back where no release is live."""
    return RefusedError(
        "there is nothing to roll back", where=where, why="no release is live", fix="`alecia release --env E`"
    )


def _refuse_past_migrations(records: Sequence[ReleaseRecord], current: ReleaseRecord, target: ReleaseRecord) -> None:
    gone = set(current.migrations.applied) - set(target.migrations.applied)
    final = {
        name for record in records if not record.migrations.revertible for name in record.migrations.new if name in gone
    }
    if final:
        raise past_migrations(target.id, final)


def past_migrations(target: str, final: Iterable[str]) -> RefusedError:
    """Return the refusal to restore release `target`, for the files `final` were applied since."""
    return RefusedError(
        f"release {target} cannot be restored",
        where=f"migrations {', '.join(sorted(final))}",
        why="they do more than add to the schema, so the older apps may not work with it",
        fix="mend forward: release a commit that works with the new schema",
    )
