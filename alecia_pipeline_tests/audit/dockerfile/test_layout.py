import pytest

from alecia_pipeline.audit.dockerfile.layout import MAX_STEPS, Given, Layout, simulate
from alecia_pipeline.source.dockerfile import parse_dockerfile

CONTEXT = frozenset({"package.json", "a/x.ts", "a/b/y.ts", "packages/ui/package.json", "packages/db/package.json"})


def built(text: str, target: str | None = None, **build_args: str) -> Layout:
    return simulate(parse_dockerfile(text.encode(), "Dockerfile"), target, Given(CONTEXT), build_args)


def files(instructions: str) -> dict[str, str]:
    return dict(built(f"FROM node:20\nWORKDIR /w\n{instructions}\nRUN true\n").runs[-1].files.known)


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
        ("COPY --parents ./packages/./ui/package.json ./", {"/w/ui/package.json": "packages/ui/package.json"}),
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
    assert true.files.known == {"/p.json": "package.json"}
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


@pytest.mark.parametrize(
    ("instructions", "vague"),
    [
        ("RUN npx -q turbo@2 prune web --docker", {"/w/out"}),
        ("RUN turbo prune web --out-dir=/o", {"/o"}),
        ("RUN turbo prune web --out-dir o", {"/w/o"}),
        ("RUN pnpm deploy --filter=web /srv/web", {"/srv/web"}),
        ("RUN cp -r /a b && mv c /d && cp", {"/w/b", "/d", "/w"}),
        ("RUN ./prepare.sh", {"/"}),
        ("RUN node prepare.js", {"/"}),
        ("RUN git clone x", {"/"}),
        ("RUN pnpm build", {"/w"}),
        ("RUN echo 1 > .npmrc && echo 2 >>/etc/x && date | tee log", {"/w/.npmrc", "/etc/x", "/w/log"}),
        ("RUN ls >", set()),
        ("RUN python3 <<EOF\nopen('x')\nEOF", {"/"}),
        ("RUN <<EOF\n#!/usr/bin/env python3\nopen('x')\nEOF", {"/"}),
        ("RUN cat <<EOF > /usr/bin/tool && chmod +x /usr/bin/tool\npnpm install\nEOF", {"/usr/bin/tool"}),
        ("RUN pnpm install && pnpm fetch && pnpm --version && pnpm && node -p 1 && apt-get update", set()),
        ("COPY --from=some/image:1 /repo /w", {"/w"}),
        ("ADD https://example.invalid/x.tar /x", {"/x"}),
        ("ADD a.tar.gz /x", {"/x"}),
        ("ARG UNKNOWN\nCOPY $UNKNOWN /srv", {"/srv"}),
        ("ARG UNKNOWN\nCOPY a /$UNKNOWN", {"/"}),
        ("ARG UNKNOWN\nWORKDIR /$UNKNOWN", {"/"}),
        ("COPY --exclude=*.ts a /srv", {"/srv/x.ts", "/srv/b/y.ts"}),
        ("COPY --exclude=b a /srv", {"/srv/b/y.ts"}),
    ],
)
def test_where_anything_may_stand(instructions: str, vague: set[str]) -> None:
    assert built(f"FROM node:20\nWORKDIR /w\n{instructions}\nRUN true\n").runs[-1].files.vague == vague


@pytest.mark.parametrize(
    ("base", "vague"),
    [
        ("node:20-alpine", False),
        ("registry.internal/mirror/node@sha256:1", False),
        ("oven/bun:1", False),
        ("ghcr.io/me/deps:1", True),
        ("$BASE", True),
        ("${BASE:-node:20}", True),
    ],
)
def test_which_images_may_hold_the_repository(base: str, vague: bool) -> None:
    assert built(f"ARG BASE\nFROM {base}\nRUN true\n").runs[0].files.is_vague("/w/package.json") is vague


def test_what_is_unknown_in_one_stage_is_unknown_where_it_is_copied() -> None:
    text = "FROM node AS p\nWORKDIR /a\nRUN turbo prune web --docker\nFROM node\nWORKDIR /b\n"
    layout = built(f"{text}COPY --from=p /a/out/json/ .\nCOPY --from=p /a /c\nCOPY --from=p /etc /etc\nRUN true\n")
    assert layout.runs[-1].files.vague == {"/b", "/c/out"}
    assert layout.runs[-1].files.is_vague("/b/package.json")
    assert not layout.runs[-1].files.is_vague("/etc/hosts")
    mounted = built(f"{text}RUN --mount=type=bind,from=p,source=/a,target=/m true\n")
    assert mounted.runs[-1].files.vague == {"/m/out"}
    foreign = built("FROM node\nRUN --mount=type=bind,from=x/y:1,target=/m true\n")
    assert foreign.runs[-1].files.vague == {"/m"}


def test_a_stage_hands_its_triggers_to_those_built_from_it() -> None:
    text = "FROM node AS base\nWORKDIR /w\nONBUILD COPY package.json .\nONBUILD RUN pnpm install\nFROM base\nRUN true\n"
    install, true = built(text).runs
    assert true.files.known == {"/w/package.json": "package.json"}
    assert (install.lineage, true.install is not None) == ((1, 0), True)
    assert not built("FROM node AS base\nONBUILD COPY gone /\n").missing


def test_a_global_argument_names_the_stage_that_one_is_built_from() -> None:
    text = "ARG S=deps\nFROM node AS deps\nCOPY package.json /w/\nFROM ${S}\nRUN true\n"
    assert built(text).runs[0].files.known == {"/w/package.json": "package.json"}


def test_what_an_argument_before_the_first_stage_leads_to_names_stages() -> None:
    text = (
        "ARG S=deps\nARG T=${S}-$TARGETARCH\nARG O=other\nFROM node AS deps-amd64\nCOPY package.json /w/\n"
        "FROM ${T} AS other\nRUN true\nFROM node\nCOPY --from=$O /w /v\nRUN true\n"
    )
    first, last = built(text).runs
    assert first.files.known == {"/w/package.json": "package.json"}
    assert last.files.known == {"/v/package.json": "package.json"}


def test_a_copy_goes_through_links() -> None:
    def real(path: str) -> str | None:
        return None if path == "out/x" else path.replace("linked", "packages")

    text = "FROM node\nCOPY linked/ui /w/\nCOPY linked/gone /w/\nCOPY out/x /w/\nRUN true\n"
    layout = simulate(parse_dockerfile(text.encode(), "Dockerfile"), None, Given(CONTEXT, real), {})
    assert layout.runs[0].files.known == {"/w/package.json": "packages/ui/package.json"}
    assert [each.source for each in layout.missing] == ["linked/gone", "out/x"]


def test_the_exec_form_is_one_command() -> None:
    (run,) = built('FROM node\nRUN ["pnpm", "install", "a && b"]\n').runs
    assert run.command.words == ("pnpm", "install", "a && b")


def test_a_shell_reads_its_here_document() -> None:
    assert [run.command.words for run in built("FROM node\nRUN bash -e <<EOF\nls\nEOF\n").runs] == [("ls",)]


@pytest.mark.parametrize(
    ("pnpm", "text", "production"),
    [
        ((9,), "", True),
        ((10,), "", False),
        ((10,), "RUN npm i -g pnpm@9\n", False),
        ((9, 10, 12), "", True),
        ((9, 10, 12), "RUN corepack prepare pnpm@10.1.0 --activate\n", False),
        ((9, 10, 12), "RUN npm i -g pnpm@^9\n", True),
    ],
)
def test_node_env_counts_up_to_pnpm_9(pnpm: tuple[int, ...], text: str, production: bool) -> None:
    dockerfile = parse_dockerfile(
        f"FROM node\nENV NODE_ENV=production\n{text}RUN pnpm install\n".encode(), "Dockerfile"
    )
    installed = simulate(dockerfile, None, Given(CONTEXT), {}, pnpm).installed
    assert installed
    assert installed.production is production


def test_of_two_folders_of_packages_the_fuller_one_counts() -> None:
    text = "FROM node AS dev\nRUN pnpm install\nFROM node AS prod\nRUN pnpm install --prod\nFROM node\n"
    copies = ["COPY --from=dev /node_modules .\n", "COPY --from=prod /node_modules .\n"]
    for order in (copies, copies[::-1]):
        installed = built(text + "".join(order)).installed
        assert installed
        assert not installed.production


def test_a_dockerfile_without_an_end_is_followed_to_a_limit() -> None:
    layout = built("FROM node\nCOPY a /a\n" + "RUN true\n" * 3 * MAX_STEPS + "FROM node\nCOPY --from=0 /a /b\n")
    assert len(layout.runs) == MAX_STEPS - 1
    assert layout.runs[0].files.known is layout.runs[-1].files.known


def test_a_base_without_an_end_is_not_looked_at() -> None:
    assert built("FROM " + "node-" * 100_000 + "\nRUN true\n").runs[0].files.vague == {"/"}


def test_a_context_of_somebody_else() -> None:
    assert built("FROM node\nCOPY meta .\nCOPY deps .\n").is_foreign
    assert not built("FROM node\nCOPY meta .\nCOPY a .\n").is_foreign
    assert not built("FROM node\n").is_foreign


def test_bind_mounts_show_files_to_one_run() -> None:
    mount = "--mount=type=bind,source=package.json,target=package.json --mount=type=cache,target=/c"
    layout = built(
        f"FROM node:20 AS s\nWORKDIR /w\nCOPY a .\nFROM node:20\nWORKDIR /w\nRUN {mount} true\n"
        "RUN --mount=type=bind,from=s,src=/w,dst=/s --mount=type=bind,from=other:1,target=/o true\n"
        "RUN <<EOF\ntrue\nEOF\n"
    )
    one, two, three = layout.runs
    assert one.files.known == {"/w/package.json": "package.json"}
    assert two.files.known == {"/s/x.ts": "a/x.ts", "/s/b/y.ts": "a/b/y.ts"}
    assert (three.files.known, three.command.words) == ({}, ("true",))


def test_a_folder_that_exists_takes_a_file_in() -> None:
    assert "/srv/package.json" in files("COPY a /srv\nCOPY package.json /srv")
