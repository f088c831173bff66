"""A connection to this very machine, for a host in a folder: what the real one does over SSH, without a network."""

import subprocess

from alecia_pipeline.config import HostConfig
from alecia_pipeline.rollout.ports import Command, Completed


class LocalLink:
    """Runs what a host would run. `commands` lists the programs."""

    where = "this machine"
    alive = True

    def __init__(self) -> None:
        self.commands: list[tuple[str, ...]] = []

    def run(self, command: Command, *, stdin: bytes = b"", timeout: float = 60) -> Completed:
        self.commands.append(command.argv)
        done = subprocess.run(command.argv, input=stdin, capture_output=True, timeout=timeout, check=False)
        return Completed(done.returncode, done.stdout, done.stderr)

    def close(self) -> None:
        """Keep it: the next one that connects gets the same."""


def login() -> HostConfig:
    return HostConfig(address="here", user="me", identity_file="none", host_key="SHA256:" + "A" * 43)
