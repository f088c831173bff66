"""What a build takes from outside its instructions: files of the context, base images, secrets, arguments."""

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from alecia_pipeline.source.dockerfile import Dockerfile, Instruction, Stage, arguments, mounts, origins, stages_needed
from alecia_pipeline.source.words import expand

_SCRATCH = "scratch"
_REMOTE = ("http://", "https://", "git@", "git://", "ssh://")


@dataclass(frozen=True)
class Reads:
    """What the stages of one target read. `sources`: cleaned paths or patterns from the context, `.` for all of it.

    `base`: the image whose layers are the lowest of the result; None for one that starts from scratch. `secrets`: ids;
    `required`: those without which a RUN fails.
    """

    sources: tuple[str, ...]
    bases: tuple[str, ...]
    secrets: tuple[str, ...]
    arguments: frozenset[str]
    base: str | None
    required: frozenset[str] = frozenset()


def dockerfile_reads(dockerfile: Dockerfile, target: str | None, build_args: Mapping[str, str]) -> Reads:
    """Return what building `target` reads. Raises UsageError for an unknown target."""
    stages = stages_needed(dockerfile, target)
    known = set(dockerfile.global_args)
    sources: set[str] = set()
    bases: set[str] = set()
    secrets: dict[str, bool] = {}
    for stage in stages:
        variables = _variables(dockerfile, stage, build_args)
        known |= arguments(stage.instructions).keys()
        bases |= set(_bases(dockerfile, stage, variables))
        for instruction in stage.instructions:
            sources |= set(_sources(instruction, variables))
            for name, required in _secrets(instruction):
                secrets[name] = secrets.get(name, False) or required
    base = _lowest(dockerfile, stages[-1], build_args)
    return Reads(
        sources=tuple(sorted(sources)),
        bases=tuple(sorted(bases)),
        secrets=tuple(sorted(secrets)),
        arguments=frozenset(known),
        base=base,
        required=frozenset(name for name, required in secrets.items() if required),
    )


def _lowest(dockerfile: Dockerfile, stage: Stage, build_args: Mapping[str, str]) -> str | None:
    """Return the image that a stage starts from, through the stages before it."""
    base = expand(stage.base, _global_variables(dockerfile, build_args))
    earlier = {str(each.name).lower(): each for each in dockerfile.stages[: stage.index] if each.name}
    if base.lower() in earlier:
        return _lowest(dockerfile, earlier[base.lower()], build_args)
    return None if base.lower() == _SCRATCH else base


def _variables(dockerfile: Dockerfile, stage: Stage, build_args: Mapping[str, str]) -> dict[str, str | None]:
    """Return every variable of a stage, the last value of each: enough for paths, which are never redefined midway."""
    variables: dict[str, str | None] = dict(_global_variables(dockerfile, build_args))
    for instruction in stage.instructions:
        if instruction.keyword == "ARG":
            for name, default in arguments([instruction]).items():
                chosen = build_args.get(name, default)
                variables[name] = variables.get(name) if chosen is None else expand(chosen, variables)
        elif instruction.keyword == "ENV":
            for word in instruction.args:
                name, _, value = word.partition("=")
                variables[name] = expand(value, variables)
    return variables


def _global_variables(dockerfile: Dockerfile, build_args: Mapping[str, str]) -> dict[str, str | None]:
    variables: dict[str, str | None] = {}
    for name, default in dockerfile.global_args.items():
        chosen = build_args.get(name, default)
        variables[name] = None if chosen is None else expand(chosen, variables)
    return variables


def _bases(dockerfile: Dockerfile, stage: Stage, variables: Mapping[str, str | None]) -> Iterator[str]:
    """Yield the images that come from a registry: not earlier stages, not `scratch`."""
    known = {_SCRATCH, *(s.name for s in dockerfile.stages if s.name), *(str(s.index) for s in dockerfile.stages)}
    named = (name for instruction in stage.instructions for name in origins(instruction))
    for name in (stage.base, *named):
        expanded = expand(name, variables)
        if expanded.lower() not in known:
            yield expanded


def _secrets(instruction: Instruction) -> Iterator[tuple[str, bool]]:
    """Yield the id of every secret mount, by default its target's last part, and whether the RUN fails without it."""
    for mount in mounts(instruction):
        if mount.kind == "secret":
            name = mount.options.get("id") or posixpath.basename(mount.target or "")
            yield name, mount.options.get("required", "false").lower() in {"", "true", "1"}


def _sources(instruction: Instruction, variables: Mapping[str, str | None]) -> Iterator[str]:
    if instruction.keyword in {"COPY", "ADD"} and "from" not in instruction.flags:
        for word in instruction.args[:-1]:
            if not word.startswith(("<<", *_REMOTE)):
                yield _clean(expand(word, variables))
    for mount in mounts(instruction):
        if mount.kind == "bind" and "from" not in mount.options:
            source = mount.source or "."
            yield _clean(expand(source, variables))


def _clean(path: str) -> str:
    """Return a path from the context's root: `/a/`, `./a` and `a` are the same, and nothing leaves the root."""
    return posixpath.normpath("/" + path).lstrip("/") or "."
