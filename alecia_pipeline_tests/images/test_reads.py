import pytest

from alecia_pipeline.errors import UsageError
from alecia_pipeline.images.command import PLATFORM
from alecia_pipeline.images.reads import Reads, dockerfile_reads
from alecia_pipeline.source.dockerfile import AUTOMATIC_ARGS, parse_dockerfile


def reads(text: str, target: str | None = None, **build_args: str) -> Reads:
    return dockerfile_reads(parse_dockerfile(text.encode(), "Dockerfile"), target, build_args)


def test_copies_and_binds_read_the_context_other_stages_and_addresses_do_not() -> None:
    got = reads(
        "FROM scratch AS one\nCOPY ./a/ /b ../c/ /\nADD https://example.org/x git@example.org:x.git d /\n"
        "ADD me@git.example.org:y/z.git#v1 /v1\n"
        "FROM one\nCOPY --from=one /e /e\n"
        "RUN --mount=type=bind,source=f,target=/f --mount=src=g,target=/g --mount=target=/all true\n"
        "RUN --mount=type=bind,from=one,source=h,target=/h --mount=type=cache,target=/cache true\n"
        "COPY <<EOF /i\ntext\nEOF\n"
    )
    assert got.sources == (".", "a", "b", "c", "d", "f", "g")


def test_only_stages_that_the_target_needs_are_read() -> None:
    text = "FROM x AS a\nCOPY a /\nFROM y AS b\nCOPY b /\nFROM z AS c\nCOPY c /\nCOPY --from=a /a /\n"
    assert reads(text).sources == ("a", "c")
    assert reads(text, target="b").bases == ("y",)


def test_variables_are_expanded_as_the_builder_does() -> None:
    text = (
        "ARG NODE=20\nARG UNSET\nARG IMAGE=node:${NODE}\nFROM ${IMAGE}-alpine\n"
        "ARG NODE\nARG APP\nARG KIND=web\nARG NONE\nENV DIR=apps/$APP\nCOPY $DIR/$KIND-$NODE$NONE /x\n"
        "RUN --mount=source=$DIR/y,target=/y true\n"
    )
    got = reads(text, APP="cms", NODE="22")
    assert got.bases == ("node:22-alpine",)
    assert got.sources == ("apps/cms/web-22", "apps/cms/y")
    assert got.arguments == {"NODE", "UNSET", "IMAGE", "APP", "KIND", "NONE"}


def test_bases_are_images_from_outside() -> None:
    got = reads(
        "FROM node:20 AS build\nFROM Build AS next\nCOPY --from=0 /a /\nCOPY --from=tools:1 /b /\n"
        "RUN --mount=type=bind,from=sdk:2,target=/s true\nFROM scratch\nCOPY --from=next /c /\n"
    )
    assert got.bases == ("node:20", "sdk:2", "tools:1")


def test_secrets_are_known_by_id_which_is_the_last_part_of_the_target_by_default() -> None:
    got = reads("FROM x\nRUN --mount=type=secret,id=npm --mount=type=secret,target=/root/netrc true\n")
    assert (got.secrets, got.required) == (("netrc", "npm"), frozenset())


@pytest.mark.parametrize("required", ["required", "required=true", "required=1"])
def test_one_mount_that_requires_a_secret_is_enough(required: str) -> None:
    mounts = f"RUN --mount=type=secret,id=npm true\nRUN --mount=type=secret,id=npm,{required} true\n"
    assert reads(f"FROM x\n{mounts}RUN --mount=type=secret,id=a,required=false true\n").required == {"npm"}


def test_from_sees_the_arguments_before_it_alone() -> None:
    text = "ARG NODE=20\nFROM node:${NODE}\nARG NODE=18\nENV NODE=/usr/local/bin/node\nCOPY x$NODE /\n"
    got = reads(text)
    assert (got.bases, got.base) == (("node:20",), "node:20")
    assert got.sources == ("x/usr/local/bin/node",)


@pytest.mark.parametrize(
    ("chosen", "build_args"),
    [
        ("ARG V=debian\nFROM variant-${V}", {"V": "alpine"}),
        ("ARG A=alpine\nARG B=variant-$A\nFROM $B", {}),
        ("ARG TARGETVARIANT\nFROM variant-alpine$TARGETVARIANT", {}),
    ],
)
def test_which_stages_run_is_decided_by_the_arguments(chosen: str, build_args: dict[str, str]) -> None:
    arguments, _, last = chosen.rpartition("\n")
    stages = "FROM debian:12 AS variant-debian\nCOPY d /\nFROM alpine:3 AS variant-alpine\nCOPY a /\n"
    got = reads(f"{arguments}\n{stages}{last}\n", **build_args)
    assert (got.bases, got.base, got.sources) == (("alpine:3",), "alpine:3", ("a",))


def test_the_platform_decides_as_the_builder_has_it() -> None:
    assert (
        AUTOMATIC_ARGS["TARGETPLATFORM"] == PLATFORM == "/".join(AUTOMATIC_ARGS[f"TARGET{n}"] for n in ("OS", "ARCH"))
    )
    got = reads("FROM a:1 AS base-amd64\nCOPY a /\nFROM base-${TARGETARCH}\nARG TARGETARCH\nCOPY x-$TARGETARCH /\n")
    assert (got.bases, got.sources) == (("a:1",), ("a", "x-amd64"))


def test_onbuild_reads_for_the_stage_above_it() -> None:
    base = (
        "FROM node:20 AS base\nONBUILD ARG DIR=tools\nONBUILD COPY $DIR/x /\nONBUILD COPY --from=alpine:3 /a /\n"
        "ONBUILD COPY --from=other /b /\nONBUILD RUN --mount=type=secret,id=tok true\n"
    )
    other = "FROM debian:12 AS other\nCOPY o /\n"
    got = reads(f"{other}{base}FROM base AS next\nFROM next\n")
    assert (got.sources, got.bases) == (("o", "tools/x"), ("alpine:3", "debian:12", "node:20"))
    assert (got.secrets, got.base) == (("tok",), "node:20")
    assert "DIR" in got.arguments
    assert reads(f"{other}{base}FROM scratch\nCOPY --from=base /a /\n").sources == ()


def test_variables_are_those_of_their_line_and_of_the_stages_below() -> None:
    got = reads(
        "FROM x AS below\nENV DIR=a\nARG LOST=b\nFROM below\nCOPY $DIR /\nARG D=c\nCOPY $D /\nARG D=d\nCOPY $D /\n"
        "ARG URL=https://example.org/x\nADD $URL /\n"
    )
    assert got.sources == ("a", "c", "d")


@pytest.mark.parametrize("word", ["$HOME/x", "${V#v}/x", "${V/a/b}"])
def test_a_source_that_the_base_image_may_decide_is_everything(word: str) -> None:
    assert reads(f"FROM x\nARG V=v1\nCOPY {word} /\n").sources == (".",)


def test_parents_cross_folders() -> None:
    got = reads("FROM x\nCOPY --parents tools/**/*.json a/b /app/\nCOPY --parents **/*.sql /\nCOPY c/**/d /\n")
    assert got.sources == ("*", "a/b", "c/**/d", "tools/*")


def test_a_mounts_options_have_no_case() -> None:
    got = reads("FROM x\nRUN --mount=TYPE=Secret,ID=tok,REQUIRED true\n")
    assert (got.secrets, got.required) == (("tok",), frozenset({"tok"}))


@pytest.mark.parametrize(
    "text",
    [
        "FROM alpine AS alpine\n",
        "FROM nginx\nFROM x AS nginx\nCOPY --from=0 /a /\n",
        "FROM x AS tools\nCOPY --from=Later /a /\nFROM x AS later\nCOPY --from=tools /a /\n",
        "ARG V=v1\nFROM node:${V#v}\n",
        "FROM node:${BUILDARCH}\n",
        "FROM x\nCOPY --from=y:$HOME /a /\n",
    ],
)
def test_an_image_that_cannot_be_keyed_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        reads(f"{text}\n")
    assert (refused.value.where or "").startswith("Dockerfile:")


def test_an_image_by_its_digest_may_be_called_like_a_stage() -> None:
    digest = "alpine@sha256:" + "a" * 64
    assert reads(f"FROM {digest} AS alpine\nFROM alpine\n").bases == (digest,)


@pytest.mark.parametrize(
    ("line", "build_args", "frontend"),
    [
        ("# syntax=docker/dockerfile:1\n", {}, "docker/dockerfile:1"),
        ("# syntax = r.test:5000/docker/dockerfile-upstream:m\n", {}, "r.test:5000/docker/dockerfile-upstream:m"),
        ("# syntax=docker.io/docker/dockerfile@sha256:aa more\n", {}, "docker.io/docker/dockerfile@sha256:aa"),
        ("# syntax=docker/dockerfile:1\n", {"BUILDKIT_SYNTAX": "dockerfile:2"}, "dockerfile:2"),
        ("", {"BUILDKIT_SYNTAX": "dockerfile"}, "dockerfile"),
    ],
)
def test_what_reads_the_dockerfile_is_an_image_too(line: str, build_args: dict[str, str], frontend: str) -> None:
    got = reads(f"{line}FROM node\n", **build_args)
    assert (got.frontend, got.bases) == (frontend, tuple(sorted(["node", frontend])))


def test_without_a_syntax_line_the_builder_reads_it_itself() -> None:
    assert reads("FROM node\n").frontend is None


def test_a_language_that_nobody_here_knows_is_refused() -> None:
    with pytest.raises(UsageError, match="a language that r2d4/mopy alone knows"):
        reads("# syntax=r2d4/mopy\nFROM node\n")
