"""The commands of the host's agent script, as values."""

from dataclasses import dataclass

from alecia_pipeline.rollout.ports import Command

STEP_BUSY = 75
STEP_FENCED = 76
"""How a step ends that did not act: the lock stayed taken, or another holder raised the fence."""

NOT_DONE = 99
"""What `wait` exits with while the step still runs."""


@dataclass(frozen=True, slots=True)
class Agent:
    """The agent script of one environment's `root` on a host. Its path holds its content's hash."""

    root: str
    version: str

    @property
    def path(self) -> str:
        """Where the script lies on the host."""
        return f"{self.root}/bin/agent-{self.version}"

    def command(self, name: str, *arguments: str) -> Command:
        """Return a call of the agent."""
        return Command.of(self.path, name, self.root, *arguments)

    def launch(self, fence: int, name: str, token: str, seconds: float) -> Command:
        """Start a detached step whose script comes on standard input; `token` is how to wait for it."""
        return self.command("launch", str(fence), name, token, f"{seconds:.0f}")

    def wait(self, token: str, seconds: int) -> Command:
        """Wait for a step: its status on the first line, then its output; or exit NOT_DONE after `seconds`."""
        return self.command("wait", token, str(seconds))
