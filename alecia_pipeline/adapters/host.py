"""A server over SSH as the rollout's Host: short commands, atomic files, detached journaled steps."""

import contextlib
import hashlib
import secrets
import time
from collections.abc import Callable, Iterator
from importlib import resources

from alecia_pipeline.adapters.ssh import SshLink
from alecia_pipeline.errors import OutsideError, RefusedError
from alecia_pipeline.rollout.agent import NOT_DONE, STEP_BUSY, STEP_FENCED, Agent
from alecia_pipeline.rollout.ports import Command, Completed

_PARTS = ("base", "lease", "steps", "containers", "static", "switch", "commands")
_FOLDER = resources.files("alecia_pipeline.adapters") / "host_agent"

AGENT_SCRIPT = b"".join((_FOLDER / f"{part}.sh").read_bytes() for part in _PARTS)
"""The host's side of a rollout; it is installed as one file."""

WAIT_SECONDS = 20
RECONNECT_SECONDS = 60.0
ABSENT = 44

# A file in a folder that the user may not enter is not "absent": cat says why.
_READ = 'd=$(dirname "$1"); if [ -e "$1" ] || { [ -e "$d" ] && [ ! -x "$d" ]; }; then exec cat "$1"; else exit 44; fi'
# The temporary file has its mode before the first byte of a secret is in it.
_WRITE = (
    'set -e; t=$(mktemp "$1.XXXXXX"); trap \'rm -f "$t"\' EXIT; chmod "$2" "$t"; cat >"$t"; sync "$t"; '
    'mv -T "$t" "$1"; trap - EXIT; sync "$(dirname "$1")"'
)


def agent_of(root: str) -> Agent:
    """Return the agent that belongs to this version of the pipeline."""
    return Agent(root, hashlib.sha256(AGENT_SCRIPT).hexdigest()[:12])


class RemoteHost:
    """The Host port over SSH. `dial` makes a connection; a lost one is made anew where that is safe."""

    def __init__(self, dial: Callable[[], SshLink], agent: Agent) -> None:
        self._dial = dial
        self.agent = agent
        self._link = dial()

    @property
    def where(self) -> str:
        """user@address:port, for messages."""
        return self._link.where

    def run(self, command: Command, *, stdin: bytes = b"", timeout: float = 60) -> Completed:
        """Run a short command to its end (seconds). A non-zero status is returned, not raised."""
        if not self._link.alive:
            self._link = self._dial()
        return self._link.run(command, stdin=stdin, timeout=timeout)

    def step(self, name: str, script: str, *, fence: int, timeout: float = 600) -> Completed:
        """Run a journaled detached step to its end, through lost connections. RefusedError when it was fenced off."""
        token = secrets.token_hex(8)
        launched = self.run(self.agent.launch(fence, name, token, timeout), stdin=script.encode())
        if launched.status:
            raise self._failed(f"the step {name} could not be started", launched)
        done = self._wait(name, token, time.monotonic() + timeout + 60)
        status, _, output = done.stdout.partition(b"\n")
        return self._judged(name, Completed(int(status), output, done.stderr))

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes, or None when there is none."""
        done = self.run(Command.of("sh", "-c", _READ, "sh", path))
        if done.status == ABSENT:
            return None
        if done.status:
            raise self._failed(f"{path} cannot be read", done)
        return done.stdout

    def write(self, path: str, data: bytes, *, mode: int) -> None:
        """Replace a file atomically: temporary file with `mode` from the start, fsync, rename."""
        done = self.run(Command.of("sh", "-c", _WRITE, "sh", path, f"{mode:o}"), stdin=data)
        if done.status:
            raise self._failed(f"{path} cannot be written", done)

    @contextlib.contextmanager
    def forward(self, address: str, port: int) -> Iterator[int]:
        """Forward a free port of 127.0.0.1 on the runner to `address:port` as the host reaches it; yield the port."""
        with self._link.forward(address, port) as local:
            yield local

    def stream(self, command: Command) -> Iterator[str]:
        """Yield the lines of a command's standard output as they come; leaving the loop ends the command."""
        yield from self._link.stream(command)

    def close(self) -> None:
        """Close the connection."""
        self._link.close()

    def _wait(self, name: str, token: str, deadline: float) -> Completed:
        while time.monotonic() < deadline:
            done = self._ask(token)
            if done.status == 0:
                return done
            if done.status != NOT_DONE:
                raise self._failed(f"the step {name} cannot be waited for", done)
        raise OutsideError(
            f"the step {name} did not end in time",
            where=self.where,
            why="the host still works on it",
            fix="`alecia status` shows the real state",
        )

    def _ask(self, token: str) -> Completed:
        """Ask for a step's result; the connection may break and come back, the step does not care."""
        deadline = time.monotonic() + RECONNECT_SECONDS
        while True:
            try:
                return self.run(self.agent.wait(token, WAIT_SECONDS), timeout=WAIT_SECONDS + 20)
            except OutsideError:
                if time.monotonic() >= deadline:
                    raise
                self._link.close()
                time.sleep(1)

    def _judged(self, name: str, done: Completed) -> Completed:
        if done.status == STEP_FENCED:
            raise RefusedError(
                f"the step {name} did not act: another run took over this environment",
                where=self.where,
                why="the lease's fence was raised",
                fix="look at `alecia status`, then start again",
            )
        if done.status == STEP_BUSY:
            raise RefusedError(
                f"the step {name} did not act",
                where=self.where,
                why="another step holds the lock of this environment",
                fix="wait for it, or look at `alecia status`",
            )
        return done

    def _failed(self, what: str, done: Completed) -> OutsideError:
        why = done.stderr.decode(errors="replace").strip()[-500:] or f"exit status {done.status}"
        return OutsideError(what, where=self.where, why=why, fix="`alecia doctor` checks the host")
