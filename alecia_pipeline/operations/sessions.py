"""Work on an environment's host under its lease, with nothing left unfinished there."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from alecia_pipeline.adapters.host import RemoteHost
from alecia_pipeline.errors import RefusedError
from alecia_pipeline.operations.hosts import connect, leased
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.rollout.journal import Snapshot
from alecia_pipeline.rollout.switch import Rollout, look


@dataclass(frozen=True, slots=True)
class Session:
    """A host whose lease is held, and the rollout's steps on it."""

    host: RemoteHost
    rollout: Rollout


@contextlib.contextmanager
def settled_session(runner: Runner, environment: str) -> Iterator[Session]:
    """Hold the lease, with no release left unconfirmed: an overdue one is reverted, RefusedError while it may be."""
    with session(runner, environment) as held:
        settle(runner, environment, held.rollout)
        yield held


@contextlib.contextmanager
def session(runner: Runner, environment: str) -> Iterator[Session]:
    """Hold the environment's lease. RefusedError while somebody else does."""
    with connect(runner, environment) as host, leased(host) as fence:
        yield Session(host, Rollout(host, host.agent, fence))


def settle(runner: Runner, environment: str, rollout: Rollout) -> Snapshot:
    """Revert what a reboot left unconfirmed; refuse while the host's own timer still runs."""
    snapshot = look(rollout.host, rollout.agent)
    left = snapshot.unfinished
    if left is None:
        return snapshot
    if snapshot.mending() == "wait":
        raise RefusedError(
            f"release {left.id} is switched, but neither confirmed nor reverted yet",
            where=environment,
            why=f"the host reverts it in {snapshot.seconds_left()} s unless its run confirms it",
            fix=f"wait; or `alecia repair --env {environment}` reverts it now",
        )
    runner.log(f"{environment}: release {left.id} was never confirmed; going back")
    rollout.revert(left.id, "it was left unconfirmed; the next run went back")
    return look(rollout.host, rollout.agent)
