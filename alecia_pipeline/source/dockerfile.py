"""A Dockerfile as values: stages, instructions, flags, here-documents, with the line each began on."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType

from alecia_pipeline.errors import UsageError
from alecia_pipeline.source.dockerfile_lines import Heredoc, Statement, directives, statements
from alecia_pipeline.source.text import decode
from alecia_pipeline.source.words import WORD, expand, split_words

_SHELL_KEYWORDS = frozenset({"CMD", "ENTRYPOINT", "HEALTHCHECK", "MAINTAINER", "ONBUILD", "RUN"})
_WORD_KEYWORDS = frozenset(
    {"ADD", "ARG", "COPY", "ENV", "EXPOSE", "FROM", "LABEL", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"}
)
_EXEC_KEYWORDS = frozenset({"ADD", "CMD", "COPY", "ENTRYPOINT", "RUN", "SHELL", "VOLUME"})
_FLAG_KEYWORDS = frozenset({"ADD", "COPY", "FROM", "HEALTHCHECK", "RUN"})


AUTOMATIC_ARGS: Mapping[str, str] = {
    "TARGETPLATFORM": "linux/amd64",
    "TARGETOS": "linux",
    "TARGETARCH": "amd64",
    "TARGETVARIANT": "",
}
"""What BuildKit itself defines for the one platform that images are built for. BUILD… depend on the builder."""


MAX_STAGES = 200
"""Each may be built from the one before it; nobody writes so many by hand."""


@dataclass(frozen=True)
class Instruction:
    """One instruction. `args`: words; or the one shell command of RUN and its like; or the list of the exec form."""

    keyword: str
    args: tuple[str, ...]
    flags: Mapping[str, tuple[str, ...]]
    text: str
    line: int
    heredocs: tuple[Heredoc, ...] = ()
    exec_form: bool = False

    @property
    def script(self) -> str:
        """What a shell reads: the arguments, then the here-documents."""
        return "\n".join((" ".join(self.args), *(heredoc.text for heredoc in self.heredocs)))


@dataclass(frozen=True, slots=True)
class Mount:
    """One `RUN --mount`: its type and its options."""

    kind: str
    options: Mapping[str, str]

    @property
    def source(self) -> str | None:
        """What is shown, as written."""
        return self.options.get("source", self.options.get("src"))

    @property
    def target(self) -> str | None:
        """Where it is shown, as written, in any of its spellings."""
        return self.options.get("target", self.options.get("dst", self.options.get("destination")))


@dataclass(frozen=True)
class Stage:
    """One FROM and what follows it. `base` is as written, `name` in lower case."""

    index: int
    name: str | None
    base: str
    platform: str | None
    instructions: tuple[Instruction, ...]
    line: int


@dataclass(frozen=True)
class Dockerfile:
    """The stages in order. `global_args`: ARGs before the first FROM, with their defaults; `syntax`: its frontend."""

    path: str
    stages: tuple[Stage, ...]
    global_args: Mapping[str, str | None] = field(default_factory=dict)
    syntax: str | None = None

    def stage(self, target: str | None) -> Stage:
        """Return the stage to build: by name, by number, or the last one. Raises UsageError for an unknown one."""
        if target is None:
            return self.stages[-1]
        for stage in self.stages:
            if stage.name == target.lower() or str(stage.index) == target:
                return stage
        known = ", ".join(stage.name for stage in self.stages if stage.name) or "none has a name"
        raise UsageError(
            f"{self.path} has no stage {target!r}",
            where=self.path,
            why=f"its stages: {known}",
            fix="name one of them as target",
        )


@lru_cache(maxsize=256)
def parse_dockerfile(data: bytes, path: str) -> Dockerfile:
    """Parse a Dockerfile; the same bytes are parsed once. Raises UsageError with path and line."""
    lines = decode(data, path).replace("\r\n", "\n").split("\n")
    settings = directives(lines)
    found = [_instruction(statement, path) for statement in statements(lines, settings.get("escape", "\\"), path)]
    starts = [at for at, instruction in enumerate(found) if instruction.keyword == "FROM"]
    if not starts:
        raise _wrong(path, 1, "it has no FROM")
    if len(starts) > MAX_STAGES:
        raise _wrong(path, found[starts[MAX_STAGES]].line, f"it has more than {MAX_STAGES} stages")
    for instruction in found[: starts[0]]:
        if instruction.keyword != "ARG":
            raise _wrong(path, instruction.line, f"{instruction.keyword} stands before the first FROM")
    parts = zip(starts, [*starts[1:], len(found)], strict=True)
    stages = tuple(_stage(number, found[start:end], path) for number, (start, end) in enumerate(parts))
    return Dockerfile(path, stages, arguments(found[: starts[0]]), settings.get("syntax"))


def parse_trigger(onbuild: Instruction, path: str) -> Instruction:
    """Return the instruction that an ONBUILD adds to the stages built from its own. Raises UsageError."""
    keyword, *rest = onbuild.text.split(maxsplit=1)
    return _instruction(Statement(keyword.upper(), "".join(rest), onbuild.line, onbuild.heredocs), path)


def arguments(instructions: Iterable[Instruction]) -> Mapping[str, str | None]:
    """Return the ARGs among `instructions`, name -> default or None; defaults are not expanded."""
    words = [word for instruction in instructions if instruction.keyword == "ARG" for word in instruction.args]
    pairs = (word.partition("=") for word in words)
    return {name: value if equals else None for name, equals, value in pairs}


def global_variables(dockerfile: Dockerfile, build_args: Mapping[str, str]) -> Mapping[str, str | None]:
    """Return what FROM sees: BuildKit's own arguments and the ARGs before the first FROM, each with its value."""
    variables: dict[str, str | None] = dict(AUTOMATIC_ARGS)
    for name, default in dockerfile.global_args.items():
        chosen = build_args.get(name, default)
        variables[name] = variables.get(name) if chosen is None else expand(chosen, variables)
    return variables


def stages_needed(
    dockerfile: Dockerfile, target: str | None, build_args: Mapping[str, str] = MappingProxyType({})
) -> tuple[Stage, ...]:
    """Return, in order, the stages that building `target` runs: through FROM, COPY --from and mounts."""
    variables = global_variables(dockerfile, build_args)
    needed: dict[int, Stage] = {}
    queue = [dockerfile.stage(target)]
    while queue:
        stage = queue.pop()
        if stage.index not in needed:
            needed[stage.index] = stage
            queue += _references(dockerfile, stage, variables)
    return tuple(needed[index] for index in sorted(needed))


def stage_below(dockerfile: Dockerfile, stage: Stage, variables: Mapping[str, str | None]) -> Stage | None:
    """Return the earlier stage that this one is built from; None for an image. `variables`: what FROM sees."""
    base = expand(stage.base, variables).lower()
    return next((earlier for earlier in reversed(dockerfile.stages[: stage.index]) if earlier.name == base), None)


def executed(dockerfile: Dockerfile, stage: Stage, variables: Mapping[str, str | None]) -> tuple[Instruction, ...]:
    """Return the instructions of a stage, behind those that ONBUILD adds in the stage below it."""
    below = stage_below(dockerfile, stage, variables)
    onbuild = (each for each in (below.instructions if below else ()) if each.keyword == "ONBUILD")
    return (*(parse_trigger(each, dockerfile.path) for each in onbuild), *stage.instructions)


def _references(dockerfile: Dockerfile, stage: Stage, variables: Mapping[str, str | None]) -> Iterator[Stage]:
    """Yield the earlier stages that this one names; a number counts only after `from=`."""
    named = (name for instruction in executed(dockerfile, stage, variables) for name in origins(instruction))
    sources = {expand(name, variables).lower() for name in named}
    base = expand(stage.base, variables).lower()
    for earlier in dockerfile.stages[: stage.index]:
        if earlier.name in {base, *sources} or str(earlier.index) in sources:
            yield earlier


def mounts(instruction: Instruction) -> Iterator[Mount]:
    """Yield the mounts of a RUN; one without a type is a bind mount."""
    for flag in instruction.flags.get("mount", ()):
        pairs = (part.partition("=") for part in flag.split(","))
        options = {name.strip().lower(): value for name, _, value in pairs}
        yield Mount(options.get("type", "bind").lower(), options)


def origins(instruction: Instruction) -> Iterator[str]:
    """Yield what an instruction takes files from, as written: stages, images and named contexts."""
    yield from instruction.flags.get("from", ())
    yield from (mount.options["from"] for mount in mounts(instruction) if "from" in mount.options)


def _stage(number: int, instructions: list[Instruction], path: str) -> Stage:
    start = instructions[0]
    base, *name = start.args
    if name and not (len(name) == 2 and name[0].upper() == "AS"):  # noqa: PLR2004 - AS and a name
        raise _wrong(path, start.line, "FROM takes an image, and may end in `AS name`")
    platform = start.flags.get("platform", (None,))[0]
    return Stage(number, name[1].lower() if name else None, base, platform, tuple(instructions[1:]), start.line)


def _instruction(statement: Statement, path: str) -> Instruction:
    keyword, line = statement.keyword, statement.line
    if keyword not in _SHELL_KEYWORDS | _WORD_KEYWORDS:
        raise _wrong(path, line, f"unknown instruction {keyword:.40}")
    flags, text = _flags(statement.rest) if keyword in _FLAG_KEYWORDS else ({}, statement.rest)
    if not text:
        raise _wrong(path, line, f"{keyword} needs an argument")
    listed = _exec_form(text) if keyword in _EXEC_KEYWORDS else None
    args = _words(keyword, text) if listed is None else listed
    return Instruction(keyword, args, flags, text, line, statement.heredocs, exec_form=listed is not None)


def _flags(rest: str) -> tuple[Mapping[str, tuple[str, ...]], str]:
    """Take the leading `--name=value` words off; a flag without a value is `true`."""
    flags: dict[str, tuple[str, ...]] = {}
    while rest.startswith("--") and (word := WORD.match(rest)):
        name, equals, value = "".join(split_words(word[0])).removeprefix("--").partition("=")
        flags[name] = (*flags.get(name, ()), value if equals else "true")
        rest = rest[word.end() :].lstrip()
    return flags, rest


def _exec_form(text: str) -> tuple[str, ...] | None:
    """Return the list of `["a", "b"]`; anything that is not such a list is shell form, as the builder has it."""
    if not text.startswith("["):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return tuple(value) if all(isinstance(item, str) for item in value) else None


def _words(keyword: str, text: str) -> tuple[str, ...]:
    if keyword in _SHELL_KEYWORDS:
        return (text,)
    words = split_words(text)
    if keyword in {"ENV", "LABEL"} and "=" not in words[0]:  # the old form: ENV name the whole rest
        name, *rest = text.split(maxsplit=1)
        return (f"{name}={''.join(rest)}",)
    return tuple(words)


def _wrong(path: str, line: int, why: str) -> UsageError:
    return UsageError(f"{path} is not a valid Dockerfile", where=f"{path}:{line}", why=why, fix="mend that line")
