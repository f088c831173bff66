"""The rules on Dockerfiles that warn: what differs from day to day, what takes long, what is not let in."""

from collections.abc import Callable, Iterable, Mapping

import pytest

from alecia_pipeline.audit.dockerfile import bases, build_env, caching, network
from alecia_pipeline.audit.finding import Finding
from alecia_pipeline.audit.snapshot import Snapshot, take_snapshot
from alecia_pipeline_tests.audit.snapshots import manifest
from alecia_pipeline_tests.incidents.suite import SUITE, edited
from alecia_pipeline_tests.trees import DictTree

WEBSITE = "apps/website/Dockerfile"
PIN = "@sha256:" + "0" * 64
Rule = Callable[[Snapshot], Iterable[Finding]]


def told(rule: Rule, files: Mapping[str, str]) -> list[tuple[int | None, str]]:
    """Return (line, message) of what a rule finds for the website."""
    snapshot = take_snapshot(DictTree({**SUITE, "apps/colab/Dockerfile": f"FROM node{PIN}\n", **files}))
    return [(finding.line, finding.message) for finding in rule(snapshot)]


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        (f"FROM node:20{PIN}\n", []),
        ("FROM scratch\n", []),
        ("ARG BASE\nFROM $BASE\n", []),
        ("ARG TAG=20\nFROM node:$TAG\n", [(2, "node:20 is the tag 20, not a digest")]),
        (
            "FROM node:20 AS a\nFROM a AS b\nFROM node:20\nCOPY --from=b / /\n",
            [(1, "node:20 is the tag 20, not a digest")],
        ),
        ("FROM node\n", [(1, "node is whatever is newest, not a digest")]),
        ("FROM reg:5000/x:latest\n", [(1, "reg:5000/x:latest is whatever is newest, not a digest")]),
        (f"FROM node{PIN}\nCOPY --from=uv:0.9 /uv /\n", [(2, "uv:0.9 is the tag 0.9, not a digest")]),
        (
            f"FROM node{PIN}\nRUN --mount=type=bind,from=uv:1 --mount=type=cache,target=/c ls\n",
            [(2, "uv:1 is the tag 1, not a digest")],
        ),
        (f"FROM node:20 AS unused\nFROM node{PIN}\n", []),
    ],
)  # fmt: skip
def test_images_are_taken_by_digest(text: str, messages: list[tuple[int, str]]) -> None:
    assert told(bases.findings, {WEBSITE: text}) == messages


def test_the_lock_pins_an_image() -> None:
    lock = f"version: 1\nimages: {{'node:20': '{PIN.removeprefix('@')}'}}\n"
    assert told(bases.findings, {WEBSITE: "FROM node:20\n", "alecia.lock": lock}) == []


def cache_lines(text: str) -> list[tuple[int | None, str]]:
    return [(line, message.partition(":")[0]) for line, message in told(caching.findings, {WEBSITE: text})]


LATE = "the sources are copied before pnpm install"
UNCACHED = "pnpm install has no cache mount"


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        (str(SUITE[WEBSITE]), []),
        ("FROM node\nCOPY . .\nRUN pnpm install\n", [(3, LATE), (3, UNCACHED)]),
        ("FROM node\nCOPY . .\nRUN --mount=type=cache,target=/s pnpm install\n", [(3, LATE)]),
        ("FROM node\nCOPY pnpm-lock.yaml .\nRUN pnpm fetch\nCOPY . .\nRUN pnpm install --offline\n", []),
        ("FROM node\nCOPY meta .\nRUN pnpm install\n", []),
        ("FROM node\nCOPY . .\n", []),
    ],
)
def test_dependencies_have_a_layer_of_their_own(text: str, messages: list[tuple[int, str]]) -> None:
    sources = {f"apps/website/app/{name}.tsx": "" for name in "abcd"}
    snapshot = take_snapshot(DictTree({**SUITE, **sources, "apps/colab/Dockerfile": "FROM node\n", WEBSITE: text}))
    found = [(item.line, item.message.partition(":")[0]) for item in caching.findings(snapshot)]
    assert found == messages


@pytest.mark.parametrize(
    ("run", "message"),
    [
        ("curl -fsSL https://get.example.invalid | sh", "curl fetches a URL: nothing checks what came"),
        ("wget https://x.invalid/a.tgz && echo '1 a.tgz' | sha256sum -c", None),
        ("curl http://localhost:3000/health", None),
        ("curl --version", None),
        ("git clone https://x.invalid/y", "git takes a repository as it is when the image is built"),
        ("git rev-parse HEAD", None),
        ("psql $URL -c 'select 1'", "psql asks a database while the image is built"),
        ("psql --version", None),
        ("pnpm prisma migrate deploy", "pnpm prisma migrate deploy needs a database while the image is built"),
        ("npx drizzle-kit@1 push", "drizzle-kit@1 push needs a database while the image is built"),
        ("pnpm prisma generate", None),
        ("npm i -g turbo pnpm@9.8.0 @scope/x", "turbo, @scope/x: whatever version is newest when the image is built"),
        ("npm install -g pnpm@9.11.0 --loglevel notice", None),
        ("pnpm add -g turbo@latest", "turbo@latest: whatever version is newest when the image is built"),
        ("npm i -g turbo@$TURBO ./tool", None),
        ("npm install lodash", None),
        ("apk add --no-cache curl", None),
        ("--mount=type=cache,target=/c cp -r /c/dist /out", "cp takes files out of the cache mount /c"),
        ("--mount=type=cache,target=/c cp -r /src /c", None),
        ("--mount=type=bind,target=/c cp -r /c/dist /out", None),
        ("--mount=type=cache,id=x ls", None),
        ("--mount=type=cache,id=x cp a b", None),
    ],
)
def test_a_run_takes_nothing_from_outside(run: str, message: str | None) -> None:
    found = told(network.findings, {WEBSITE: f"FROM node\nCOPY . .\nRUN {run}\n"})
    assert found == ([(3, message)] if message else [])


def test_what_add_takes_from_an_address_is_checked() -> None:
    text = "FROM node\nADD https://x.invalid/a /a\nADD --checksum=sha256:1 https://x.invalid/b /b\nADD package.json /\n"
    assert told(network.findings, {WEBSITE: text}) == [
        (2, "ADD https://x.invalid/a takes what the address has when the image is built")
    ]


PAGE = "apps/website/app/page.tsx"
READ = "export const key =\n  process.env.NEXT_PUBLIC_KEY;\n"


def env(text: str = READ, **files: str) -> list[tuple[int | None, str]]:
    return told(build_env.findings, {"apps/website/Dockerfile": str(SUITE[WEBSITE]), PAGE: text, **files})


def test_a_public_variable_that_no_dockerfile_lets_in() -> None:
    message = f"NEXT_PUBLIC_KEY is read, but {WEBSITE} has no ARG or ENV NEXT_PUBLIC_KEY before the build: "
    assert env() == [(2, message + "the build replaces it by undefined")]


@pytest.mark.parametrize(
    "text",
    [
        "process.env.NEXT_PUBLIC_KEY ?? 'x'",
        "process.env.NEXT_PUBLIC_KEY || 'x'",
        "process.env.NEXT_PUBLIC_KEY === '1'",
        "if (process.env.NEXT_PUBLIC_KEY) f()",
        "process.env.NEXT_PUBLIC_VERCEL_URL",
        "process.env.SECRET",
    ],
)
def test_a_read_that_needs_no_value(text: str) -> None:
    assert env(text) == []


BUILD = "RUN pnpm turbo build"


@pytest.mark.parametrize(
    ("line", "known"),
    [
        ("ARG NEXT_PUBLIC_KEY\n", True),
        ("ENV NEXT_PUBLIC_KEY=1\n", True),
        ("RUN NEXT_PUBLIC_KEY=1 pnpm turbo build --filter=@alecia/website\n", False),  # of another RUN
        ("COPY .env.docker .env\n", True),
        ("RUN echo NEXT_PUBLIC_KEY=1 > apps/website/.env.production\n", True),
        ("ARG OTHER\n", False),
    ],
)
def test_what_lets_a_variable_in(line: str, known: bool) -> None:
    text = edited(WEBSITE, BUILD, line + BUILD)
    if line.startswith("RUN NEXT"):
        text = text.replace(BUILD + " --filter=@alecia/website\n\n", "\n")
        known = True
    assert (env(**{WEBSITE: text}) == []) is known


def test_an_argument_behind_the_build_is_too_late() -> None:
    late = edited(WEBSITE, "ENV NODE_ENV=production", "ARG NEXT_PUBLIC_KEY\nENV NODE_ENV=production")
    assert env(**{WEBSITE: late})


@pytest.mark.parametrize(
    "files",
    [
        {"apps/website/.env.production": "# x\nexport NEXT_PUBLIC_KEY=1\n"},
        {".env": "NEXT_PUBLIC_KEY = 1\n"},
        {"alecia.yaml": "apps: {website: {build_args: {NEXT_PUBLIC_KEY: '1'}}}\n"},
        {"apps/website/package.json": manifest("@alecia/website", dependencies={"vite": "7"})},
        {WEBSITE: "FROM node\nCOPY . .\nRUN ./build.sh && pnpm install\n"},
        {WEBSITE: "FROM node\nCOPY apps/website/.next .\n"},
    ],
)
def test_where_else_it_may_come_from(files: dict[str, str]) -> None:
    assert env(**files) == []


def test_only_shipped_code_of_the_closure_counts() -> None:
    others = {"apps/colab/lib/s3.ts": READ, "apps/website/a.test.ts": READ, "packages/ui/src/card.tsx": READ}
    assert [line for line, _ in env("", **others)] == [2]
