"""Stage, switch, confirm, revert: each one journaled step on a host, and what its end means."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from alecia_pipeline.errors import AleciaError, OutsideError, ReleaseFailedError
from alecia_pipeline.rollout.agent import Agent
from alecia_pipeline.rollout.journal import Snapshot, parse_snapshot
from alecia_pipeline.rollout.ports import Host

HEALTHY_SECONDS = 120
WATCH_SECONDS = 3


@dataclass(frozen=True, slots=True)
class Staging:
    """A service to start beside the one that runs. `file` is the compose file on the host; port and path its smoke."""

    file: str
    app: str
    service: str
    image: str
    port: int | None
    path: str


@dataclass(frozen=True, slots=True)
class Rollout:
    """The use cases of a rollout under a held lease: `fence` is its number."""

    host: Host
    agent: Agent
    fence: int

    def up(self, file: str, services: list[str]) -> None:
        """Start what is not running of the third-party services, recreate what changed, wait until all are healthy."""
        script = f"mend_half_created\n{_call('bring_up', file, str(HEALTHY_SECONDS), *services)}"
        self._step("stack", script, "the services did not come up", timeout=HEALTHY_SECONDS + 300)

    def pull(self, references: list[str]) -> dict[str, str]:
        """Pull images by reference; return reference -> reference by digest."""
        script = "\n".join(_call("pull", reference) for reference in references)
        output = self._step("pull", script, "an image cannot be pulled", timeout=580, outside=True)
        return {name: digest for name, _, digest in (line.partition(" ") for line in output.splitlines())}

    def stage(self, staging: Staging) -> None:
        """Start a service, wait until it is healthy, watch that it stays so, smoke it; else it is taken away again.

        Raises ReleaseFailedError with the end of its log.
        """
        call = ("stage", staging.file, staging.service, staging.image, str(HEALTHY_SECONDS), str(WATCH_SECONDS))
        smoke = (str(staging.port), staging.path, staging.app) if staging.port else ()
        script = _call(*call, *smoke)
        self._step(f"stage-{staging.app}", script, f"{staging.app} did not pass its staging", timeout=300)

    def keep_static(self, images: Mapping[str, str]) -> dict[str, int]:
        """Copy the static files of Next.js apps (app -> image on the host) to where Caddy serves them from.

        Those of earlier releases stay until these are pruned, so that pages opened before a switch go on working.
        Return app -> number of its image's files; none were found where its build has another folder than `.next`.
        """
        script = "\n".join(_call("keep_static", app, image) for app, image in sorted(images.items()))
        output = self._step("static", script, "static files cannot be copied from an image")
        return {app: int(count) for app, _, count in (line.partition(" ") for line in output.splitlines())}

    def switch(self, release: str, parent: str | None, seconds: int) -> None:
        """Make a release live by one rename; from then on the host reverts it unless it is confirmed in `seconds`."""
        script = _call("switch_release", release, parent or "", str(seconds))
        self._step("switch", script, f"the switch to {release} failed")

    def watch(self, seconds: float, services: list[str]) -> None:
        """Watch that services stay the same healthy containers for so long."""
        script = _call("watch", f"{seconds:.0f}", *services)
        self._step("soak", script, "a service did not stay healthy after the switch", timeout=seconds + 60)

    def confirm(self, release: str) -> None:
        """Make a switched release final. Raises ReleaseFailedError when the host reverted it before."""
        self._step("confirm", _call("confirm_release", release), f"{release} cannot be confirmed")

    def revert(self, release: str, why: str) -> None:
        """Go back to the release that was live before an unconfirmed one, or finish that."""
        self._step("revert", _call("revert_release", release, why), f"{release} cannot be reverted")

    def sweep(self, keep: list[str]) -> tuple[str, ...]:
        """Stop and remove the apps' containers that are not in `keep`; return their services."""
        output = self._step("sweep", _call("sweep", *keep), "old containers cannot be removed", timeout=300)
        return tuple(output.split())

    def prune(self, releases: list[str], images: list[str], running: set[tuple[str, str]]) -> None:
        """Delete old releases from the host, with the images that only they used.

        Static files stay for `running` alone: the (app, image) pairs of the releases that are kept.
        """
        static = sorted(f"{app}/{image.rpartition(':')[2]}" for app, image in running)
        calls = (("prune_releases", *releases), ("prune_static", *static), ("prune_images", *images))
        script = "\n".join(_call(*call) for call in calls)
        self._step("prune", script, "old releases cannot be removed", timeout=300)

    def _step(self, name: str, script: str, what: str, *, timeout: float = 300, outside: bool = False) -> str:
        done = self.host.step(name, script + "\n", fence=self.fence, timeout=timeout)
        if done.status == 0:
            return done.text
        kind: type[AleciaError] = OutsideError if outside else ReleaseFailedError
        why = _tail(done.stderr.decode(errors="replace")) or f"exit status {done.status}"
        raise kind(what, where=self.agent.root, why=why, fix="`alecia logs SERVICE --env E` shows more")


def look(host: Host, agent: Agent) -> Snapshot:
    """Return the journal as it is now."""
    done = host.run(agent.command("snapshot"))
    if done.status:
        raise OutsideError(
            "the journal cannot be read",
            where=agent.root,
            why=done.stderr.decode(errors="replace"),
            fix="`alecia doctor --env E` checks the host",
        )
    return parse_snapshot(done.text, agent.root)


def _call(*words: str) -> str:
    return shlex.join(words)


def _tail(text: str) -> str:
    """Return the last lines without compose's progress (` Container … Healthy`), which would hide the reason."""
    return "\n".join([line for line in text.splitlines() if not line.startswith(" ")][-12:])
