"""What stands where in each stage of a Dockerfile, up to each RUN: a simulation by COPY, ADD, WORKDIR, ENV, FROM."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from alecia_pipeline.audit.dockerfile.commands import ShellCommand, is_production, parse_commands, pnpm_call
from alecia_pipeline.audit.dockerfile.effects import unknown_places
from alecia_pipeline.audit.dockerfile.filesystem import (
    WILDCARD,
    Files,
    FileSystem,
    bound,
    copies,
    normal,
    place,
    sources_of,
)
from alecia_pipeline.audit.dockerfile.run_text import script_of
from alecia_pipeline.audit.dockerfile.state import ELSEWHERE, Install, MissingSource, Run, State, inherit
from alecia_pipeline.audit.manifests.pnpm_versions import OBEYS_NODE_ENV
from alecia_pipeline.source.dockerfile import (
    Dockerfile,
    Instruction,
    Stage,
    executed,
    global_variables,
    mounts,
    stage_below,
    stages_needed,
)
from alecia_pipeline.source.words import expand

_VARIABLE = re.compile(r"\$\{?([A-Za-z_]\w*)")
_PLAIN_BASE = re.compile(
    r"(?:.*[/_-])?(?:node|alpine|debian|ubuntu|bun|deno|golang|rust|python|nginx|caddy|busybox|distroless|nodejs|static"
    r"|postgres|playwright|wolfi-base|amazonlinux|ubi\d*|fedora|scratch)(?:[/:@_-].*)?"
)
"""Images of systems and languages: nothing of a repository is in them. In any other one, everything may be."""

MAX_STEPS = 5_000
"""Instructions that are followed; behind them nothing is known. Real Dockerfiles have some hundred at most."""

_MAX_NAME = 300

_PIN = re.compile(r"pnpm@\D{0,2}(\d+)\b.*")


@dataclass(frozen=True)
class Layout:
    """The simulated build of one target: every command, what COPY found and missed, what the last stage installed."""

    runs: tuple[Run, ...]
    missing: tuple[MissingSource, ...]
    found: frozenset[str]
    installed: Install | None

    @property
    def is_foreign(self) -> bool:
        """Whether nothing that it copies is in the repository: its context is made by somebody else."""
        return bool(self.missing) and not self.found


@dataclass(frozen=True, slots=True)
class Given:
    """What a builder is sent: `paths` of the repository. `real`: where one leads through links, None for out of it."""

    paths: frozenset[str]
    real: Callable[[str], str | None] = str


def simulate(
    dockerfile: Dockerfile,
    target: str | None,
    context: Given,
    build_args: Mapping[str, str],
    pnpm: tuple[int, ...] = (OBEYS_NODE_ENV,),
) -> Layout:
    """Walk the stages that `target` needs.

    `pnpm`: the major versions that may be meant; where there are several, the Dockerfile's own pin decides.
    """
    files = {f"/{path}": path for path in context.paths}
    walk = _Walk(dockerfile, files, build_args, pnpm, context.real, global_variables(dockerfile, build_args))
    for stage in stages_needed(dockerfile, target, build_args):
        walk.stage(stage)
    last = walk.states[dockerfile.stage(target).index]
    return Layout(tuple(walk.runs), tuple(walk.missing), frozenset(walk.found), last.install)


@dataclass
class _Walk:
    dockerfile: Dockerfile
    context: Files
    build_args: Mapping[str, str]
    pnpm: tuple[int, ...]
    real: Callable[[str], str | None]
    seen_by_from: Mapping[str, str | None]
    states: dict[int, State] = field(default_factory=dict)
    runs: list[Run] = field(default_factory=list)
    missing: list[MissingSource] = field(default_factory=list)
    found: set[str] = field(default_factory=set)
    steps: int = 0

    def stage(self, stage: Stage) -> None:
        below = stage_below(self.dockerfile, stage, self.seen_by_from)
        state = self.states[below.index].child() if below else State()
        known = is_known(stage.base, self.seen_by_from) and _is_plain(expand(stage.base, self.seen_by_from))
        if not (below or known):
            state.files.vague.add("/")
        state.lineage = (stage.index, *state.lineage)
        self.states[stage.index] = state
        for instruction in executed(self.dockerfile, stage, self.seen_by_from):
            self.steps += 1
            if self.steps > MAX_STEPS:
                state.files.vague.add("/")
                return
            self._follow(state, instruction)

    def _follow(self, state: State, instruction: Instruction) -> None:
        if instruction.keyword in {"COPY", "ADD"}:
            self._copy(state, instruction)
        elif instruction.keyword == "RUN":
            self._run(state, instruction)
        else:
            self._set(state, instruction)

    def _find(self, name: str) -> int | None:
        for stage in reversed(self.dockerfile.stages):
            if stage.index in self.states and name.lower() in {stage.name, str(stage.index)}:
                return stage.index
        return None

    def _set(self, state: State, instruction: Instruction) -> None:
        if instruction.keyword == "WORKDIR":
            if not is_known(instruction.text, state.env):
                state.files.vague.add("/")
            state.folder = normal(state.folder, expand(instruction.text, state.env))
        elif instruction.keyword in {"ARG", "ENV"}:
            for word in instruction.args:
                name, equals, value = word.partition("=")
                own = expand(value, state.env) if equals else self.dockerfile.global_args.get(name)
                value_now = self.build_args.get(name, own) if instruction.keyword == "ARG" else own
                state.env = {**state.env, name: value_now}

    def _copy(self, state: State, instruction: Instruction) -> None:
        words = sources_of(instruction.args)
        target = words[-1] if words else "."
        if not is_known(target, state.env):
            state.files.vague.add("/")
            return
        target = expand(target, state.env)
        for word in words[:-1]:
            if is_known(word, state.env):
                self._copy_one(state, instruction, expand(word, state.env), target, several=len(words) > 2)  # noqa: PLR2004 - source, target
            else:
                state.files.vague.add(normal(state.folder, target))

    def _copy_one(self, state: State, instruction: Instruction, source: str, target: str, *, several: bool) -> None:
        where = normal(state.folder, target)
        origin = self._origin(instruction)
        if origin is ELSEWHERE or "://" in source or source.startswith("git@"):
            state.files.vague.add(where)
            return
        files = self.context if origin is None else origin.files.known
        copied = dict(copies(files, self._behind_links(source) if origin is None else source, instruction))
        if origin is not None:
            state.files.receive(origin.files, normal(source), where)
            inherit(state, origin, source)
        elif copied:
            self.found.add(source)
        elif not WILDCARD.search(source):
            self.missing.append(MissingSource(instruction, source))
        if instruction.keyword == "ADD" and re.search(r"\.(?:tar|tgz|tar\.\w+)$", source):
            state.files.vague.add(where)
        place(state.files, copied, target, state.folder, several=several)

    def _behind_links(self, source: str) -> str:
        """Return a path of the context as a builder finds it. A pattern stays: what it matches is not followed."""
        clean = normal(source).lstrip("/")
        real = None if WILDCARD.search(source) else self.real(clean)
        return source if real in {None, clean} else str(real)

    def _origin(self, instruction: Instruction) -> State | None:
        """Return the stage that `--from` names, None for the context, ELSEWHERE for what is not known."""
        if "from" not in instruction.flags:
            return None
        index = self._find(expand(instruction.flags["from"][0], self.seen_by_from))
        return ELSEWHERE if index is None else self.states[index]

    def _run(self, state: State, instruction: Instruction) -> None:
        text = script_of(instruction)
        if text is None:
            state.files.vague.add("/")
            return
        mounted = state.files.copy()
        self._mount(state, mounted, instruction)
        for command in parse_commands(text):
            folder = normal(state.folder, command.folder)
            env = {**state.env, **command.env} if command.env else state.env
            self.runs.append(Run(state.lineage, instruction, command, folder, mounted.copy(), env, state.install))
            unknown = set(unknown_places(command, folder))
            state.files.vague |= unknown
            mounted.vague |= unknown
            self._effect(state, instruction, command, folder)

    def _effect(self, state: State, instruction: Instruction, command: ShellCommand, folder: str) -> None:
        pins = [int(match[1]) for match in map(_PIN.fullmatch, command.words) if match]
        state.pnpm = next(iter(pins), state.pnpm)
        call = pnpm_call(command)
        if call is None:
            return
        install = Install(instruction, call, is_production(call, state.env, obeys_node_env=self._obeys(state)))
        if call.is_install or (call.subcommand == "prune" and install.production):
            state.install = install
        elif call.subcommand == "deploy" and call.arguments:
            state.deployed[normal(folder, call.arguments[-1])] = install

    def _obeys(self, state: State) -> bool:
        """Tell whether NODE_ENV=production keeps devDependencies out."""
        major = self.pnpm[0] if len(self.pnpm) == 1 or state.pnpm is None else state.pnpm
        return major <= OBEYS_NODE_ENV

    def _mount(self, state: State, files: FileSystem, instruction: Instruction) -> None:
        """Show the files of `--mount=type=bind` to one RUN."""
        for mount in mounts(instruction):
            if mount.kind != "bind":
                continue
            source = normal(mount.source or "/")
            where = normal(state.folder, source if mount.target is None else mount.target)
            index = self._find(mount.options.get("from", ""))
            if "from" in mount.options and index is None:
                files.vague.add(where)
            elif index is not None:
                files.receive(self.states[index].files, source, where)
            known = self.context if index is None else self.states[index].files.known
            if index is not None or "from" not in mount.options:
                files.known = {**files.known, **dict(bound(known, source, where))}


def _is_plain(base: str) -> bool:
    return len(base) <= _MAX_NAME and _PLAIN_BASE.fullmatch(base) is not None


def is_known(text: str, variables: Mapping[str, str | None]) -> bool:
    """Tell whether every variable in a text has a value here; a build argument given later has none."""
    return all(variables.get(name) is not None for name in _VARIABLE.findall(text))
