"""Who may act on an environment: one holder at a time, numbered by a fence that only grows."""

import contextlib
from collections.abc import Iterator

from alecia_pipeline.errors import OutsideError, RefusedError
from alecia_pipeline.rollout.agent import Agent
from alecia_pipeline.rollout.ports import Completed, Host

_HELD = 3


@contextlib.contextmanager
def lease(host: Host, agent: Agent, owner: str) -> Iterator[int]:
    """Take the lease, yield its fence number, give it back. RefusedError naming the holder when it is taken.

    A holder that died loses it 60 s after its last step, counted by the host's uptime.
    """
    fence = _taken(host.run(agent.command("lease-take", owner)), agent)
    try:
        yield fence
    finally:
        # A lost connection must not hide the error that is on its way; the lease ends by itself.
        with contextlib.suppress(OutsideError):
            host.run(agent.command("lease-give", str(fence)))


def take_over(host: Host, agent: Agent) -> str:
    """Take the lease from whoever holds it; return the former holder, empty when there was none."""
    done = host.run(agent.command("unlock"), timeout=60)
    if done.status:
        raise _refused("the lease cannot be taken over", done, agent)
    return done.text.strip()


def _taken(done: Completed, agent: Agent) -> int:
    if done.status == _HELD:
        raise _refused("another run is at work on this environment", done, agent)
    if done.status:
        raise OutsideError(
            "the lease cannot be taken",
            where=agent.root,
            why=done.stderr.decode(errors="replace"),
            fix="`alecia doctor --env E` checks the host",
        )
    return int(done.text)


def _refused(what: str, done: Completed, agent: Agent) -> RefusedError:
    return RefusedError(
        what,
        where=agent.root,
        why=(done.text + done.stderr.decode(errors="replace")).strip(),
        fix="wait for it; if its runner is gone, `alecia unlock --env E` takes over",
    )
