import pytest

from alecia_pipeline.errors import UsageError
from alecia_pipeline.source.dockerfile import (
    Dockerfile,
    Instruction,
    arguments,
    parse_dockerfile,
    parse_trigger,
    stages_needed,
)

WEBSITE = b"""\
# syntax=docker/dockerfile:1
ARG NODE=20
ARG REGISTRY
FROM --platform=$BUILDPLATFORM node:${NODE}-alpine AS Base
ENV A=1 B="two words" C='$x'
ENV OLD the  whole rest
LABEL note old form
FROM base AS deps
COPY --chown=node:node --from=base  package.json "a b" ./
RUN --mount=type=cache,target=/x --mount=type=bind,from=tools,source=/a pnpm install \\
    # why
    --frozen-lockfile
FROM scratch AS tools
ONBUILD RUN x
FROM node AS unused
FROM base as runner
COPY --from=1 --link /app /app
COPY ["with space", "x/"]
RUN <<EOF
pnpm build
EOF
CMD ["node", "server.js"]
ENTRYPOINT [not json
RUN [1]
HEALTHCHECK --interval=5s CMD curl x
EXPOSE 3000/tcp 3001
"""


def parse(text: str) -> Dockerfile:
    return parse_dockerfile(text.encode(), "Dockerfile")


def test_stages() -> None:
    dockerfile = parse_dockerfile(WEBSITE, "Dockerfile")
    assert dockerfile.syntax == "docker/dockerfile:1"
    assert dockerfile.global_args == {"NODE": "20", "REGISTRY": None}
    assert [(s.index, s.name, s.base, s.platform, s.line) for s in dockerfile.stages] == [
        (0, "base", "node:${NODE}-alpine", "$BUILDPLATFORM", 4),
        (1, "deps", "base", None, 8),
        (2, "tools", "scratch", None, 13),
        (3, "unused", "node", None, 15),
        (4, "runner", "base", None, 16),
    ]


def test_instructions() -> None:
    base, deps, tools, _, runner = parse_dockerfile(WEBSITE, "Dockerfile").stages
    assert [i.args for i in base.instructions] == [
        ("A=1", "B=two words", r"C=\$x"),
        ("OLD=the  whole rest",),
        ("note=old form",),
    ]
    copy, run = deps.instructions
    assert copy.args == ("package.json", "a b", "./")
    assert copy.flags == {"chown": ("node:node",), "from": ("base",)}
    assert run.args == ("pnpm install     --frozen-lockfile",)
    assert run.flags["mount"] == ("type=cache,target=/x", "type=bind,from=tools,source=/a")
    assert tools.instructions[0].args == ("RUN x",)
    linked, listed, heredoc, command, entry, shell, health, expose = runner.instructions
    assert linked.flags == {"from": ("1",), "link": ("true",)}
    assert (listed.args, listed.exec_form) == (("with space", "x/"), True)
    assert heredoc.heredocs[0].text == "pnpm build\n"
    assert (command.args, command.exec_form) == (("node", "server.js"), True)
    assert (entry.args, entry.exec_form) == (("[not json",), False)
    assert (shell.args, shell.exec_form) == (("[1]",), False)
    assert (health.flags, health.args) == ({"interval": ("5s",)}, ("CMD curl x",))
    assert expose.args == ("3000/tcp", "3001")


def test_windows_line_ends_and_a_byte_order_mark() -> None:
    stage = parse("\ufeffFROM a\r\nRUN b \\\r\n c\r\n").stages[0]
    assert stage.instructions == (Instruction("RUN", ("b  c",), {}, "b  c", 2),)


@pytest.mark.parametrize(
    ("target", "names"),
    [
        ("runner", ["base", "deps", "runner"]),
        (None, ["base", "deps", "runner"]),
        ("DEPS", ["base", "deps"]),
        ("3", ["unused"]),
    ],
)
def test_stages_that_a_target_needs(target: str | None, names: list[str]) -> None:
    assert [s.name for s in stages_needed(parse_dockerfile(WEBSITE, "Dockerfile"), target)] == names


def test_a_mount_and_a_variable_base_need_their_stage() -> None:
    dockerfile = parse("ARG B=two\nFROM x AS one\nFROM y AS two\nFROM ${B} AS three\nRUN --mount=from=one,source=/a ls")
    assert [s.name for s in stages_needed(dockerfile, "three")] == ["one", "two", "three"]


def test_a_base_that_is_a_number_is_an_image() -> None:
    assert [s.index for s in stages_needed(parse("FROM a\nFROM 0"), None)] == [1]


def test_an_unknown_target_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match="no stage 'x'") as caught:
        parse_dockerfile(WEBSITE, "Dockerfile").stage("x")
    assert "base, deps" in str(caught.value)
    with pytest.raises(UsageError, match="no stage") as caught:
        parse("FROM a").stage("x")
    assert "none has a name" in str(caught.value)


def test_arguments_of_a_stage() -> None:
    assert arguments(parse("FROM a\nARG X Y=1 Z=\nRUN x").stages[0].instructions) == {"X": None, "Y": "1", "Z": ""}


@pytest.mark.parametrize(
    ("text", "where", "why"),
    [
        ("", "Dockerfile:1", "it has no FROM"),
        ("ARG A\nRUN x\nFROM y", "Dockerfile:2", "RUN stands before"),
        ("FROM a\nCOPPY x y", "Dockerfile:2", "unknown instruction COPPY"),
        ("FROM a\nCOPY", "Dockerfile:2", "COPY needs an argument"),
        ("FROM a\nCOPY --from=x", "Dockerfile:2", "COPY needs an argument"),
        ("FROM a b", "Dockerfile:1", "FROM takes an image"),
        ("FROM a\n" * 300, "Dockerfile:201", "it has more than 200 stages"),
        ("FROM a AS", "Dockerfile:1", "FROM takes an image"),
        ("FROM a\nRUN [" + "[" * 100_000, None, None),
    ],
)
def test_a_bad_dockerfile_is_one_clear_error(text: str, where: str | None, why: str | None) -> None:
    if where is None:
        assert not parse(text).stages[0].instructions[0].exec_form
        return
    with pytest.raises(UsageError, match="not a valid Dockerfile") as caught:
        parse(text)
    assert caught.value.where == where
    assert why
    assert why in str(caught.value)


def test_a_trigger_is_an_instruction_of_its_own() -> None:
    (onbuild,) = parse_dockerfile(b"FROM a\nONBUILD COPY --chown=1 x y\n", "Dockerfile").stages[0].instructions
    copy = parse_trigger(onbuild, "Dockerfile")
    assert (copy.keyword, copy.args, copy.line) == ("COPY", ("x", "y"), 2)
    assert copy.flags == {"chown": ("1",)}
