"""Which programs a RUN starts in which package: itself, through the scripts of package.json, or through turbo."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from alecia_pipeline.audit.dockerfile.builds import Build, package_at
from alecia_pipeline.audit.dockerfile.commands import ShellCommand, filter_values, parse_commands
from alecia_pipeline.audit.dockerfile.layout import is_known
from alecia_pipeline.audit.dockerfile.state import Run
from alecia_pipeline.audit.snapshot import Snapshot
from alecia_pipeline.source.manifest import Manifest
from alecia_pipeline.source.words import expand
from alecia_pipeline.source.workspace import Workspace

BINARIES: Mapping[str, str] = {
    "tsc": "typescript", "webpack": "webpack-cli", "nest": "@nestjs/cli", "remix": "@remix-run/dev",
    "react-router": "@react-router/dev", "swc": "@swc/cli", "babel": "@babel/cli", "ng": "@angular/cli",
}  # fmt: skip
"""Programs that are not called like their package."""

_RUNNERS = frozenset({"npm", "pnpm", "yarn", "bun", "turbo"})
_FETCHING = frozenset({"dlx", "create"})
_EXECUTING = frozenset({"exec", "x"})
_LOADERS = frozenset({"dotenv", "dotenvx", "env-cmd"})
"""They set variables, and start what stands after `--`."""

_BUILD_SCRIPT = re.compile(r"build(?::\S+)?")
_MAX_DEPTH = 4
"""How far scripts may call scripts."""


@dataclass(frozen=True, slots=True)
class Started:
    """A program (the package that brings it) that runs in the package of a folder."""

    folder: str
    tool: str


def started(snapshot: Snapshot, build: Build, run: Run) -> Iterator[Started]:
    """Yield what a command starts. What it takes from the network (npx and its like) is not among it."""
    yield from _Scripts(snapshot.workspace, build.closure, run.env).of(run.command, package_at(run), _MAX_DEPTH)


def called_scripts(snapshot: Snapshot, build: Build, run: Run) -> Iterator[tuple[str, str]]:
    """Yield (folder, name) of each script of a package.json that a command runs, near and far."""
    yield from _Scripts(snapshot.workspace, build.closure, run.env).called(run.command, package_at(run), _MAX_DEPTH)


@dataclass(frozen=True)
class _Scripts:
    workspace: Workspace
    closure: tuple[str, ...]
    env: Mapping[str, str | None]

    def of(self, command: ShellCommand, here: str | None, depth: int) -> Iterator[Started]:
        """Yield what one command starts in the package of a folder; None: nobody knows in which."""
        words = command.words
        if command.fetched or not depth or _FETCHING & set(words):
            return
        if command.program not in _RUNNERS:
            yield Started(here or ".", BINARIES.get(command.program, command.program))
        elif _EXECUTING & set(words):
            yield from self.of(_executed(words), here, depth - 1)
        else:
            yield from self._through(command, here, depth)

    def _through(self, command: ShellCommand, here: str | None, depth: int) -> Iterator[Started]:
        """Yield what the scripts start that a runner runs."""
        if _is_turbo(command):
            yield Started(".", "turbo")
        for folder, name in self._named(command, here):
            for inner in parse_commands(self._text(folder, name)):
                yield from self.of(inner, folder, depth - 1)

    def called(self, command: ShellCommand, here: str | None, depth: int) -> Iterator[tuple[str, str]]:
        """Yield the scripts that one command runs in the package of a folder."""
        words = command.words
        if command.program in _LOADERS and "--" in words:
            yield from self.called(ShellCommand(words[words.index("--") + 1 :]), here, depth)
        elif command.program not in _RUNNERS or not depth or command.fetched or _FETCHING & set(words):
            return
        elif _EXECUTING & set(words):
            yield from self.called(_executed(words), here, depth)
        else:
            for folder, name in self._named(command, here):
                yield folder, name
                for inner in parse_commands(self._text(folder, name)):
                    yield from self.called(inner, folder, depth - 1)

    def _named(self, command: ShellCommand, here: str | None) -> Iterator[tuple[str, str]]:
        for folder in self.closure if _is_turbo(command) else self._folders(command, here):
            scripts = self.workspace.package(folder).manifest.scripts
            yield from ((folder, name) for name in command.words[1:] if name in scripts)

    def _text(self, folder: str, name: str) -> str:
        return str(self.workspace.package(folder).manifest.scripts[name])

    def _folders(self, command: ShellCommand, here: str | None) -> tuple[str, ...]:
        """Return the folders whose scripts pnpm runs: those of its filters, all, or the one where it stands."""
        given = [value for _, value in filter_values(command)]
        if not given:
            return self.closure if {"-r", "--recursive", "recursive"} & set(command.words) else (here,) if here else ()
        return tuple(folder for text in given if is_known(text, self.env) for folder in self._filtered(text))

    def _filtered(self, text: str) -> Iterator[str]:
        text = expand(text, self.env)
        for package in (self.workspace.root, *self.workspace.packages.values()):
            if text.strip(".^") in {package.name, package.name.rpartition("/")[2]}:
                yield from self.workspace.closure(package.dir) if text.endswith("...") else (package.dir,)


def _executed(words: tuple[str, ...]) -> ShellCommand:
    """Return what `pnpm exec` starts."""
    at = next(index for index, word in enumerate(words) if word in _EXECUTING)
    return ShellCommand(words[at + 1 :])


def _is_turbo(command: ShellCommand) -> bool:
    return any(word.partition("@")[0] == "turbo" for word in command.words)


def build_words(manifest: Manifest) -> set[str]:
    """Return the words of a manifest's build scripts, programs by the packages that bring them."""
    scripts = [str(text) for name, text in manifest.scripts.items() if _BUILD_SCRIPT.fullmatch(name)]
    words = {word for text in scripts for command in parse_commands(text) for word in command.words}
    return words | {BINARIES[word] for word in words & BINARIES.keys()}
