"""What stands where in each stage of a Dockerfile, up to each RUN: a simulation by COPY, ADD, WORKDIR, ENV, FROM."""

import fnmatch
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from alecia_pipeline.audit.dockerfile.commands import PnpmCall, ShellCommand, is_production, parse_commands, pnpm_call
from alecia_pipeline.source.dockerfile import Dockerfile, Instruction, Stage, stages_needed
from alecia_pipeline.source.words import expand

Files = Mapping[str, str]
"""Absolute path in a container -> the path in the repository that it came from."""

_VARIABLE = re.compile(r"\$\{?([A-Za-z_]\w*)")
_WILDCARD = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class Install:
    """A `pnpm install` (or deploy, prune) that a stage's node_modules come from."""

    instruction: Instruction
    call: PnpmCall
    production: bool


@dataclass(frozen=True, slots=True)
class Run:
    """One command of a RUN and the state it finds. `opaque`: files came from a tool, not all are known."""

    stage: Stage
    instruction: Instruction
    command: ShellCommand
    folder: str
    files: Files
    env: Mapping[str, str | None]
    install: Install | None
    opaque: bool


@dataclass(frozen=True, slots=True)
class MissingSource:
    """A COPY or ADD source that the context does not have."""

    instruction: Instruction
    source: str


@dataclass
class _State:
    files: dict[str, str] = field(default_factory=dict)
    env: dict[str, str | None] = field(default_factory=dict)
    folder: str = "/"
    install: Install | None = None
    deployed: dict[str, Install] = field(default_factory=dict)
    opaque: bool = False

    def child(self) -> "_State":
        return _State(dict(self.files), dict(self.env), self.folder, self.install, dict(self.deployed), self.opaque)


@dataclass(frozen=True)
class Layout:
    """The simulated build of one target: every command, every missing source, and what the last stage installed."""

    runs: tuple[Run, ...]
    missing: tuple[MissingSource, ...]
    installed: Install | None


def simulate(
    dockerfile: Dockerfile, target: str | None, context: frozenset[str], build_args: Mapping[str, str]
) -> Layout:
    """Walk the stages that `target` needs. `context` holds the repository's paths that the builder is sent."""
    walk = _Walk(dockerfile, {f"/{path}": path for path in context}, build_args)
    for stage in stages_needed(dockerfile, target):
        walk.stage(stage)
    return Layout(tuple(walk.runs), tuple(walk.missing), walk.states[dockerfile.stage(target).index].install)


@dataclass
class _Walk:
    dockerfile: Dockerfile
    context: Files
    build_args: Mapping[str, str]
    states: dict[int, _State] = field(default_factory=dict)
    runs: list[Run] = field(default_factory=list)
    missing: list[MissingSource] = field(default_factory=list)

    def stage(self, stage: Stage) -> None:
        base = self._find(stage.base)
        state = self.states[base].child() if base is not None else _State()
        self.states[stage.index] = state
        for instruction in stage.instructions:
            if instruction.keyword in {"COPY", "ADD"}:
                self._copy(state, instruction)
            elif instruction.keyword == "RUN":
                self._run(state, stage, instruction)
            else:
                self._set(state, instruction)

    def _find(self, name: str) -> int | None:
        for stage in reversed(self.dockerfile.stages):
            if stage.index in self.states and name.lower() in {stage.name, str(stage.index)}:
                return stage.index
        return None

    def _set(self, state: _State, instruction: Instruction) -> None:
        if instruction.keyword == "WORKDIR":
            state.folder = posixpath.normpath(posixpath.join(state.folder, expand(instruction.text, state.env)))
        elif instruction.keyword in {"ARG", "ENV"}:
            for word in instruction.args:
                name, equals, value = word.partition("=")
                own = expand(value, state.env) if equals else self.dockerfile.global_args.get(name)
                state.env[name] = self.build_args.get(name, own) if instruction.keyword == "ARG" else own

    def _copy(self, state: _State, instruction: Instruction) -> None:
        origin = self._find(instruction.flags["from"][0]) if "from" in instruction.flags else None
        if "from" in instruction.flags and origin is None:
            return
        words = [word for word in instruction.args if not word.startswith("<<")]
        sources = [word for word in words[:-1] if is_known(word, state.env) and "://" not in word]
        target = expand(words[-1], state.env) if words else "."
        for word in sources:
            source = expand(word, state.env)
            if origin is not None:
                self._inherit(state, self.states[origin], source)
            copied = dict(copies(self.context if origin is None else self.states[origin].files, source, instruction))
            if not copied and origin is None and not _WILDCARD.search(source):
                self.missing.append(MissingSource(instruction, source))
            place(state.files, copied, target, state.folder, several=len(sources) > 1)

    def _inherit(self, state: _State, origin: _State, source: str) -> None:
        """Take over what was installed when node_modules, or the folder they stand in, is copied."""
        path = posixpath.normpath(posixpath.join("/", source))
        state.opaque = state.opaque or origin.opaque
        deployed = [install for folder, install in origin.deployed.items() if f"{path}/".startswith(f"{folder}/")]
        if deployed:
            state.install = deployed[0]
        elif origin.install and (posixpath.basename(path) == "node_modules" or path in {"/", origin.folder}):
            state.install = state.install or origin.install

    def _run(self, state: _State, stage: Stage, instruction: Instruction) -> None:
        text = (
            " ".join(instruction.args) if not instruction.heredocs else "\n".join(h.text for h in instruction.heredocs)
        )
        files = {**state.files, **dict(self._mounts(state, instruction))}
        for command in parse_commands(text):
            folder = posixpath.normpath(posixpath.join(state.folder, command.folder))
            self.runs.append(
                Run(stage, instruction, command, folder, files, dict(state.env), state.install, state.opaque)
            )
            self._effect(state, instruction, command, folder)

    def _effect(self, state: _State, instruction: Instruction, command: ShellCommand, folder: str) -> None:
        call = pnpm_call(command)
        if {"turbo", "prune"} <= set(command.words) or command.program in {"git", "tar", "unzip"}:
            state.opaque = True
        if call is None:
            return
        install = Install(instruction, call, is_production(call, state.env))
        if call.is_install or (call.subcommand == "prune" and install.production):
            state.install = install
        elif call.subcommand == "deploy" and call.arguments:
            state.deployed[posixpath.normpath(posixpath.join(folder, call.arguments[-1]))] = install

    def _mounts(self, state: _State, instruction: Instruction) -> Iterator[tuple[str, str]]:
        """Yield the files that `--mount=type=bind` shows to one RUN."""
        for mount in instruction.flags.get("mount", ()):
            options = dict(part.partition("=")[::2] for part in mount.split(","))
            if options.get("type") != "bind":
                continue
            origin = self._find(options["from"]) if "from" in options else None
            files = self.context if "from" not in options else self.states[origin].files if origin is not None else {}
            source = posixpath.normpath(posixpath.join("/", options.get("source", options.get("src", "/"))))
            target = options.get("target", options.get("dst", options.get("destination", source)))
            root = posixpath.normpath(posixpath.join(state.folder, target))
            for path, origin_path in files.items():
                if path == source or path.startswith(source.rstrip("/") + "/"):
                    yield posixpath.normpath(root + path[len(source.rstrip("/")) :]), origin_path


def is_known(text: str, variables: Mapping[str, str | None]) -> bool:
    """Tell whether every variable in a text has a value here; a build argument given later has none."""
    return all(variables.get(name) is not None for name in _VARIABLE.findall(text))


def copies(files: Files, source: str, instruction: Instruction) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield container path of origin -> (path below the destination, repository path). A lone file keeps `` as path."""
    keep = "parents" in instruction.flags
    pattern = posixpath.normpath(posixpath.join("/", source))
    depth = 0 if pattern == "/" else pattern.count("/")
    is_glob = _WILDCARD.search(pattern) is not None
    below = pattern.rstrip("/") + "/"
    for path, origin in files.items():
        if not is_glob and path != pattern and not path.startswith(below):
            continue
        head = "/".join(path.split("/")[: depth + 1]) if depth else "/"
        if is_glob and not _matches(head, pattern):
            continue
        inner = path.lstrip("/") if keep else path[len(head.rstrip("/")) + 1 :]
        yield path, (inner, origin)


def _matches(path: str, pattern: str) -> bool:
    pairs = zip(path.split("/"), pattern.split("/"), strict=False)
    return path.count("/") == pattern.count("/") and all(fnmatch.fnmatchcase(name, glob) for name, glob in pairs)


def place(
    files: dict[str, str], copied: Mapping[str, tuple[str, str]], target: str, folder: str, *, several: bool
) -> None:
    """Put copied files under a destination, as the builder does: `x/`, `.` and folders that exist take files in."""
    root = posixpath.normpath(posixpath.join(folder, target))
    into = several or target.endswith(("/", ".")) or root == folder or any(p.startswith(root + "/") for p in files)
    for path, (inner, origin) in copied.items():
        lone = posixpath.basename(path) if into or len(copied) > 1 else ""
        files[posixpath.normpath(posixpath.join(root, inner or lone))] = origin
