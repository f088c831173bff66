import pytest

from alecia_pipeline.audit.dockerfile.layout import Layout, simulate
from alecia_pipeline.source.dockerfile import parse_dockerfile

CONTEXT = frozenset({"package.json", "a/x.ts", "a/b/y.ts", "packages/ui/package.json", "packages/db/package.json"})


def built(text: str, target: str | None = None, **build_args: str) -> Layout:
    return simulate(parse_dockerfile(text.encode(), "Dockerfile"), target, CONTEXT, build_args)


def files(instructions: str) -> dict[str, str]:
    return dict(built(f"FROM node:20\nWORKDIR /w\n{instructions}\nRUN true\n").runs[-1].files)


@pytest.mark.parametrize(
    ("instruction", "expected"),
    [
        ("COPY package.json .", {"/w/package.json": "package.json"}),
        ("COPY package.json ./", {"/w/package.json": "package.json"}),
        ("COPY package.json /etc/p.json", {"/etc/p.json": "package.json"}),
        ("COPY a /srv", {"/srv/x.ts": "a/x.ts", "/srv/b/y.ts": "a/b/y.ts"}),
        ("COPY a/x.ts package.json /srv", {"/srv/x.ts": "a/x.ts", "/srv/package.json": "package.json"}),
        ('COPY ["a/x.ts", "b/"]', {"/w/b/x.ts": "a/x.ts"}),
        ("COPY packages/*/package.json all/", {"/w/all/package.json": "packages/db/package.json"}),
        ("COPY a/[xz].ts here/", {"/w/here/x.ts": "a/x.ts"}),
        (
            "COPY --parents packages/*/package.json ./",
            {f"/w/packages/{name}/package.json": f"packages/{name}/package.json" for name in ("ui", "db")},
        ),
        ("ADD https://example.invalid/x.tar /x", {}),
        ("COPY <<EOF /note\nhello\nEOF", {}),
        ("COPY --from=nginx:1 /etc/nginx /etc/nginx", {}),
        ("ARG D=srv\nCOPY a/x.ts /$D/", {"/srv/x.ts": "a/x.ts"}),
        ("ARG UNKNOWN\nCOPY $UNKNOWN /srv", {}),
        ("COPY none-* /srv", {}),
    ],
)
def test_what_a_copy_puts_where(instruction: str, expected: dict[str, str]) -> None:
    found = files(instruction)
    assert set(found) == set(expected)
    assert all(found[path] in {origin, "packages/ui/package.json"} for path, origin in expected.items())


def test_the_whole_context() -> None:
    assert set(files("COPY . .").values()) == CONTEXT


def test_a_missing_source_is_noted_and_an_empty_wildcard_is_not() -> None:
    layout = built("FROM node:20\nCOPY gone /x\nCOPY gone* /x\n")
    assert [(missing.source, missing.instruction.line) for missing in layout.missing] == [("gone", 2)]


def test_stages_hand_on_files_variables_and_installs() -> None:
    layout = built(
        "ARG BASE=1\nFROM node:20 AS deps\nARG BASE\nENV A=$BASE\nWORKDIR /w\nCOPY package.json .\nRUN pnpm install\n"
        "FROM deps AS builder\nRUN echo\nFROM node:20\nCOPY --from=builder /w/package.json /p.json\n"
        "COPY --from=0 /w/node_modules /m\nRUN true\n",
        BASE="2",
    )
    echo, true = layout.runs[1:]
    assert (echo.env["A"], echo.folder) == ("2", "/w")
    assert dict(true.files) == {"/p.json": "package.json"}
    assert true.install
    assert not true.install.production


def test_an_unneeded_stage_is_not_walked() -> None:
    assert built("FROM a AS x\nCOPY gone /\nFROM a AS y\nRUN true\n").missing == ()
    assert len(built("FROM a AS x\nCOPY gone /\nFROM a AS y\nRUN true\n", "x").missing) == 1


def test_a_deployed_folder_carries_its_install() -> None:
    layout = built(
        "FROM node:20 AS b\nWORKDIR /w\nRUN pnpm install\nRUN pnpm --filter web deploy --prod /out\n"
        "FROM node:20\nCOPY --from=b /out/ ./\n"
    )
    assert layout.installed
    assert layout.installed.production


def test_a_prune_leaves_production_dependencies() -> None:
    assert built("FROM node:20\nRUN pnpm install && pnpm prune --prod\n").installed.production  # type: ignore[union-attr] # there is one
    assert built("FROM node:20\nRUN pnpm deploy\n").installed is None


def test_tools_that_make_files_hide_what_is_there() -> None:
    layout = built("FROM a AS p\nRUN turbo prune web --docker\nFROM a\nCOPY --from=p /out/json/ .\nRUN pnpm install\n")
    assert layout.runs[-1].opaque


def test_bind_mounts_show_files_to_one_run() -> None:
    mount = "--mount=type=bind,source=package.json,target=package.json --mount=type=cache,target=/c"
    layout = built(
        f"FROM node:20 AS s\nWORKDIR /w\nCOPY a .\nFROM node:20\nWORKDIR /w\nRUN {mount} true\n"
        "RUN --mount=type=bind,from=s,src=/w,dst=/s --mount=type=bind,from=other:1,target=/o true\n"
        "RUN <<EOF\ntrue\nEOF\n"
    )
    one, two, three = layout.runs
    assert dict(one.files) == {"/w/package.json": "package.json"}
    assert dict(two.files) == {"/s/x.ts": "a/x.ts", "/s/b/y.ts": "a/b/y.ts"}
    assert (dict(three.files), three.command.words) == ({}, ("true",))


def test_a_folder_that_exists_takes_a_file_in() -> None:
    assert "/srv/package.json" in files("COPY a /srv\nCOPY package.json /srv")
