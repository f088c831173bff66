import pytest

from alecia_pipeline.images.reads import Reads, dockerfile_reads
from alecia_pipeline.source.dockerfile import parse_dockerfile


def reads(text: str, target: str | None = None, **build_args: str) -> Reads:
    return dockerfile_reads(parse_dockerfile(text.encode(), "Dockerfile"), target, build_args)


def test_copies_and_binds_read_the_context_other_stages_and_addresses_do_not() -> None:
    got = reads(
        "FROM scratch AS one\nCOPY ./a/ /b ../c/ /\nADD https://example.org/x git@example.org:x.git d /\n"
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
