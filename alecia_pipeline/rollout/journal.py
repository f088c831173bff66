"""What the host's journal says: the releases' states, the lease, and what to do after something was cut off."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast, get_args

from alecia_pipeline.errors import OutsideError

State = Literal["switching", "switched", "confirmed", "reverting", "reverted"]

Mending = Literal["nothing", "wait", "revert"]
"""What an unfinished release needs: the host's timer still runs (wait), or it cannot come any more (revert)."""

_OPEN = frozenset({"switching", "switched", "reverting"})


@dataclass(frozen=True, slots=True)
class ReleaseState:
    """The last journaled state of a release. `deadline` is in seconds of the host's uptime, `at` its UTC clock."""

    id: str
    state: State
    parent: str | None
    boot: str
    deadline: int
    at: str
    why: str


@dataclass(frozen=True, slots=True)
class Lease:
    """Who holds the environment; `owner` is empty when nobody does."""

    fence: int
    owner: str
    seconds_left: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The journal at one moment: uptime (seconds), boot, the live release, the lease and every release's state."""

    uptime: int
    boot: str
    live: str | None
    lease: Lease
    releases: Mapping[str, ReleaseState]

    @property
    def unfinished(self) -> ReleaseState | None:
        """The release whose switch or revert is not over; there is at most one."""
        return next((state for state in self.releases.values() if state.state in _OPEN), None)

    def mending(self) -> Mending:
        """Return what the unfinished release needs. A reboot ends the host's timer, so nobody else would revert it."""
        open_release = self.unfinished
        if open_release is None:
            return "nothing"
        due = open_release.boot != self.boot or self.uptime >= open_release.deadline
        return "revert" if due else "wait"

    def seconds_left(self) -> int:
        """Return after how many seconds the host reverts the unfinished release by itself."""
        return max(0, self.unfinished.deadline - self.uptime) if self.unfinished else 0


def parse_snapshot(text: str, where: str) -> Snapshot:
    """Read what the agent's `snapshot` prints. Raises OutsideError for a journal that is not one."""
    sections = _sections(text)
    try:
        now = sections.pop("now")
        fence = sections.pop("fence", {})
        states = {name.removeprefix("release "): fields for name, fields in sections.items()}
        releases = {name: _state(name, states[name]) for name in sorted(states)}
        uptime, boot = int(now["uptime"]), now["boot"]
        return Snapshot(uptime, boot, now["live"] or None, _lease(fence, uptime, boot), releases)
    except (KeyError, ValueError) as error:
        raise OutsideError(
            "the journal on the host cannot be read", where=where, why=repr(error), fix="look into journal/ there"
        ) from error


def _sections(text: str) -> dict[str, dict[str, str]]:
    sections: dict[str, dict[str, str]] = {}
    fields: dict[str, str] = {}
    for line in text.splitlines():
        if line.startswith("[") and line.endswith("]"):
            fields = sections.setdefault(line[1:-1], {})
        else:
            key, _, value = line.partition("=")
            fields[key] = value
    return sections


def _lease(fields: Mapping[str, str], uptime: int, boot: str) -> Lease:
    left = int(fields.get("until", "0")) - uptime if fields.get("boot") == boot else 0
    owner = fields.get("owner", "") if left > 0 else ""
    return Lease(int(fields.get("number", "0")), owner, max(0, left) if owner else 0)


def _state(name: str, fields: Mapping[str, str]) -> ReleaseState:
    state = fields["state"]
    if state not in get_args(State):
        raise ValueError(f"{name} has the state {state!r}")
    return ReleaseState(
        id=name,
        state=cast("State", state),
        parent=fields["parent"] or None,
        boot=fields["boot"],
        deadline=int(fields["deadline"]),
        at=fields["at"],
        why=fields["why"],
    )
