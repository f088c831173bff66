"""What is known of a stage while the simulation walks it, and of each command that it runs."""

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from alecia_pipeline.audit.dockerfile.commands import PnpmCall, ShellCommand
from alecia_pipeline.audit.dockerfile.filesystem import FileSystem, is_below, normal
from alecia_pipeline.source.dockerfile import Instruction


@dataclass(frozen=True, slots=True)
class Install:
    """A `pnpm install` (or deploy, prune) that a stage's node_modules come from."""

    instruction: Instruction
    call: PnpmCall
    production: bool


@dataclass(frozen=True, slots=True)
class Run:
    """One command of a RUN and the state that it finds. `lineage`: its stage's index, and those of the stages below."""

    lineage: tuple[int, ...]
    instruction: Instruction
    command: ShellCommand
    folder: str
    files: FileSystem
    env: Mapping[str, str | None]
    install: Install | None


@dataclass(frozen=True, slots=True)
class MissingSource:
    """A COPY or ADD source that the context does not have."""

    instruction: Instruction
    source: str


@dataclass
class State:
    """A stage while it is walked. `deployed`: folders that `pnpm deploy` filled."""

    files: FileSystem = field(default_factory=FileSystem)
    env: Mapping[str, str | None] = field(default_factory=dict)
    folder: str = "/"
    install: Install | None = None
    deployed: dict[str, Install] = field(default_factory=dict)
    lineage: tuple[int, ...] = ()
    pnpm: int | None = None

    def child(self) -> "State":
        """Return what a stage built from this one begins with."""
        return replace(self, files=self.files.copy(), deployed=dict(self.deployed))


ELSEWHERE = State()
"""Stands for an image or a context whose files are not known."""


def inherit(state: State, origin: State, source: str) -> None:
    """Take over what was installed when node_modules, or the folder they stand in, is copied."""
    path = normal(source)
    deployed = [install for folder, install in origin.deployed.items() if is_below(path, folder)]
    if deployed:
        state.install = deployed[0]
    elif origin.install and (posixpath.basename(path) == "node_modules" or path in {"/", origin.folder}):
        # Of two that are laid over one another, the fuller one counts.
        state.install = origin.install if state.install is None or state.install.production else state.install
