"""What a build takes from outside its instructions: files of the context, base images, secrets, arguments."""

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from alecia_pipeline.errors import UsageError
from alecia_pipeline.source.dockerfile import (
    Dockerfile,
    Instruction,
    Stage,
    arguments,
    executed,
    global_variables,
    mounts,
    origins,
    stage_below,
    stages_needed,
)
from alecia_pipeline.source.words import expand, is_determined

_SCRATCH = "scratch"
SYNTAX_ARG = "BUILDKIT_SYNTAX"
"""BuildKit takes the image in this build argument before the one that `# syntax=` names."""

_DOCKERFILE = re.compile(r"(?:^|/)dockerfile(?:-upstream)?(?::[^/]*)?$")
"""The readers of Dockerfiles, under their own name or a mirror's."""

_REMOTE = re.compile(r"(?:https?|git|ssh)://|[\w.-]+@[\w.-]+:")
"""Addresses; the last form is that of git over SSH."""


@dataclass(frozen=True)
class Reads:
    """What the stages of one target read. `sources`: cleaned paths or patterns from the context, `.` for all of it.

    `base`: the image whose layers are the lowest of the result; None for one that starts from scratch. `frontend`: the
    image that reads the Dockerfile itself, in place of BuildKit's own reader; one of `bases` too. `secrets`: ids;
    `required`: those without which a RUN fails.
    """

    sources: tuple[str, ...]
    bases: tuple[str, ...]
    secrets: tuple[str, ...]
    arguments: frozenset[str]
    base: str | None
    required: frozenset[str] = frozenset()
    frontend: str | None = None


def dockerfile_reads(dockerfile: Dockerfile, target: str | None, build_args: Mapping[str, str]) -> Reads:
    """Return what building `target` reads.

    Raises UsageError for an unknown target, for an image without a name, and for a Dockerfile in a language of its own.
    """
    return _Reader(dockerfile, build_args, global_variables(dockerfile, build_args)).reads(target)


@dataclass
class _Scope:
    """The variables of a stage, as they are at one of its instructions. ENV is passed on to what is built from it."""

    arguments: dict[str, str | None] = field(default_factory=dict)
    environment: dict[str, str | None] = field(default_factory=dict)

    @property
    def variables(self) -> Mapping[str, str | None]:
        """What an instruction sees."""
        return {**self.arguments, **self.environment}


@dataclass(frozen=True)
class _Reader:
    """Walks stages. `seen_by_from`: the variables that FROM sees."""

    dockerfile: Dockerfile
    build_args: Mapping[str, str]
    seen_by_from: Mapping[str, str | None]

    def reads(self, target: str | None) -> Reads:
        stages = stages_needed(self.dockerfile, target, self.build_args)
        frontend = _frontend(self.dockerfile, self.build_args)
        known = set(self.dockerfile.global_args)
        sources: set[str] = set()
        bases: set[str] = {frontend} if frontend else set()
        secrets: dict[str, bool] = {}
        for stage in stages:
            bases |= set(self._base(stage))
            for instruction, variables in self._scoped(stage, _Scope()):
                known |= arguments([instruction]).keys()
                bases |= set(self._origins(stage, instruction, variables))
                sources |= set(_sources(instruction, variables))
                for name, required in _secrets(instruction):
                    secrets[name] = secrets.get(name, False) or required
        return Reads(
            sources=tuple(sorted(sources)),
            bases=tuple(sorted(bases)),
            secrets=tuple(sorted(secrets)),
            arguments=frozenset(known),
            base=self._lowest(stages[-1]),
            required=frozenset(name for name, required in secrets.items() if required),
            frontend=frontend,
        )

    def _lowest(self, stage: Stage) -> str | None:
        """Return the image that a stage starts from, through the stages below it."""
        below = stage_below(self.dockerfile, stage, self.seen_by_from)
        return self._lowest(below) if below else next(self._base(stage), None)

    def _base(self, stage: Stage) -> Iterator[str]:
        """Yield the image that a stage takes from a registry, if it does."""
        if stage_below(self.dockerfile, stage, self.seen_by_from) is None:
            yield from self._image(stage.base, stage.line, self.seen_by_from)

    def _origins(self, stage: Stage, instruction: Instruction, variables: Mapping[str, str | None]) -> Iterator[str]:
        """Yield the images that an instruction copies from or mounts: not those that are earlier stages."""
        earlier = {each for past in self.dockerfile.stages[: stage.index] for each in (past.name, str(past.index))}
        seen = {**self.seen_by_from, **variables}
        for name in origins(instruction):
            if expand(name, seen).lower() not in earlier:
                yield from self._image(name, instruction.line, seen)

    def _image(self, written: str, line: int, variables: Mapping[str, str | None]) -> Iterator[str]:
        """Yield an image's name; nothing for `scratch`. A name that is not known here could not be keyed: refused."""
        place = f"{self.dockerfile.path}:{line}"
        if not is_determined(written, variables):
            raise UsageError(
                f"which image {written} is cannot be told",
                where=place,
                why="a variable in it is neither an ARG before the first FROM nor one of BuildKit's TARGET…, "
                "or its syntax is not known",
                fix="name the image, or declare its ARG before the first FROM",
            )
        name = expand(written, variables)
        if name.lower() in {stage.name for stage in self.dockerfile.stages}:
            raise UsageError(
                f"{name} is an image and a stage",
                where=place,
                why="pinned under its name, the image would stand in for the stage",
                fix=f"name the stage otherwise, or take the image by its digest, {name}@sha256:…",
            )
        if name.lower() != _SCRATCH:
            yield name

    def _scoped(self, stage: Stage, scope: _Scope) -> Iterator[tuple[Instruction, Mapping[str, str | None]]]:
        """Yield every instruction of a stage, what ONBUILD adds first, with the variables that it sees."""
        below = stage_below(self.dockerfile, stage, self.seen_by_from)
        if below:
            inherited = _Scope()
            for _ in self._scoped(below, inherited):
                pass
            scope.environment |= inherited.environment
        for instruction in executed(self.dockerfile, stage, self.seen_by_from):
            yield instruction, scope.variables
            self._set(scope, instruction)

    def _set(self, scope: _Scope, instruction: Instruction) -> None:
        if instruction.keyword == "ARG":
            for name, default in arguments([instruction]).items():
                chosen = self.build_args.get(name, default)
                given = self.seen_by_from.get(name) if chosen is None else expand(chosen, scope.variables)
                scope.arguments[name] = given
        elif instruction.keyword == "ENV":
            for word in instruction.args:
                name, _, value = word.partition("=")
                scope.environment[name] = expand(value, scope.variables)


def _frontend(dockerfile: Dockerfile, build_args: Mapping[str, str]) -> str | None:
    """Return the image that `# syntax=` names, or the build argument that wins over it. Raises UsageError."""
    name = next(iter(build_args.get(SYNTAX_ARG, dockerfile.syntax or "").split()), None)
    if name is None or _DOCKERFILE.search(name.partition("@")[0]):
        return name
    raise UsageError(
        f"{dockerfile.path} is in a language that {name} alone knows",
        where=f"{dockerfile.path}:1",
        why="what a build of it reads cannot be told",
        fix="write it for docker/dockerfile, or leave the `# syntax=` line out",
    )


def _secrets(instruction: Instruction) -> Iterator[tuple[str, bool]]:
    """Yield the id of every secret mount, by default its target's last part, and whether the RUN fails without it."""
    for mount in mounts(instruction):
        if mount.kind == "secret":
            name = mount.options.get("id") or posixpath.basename(mount.target or "")
            yield name, mount.options.get("required", "false").lower() in {"", "true", "1"}


def _sources(instruction: Instruction, variables: Mapping[str, str | None]) -> Iterator[str]:
    if instruction.keyword in {"COPY", "ADD"} and "from" not in instruction.flags:
        for word in instruction.args[:-1]:
            if not word.startswith("<<"):
                yield from _source(word, variables, across="parents" in instruction.flags)
    for mount in mounts(instruction):
        if mount.kind == "bind" and "from" not in mount.options:
            yield from _source(mount.source or ".", variables)


def _source(word: str, variables: Mapping[str, str | None], *, across: bool = False) -> Iterator[str]:
    """Yield a source's path or pattern: nothing for an address, all files where the base image may decide.

    `across`: `**` crosses folders (COPY --parents): all that is below where it begins is taken.
    """
    path = expand(word, variables)
    if not is_determined(word, variables):
        yield "."
    elif not _REMOTE.match(path):
        begin, deep, _ = path.partition("**") if across else (path, "", "")
        yield _clean(begin.rpartition("/")[0] + "/*" if deep else path)


def _clean(path: str) -> str:
    """Return a path from the context's root: `/a/`, `./a` and `a` are the same, and nothing leaves the root."""
    return posixpath.normpath("/" + path).lstrip("/") or "."
