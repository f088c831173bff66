"""A table of what a build can read: one input is changed at a time, and the key of cms must move.

The contrary stands beside each form of a Dockerfile: a neighbour that it does not name moves nothing.
"""

from collections.abc import Mapping

import pytest

from alecia_pipeline.source.tree import EXECUTABLE, REGULAR, SYMLINK
from alecia_pipeline_tests.monorepo import LOCKFILE, dockerfile, manifest
from alecia_pipeline_tests.snapshots import keyed, snapshot
from alecia_pipeline_tests.trees import DictTree

Files = Mapping[str, str]

DIGEST = "sha256:" + "a" * 64
OTHER = "sha256:" + "b" * 64
BASE_FILES = {
    "etc/a.txt": "a",
    "etc/deep/b.txt": "b",
    "etc/.hidden": "h",
    "etc/a[1].txt": "x",
    "beside/c.txt": "c",
}


def key(files: Files, modes: Mapping[str, int] | None = None, **options: Mapping[str, str]) -> str:
    return keyed(snapshot(files, modes), "cms", **options).key


@pytest.mark.parametrize(
    ("lines", "read"),
    [
        ("COPY etc/a.txt /a", "etc/a.txt"),
        ("COPY ./etc//a.txt /a", "etc/a.txt"),
        ("COPY /etc/a.txt /a", "etc/a.txt"),
        ("COPY ../etc/a.txt /a", "etc/a.txt"),
        ('COPY ["etc/a.txt", "/a b"]', "etc/a.txt"),
        ("COPY etc /etc", "etc/deep/b.txt"),
        ("COPY etc /etc", "etc/.hidden"),
        ("COPY etc/*.txt /etc/", "etc/a.txt"),
        ("COPY etc/* /etc/", "etc/deep/b.txt"),
        ("COPY etc/* /etc/", "etc/.hidden"),
        ("COPY e?c/[a-b].txt /etc/", "etc/a.txt"),
        ("COPY --parents etc/**/b.txt /etc/", "etc/deep/b.txt"),
        ("COPY --parents etc/./deep/*.txt /etc/", "etc/deep/b.txt"),
        ("COPY --chown=1:1 --chmod=0644 --link etc/a.txt /a", "etc/a.txt"),
        ("ADD etc/a.txt /a", "etc/a.txt"),
        ("ADD https://example.org/x etc/a.txt /a/", "etc/a.txt"),
        ("RUN --mount=type=bind,source=etc/a.txt,target=/a true", "etc/a.txt"),
        ("RUN --mount=source=etc,target=/a true", "etc/deep/b.txt"),
        ("RUN --mount=TYPE=bind,Src=etc,dst=/a true", "etc/a.txt"),
        ("ARG D=etc\nCOPY $D/a.txt /a", "etc/a.txt"),
        ("ARG D=etc/\nCOPY ${D:-beside/}a.txt /a", "etc/a.txt"),
        ("ENV D=etc\nCOPY ${D}/a.txt /a", "etc/a.txt"),
        ("FROM node:20 AS up\nENV D=etc\nFROM up\nCOPY ${D}/a.txt /a", "etc/a.txt"),
        ("FROM node:20 AS up\nONBUILD COPY etc/a.txt /a\nFROM up", "etc/a.txt"),
        ("FROM node:20 AS up\nONBUILD RUN --mount=source=etc,target=/a true\nFROM up", "etc/a.txt"),
        ("FROM node:20 AS up\nCOPY etc/a.txt /a\nFROM node:20\nCOPY --from=up /a /a", "etc/a.txt"),
        ("FROM node:20 AS up\nCOPY etc/a.txt /a\nFROM node:20\nRUN --mount=from=up,target=/a true", "etc/a.txt"),
        ("FROM node:20\nCOPY etc/a.txt /a\nFROM node:20\nCOPY --from=1 /a /a", "etc/a.txt"),
        ("COPY \\\n  # a comment\n  etc/a.txt \\\n  /a", "etc/a.txt"),
        ("copy etc/a.txt /a", "etc/a.txt"),
    ],
)
def test_what_a_dockerfile_reads(lines: str, read: str) -> None:
    files = {**BASE_FILES, "apps/cms/Dockerfile": f"FROM node:20\n{lines}\n"}
    before = key(files)
    assert key({**files, read: "changed"}) != before
    assert key({**files, "beside/c.txt": "changed"}) == before


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("FROM node:20\n", "FROM node:22\n"),
        ("FROM node:20\nRUN a\n", "FROM node:20\nRUN b\n"),
        ("FROM node:20\nRUN <<EOF\na\nEOF\n", "FROM node:20\nRUN <<EOF\nb\nEOF\n"),
        ("FROM node:20\nCMD a\n", "FROM node:20\nCMD b\n"),
        ("FROM node:20\nUSER 1\n", "FROM node:20\n"),
        (f"FROM node@{DIGEST}\n", f"FROM node@{OTHER}\n"),
        (f"FROM node\nCOPY --from=x@{DIGEST} / /\n", f"FROM node\nCOPY --from=x@{OTHER} / /\n"),
        ("# syntax=docker/dockerfile:1\nFROM node\n", "# syntax=docker/dockerfile:2\nFROM node\n"),
        ("FROM node\n", "# escape=`\nFROM node\n"),
    ],
)
def test_the_dockerfile_itself(before: str, after: str) -> None:
    assert key({"apps/cms/Dockerfile": before}) != key({"apps/cms/Dockerfile": after})


@pytest.mark.parametrize(
    ("text", "bases"),
    [
        (f"FROM node@{DIGEST}\n", {f"node@{DIGEST}": DIGEST}),
        (f"FROM scratch\nCOPY --from=x@{DIGEST} / /\n", {f"x@{DIGEST}": DIGEST}),
        (f"# syntax=docker/dockerfile@{DIGEST}\nFROM scratch\n", {f"docker/dockerfile@{DIGEST}": DIGEST}),
        (f"#!/bin/x\n# syntax=docker/dockerfile@{DIGEST}\nFROM scratch\n", {f"docker/dockerfile@{DIGEST}": DIGEST}),
    ],
)
def test_the_images_of_a_dockerfile_are_fields_of_their_own(text: str, bases: Files) -> None:
    assert keyed(snapshot({"apps/cms/Dockerfile": text}), "cms").fields.bases == bases


def test_a_name_with_line_breaks_is_no_two_files() -> None:
    two = {"packages/db/zz/a": "AA", "packages/db/zz/b": "BB"}
    entry = DictTree(two).entries["packages/db/zz/b"]
    assert key({f"packages/db/zz/a\n{entry.mode:06o} {entry.oid} {entry.path}": "AA"}) != key(two)


COPIED = "FROM node:20\nCOPY . .\n"


@pytest.mark.parametrize(
    ("files", "changed"),
    [
        pytest.param({}, {path: "changed"}, id=path)
        for path in (
            "apps/cms/src/server.ts",
            "apps/cms/src/new.ts",
            "apps/cms/.env.production",
            "packages/db/src/index.ts",
            "packages/db/migrations/0001_users.sql",
            "config/shared.json",
            ".npmrc",
            ".nvmrc",
            ".node-version",
            ".pnpmfile.cjs",
            ".pnpmfile.mjs",
            "patches/pg.patch",
        )
    ]
    + [
        pytest.param({}, {"tsconfig.base.json": '{"compilerOptions": {}}'}, id="the root's tsconfig"),
        pytest.param({}, {"turbo.json": "{}"}, id="turbo's file"),
        pytest.param({}, {"package.json": manifest("mini", turbo="^2.0.0")}, id="the root's manifest"),
        pytest.param({}, {"pnpm-workspace.yaml": "packages: ['apps/*', 'packages/*']\nhoist: false\n"}, id="settings"),
        pytest.param({}, {"pnpm-lock.yaml": LOCKFILE.replace("sha512-pg", "sha512-other")}, id="a checksum"),
        pytest.param({}, {"pnpm-lock.yaml": LOCKFILE.replace("autoInstallPeers: true", "autoInstallPeers: false")}),
        pytest.param({}, {"apps/cms/package.json": manifest("@mini/cms", "@mini/db", "@mini/ui")}, id="the closure"),
        pytest.param({}, {".dockerignore": ""}, id="an ignored file that is seen"),
        pytest.param({}, {".dockerignore": "**/README.md\nturbo.json\n"}, id="a file that is ignored"),
        pytest.param(
            {"apps/cms/Dockerfile.dockerignore": "**/*.dockerignore\n"},
            {"apps/cms/Dockerfile.dockerignore": "**/*.dockerignore\npackages/db/migrations\n"},
            id="its own ignore file, which is not sent itself",
        ),
        pytest.param(
            {"alecia.yaml": "apps: {cms: {inputs: [content]}}", "content/.x/.y": ""}, {"content/.x/.y": "changed"}
        ),
        pytest.param({}, {"alecia.yaml": "apps: {cms: {epoch: 2}}"}, id="the epoch"),
        pytest.param(
            {"apps/cms/Dockerfile": "FROM node AS one\nFROM node AS two\n"},
            {"alecia.yaml": "apps: {cms: {target: one}}"},
            id="the target",
        ),
        pytest.param(
            {"alecia.lock": f"version: 1\nimages: {{'node:20-alpine': '{DIGEST}'}}\n"},
            {"alecia.lock": f"version: 1\nimages: {{'node:20-alpine': '{OTHER}'}}\n"},
            id="a base that moved",
        ),
        pytest.param(
            {"alecia.lock": "version: 1\nbuilder: v1\nimages: {}\n"},
            {"alecia.lock": "version: 1\nbuilder: v2\nimages: {}\n"},
            id="the builder",
        ),
        pytest.param(
            {
                "apps/cms/Dockerfile": "# syntax=docker/dockerfile:1\nFROM node\n",
                "alecia.lock": f"version: 1\nimages: {{'docker/dockerfile:1': '{DIGEST}'}}\n",
            },
            {"alecia.lock": f"version: 1\nimages: {{'docker/dockerfile:1': '{OTHER}'}}\n"},
            id="a frontend that moved",
        ),
        pytest.param(
            {"apps/cms/tsconfig.json": '{"extends": "../../etc/one.json"}', "etc/one.json": '{"extends": "./two.json"}'}
            | {"etc/two.json": "{}"},
            {"etc/two.json": '{"strict": true}'},
            id="what a config extends, far",
        ),
        pytest.param(
            {"apps/cms/src/server.ts": "import '../../../lib/a'", "lib/a.ts": "export * from './b'", "lib/b.ts": ""},
            {"lib/b.ts": "changed"},
            id="an import out of the package, far",
        ),
        pytest.param(
            {"apps/cms/src/server.ts": "import.meta.glob('../../../content/*.md')", "content/a.md": ""},
            {"content/b.md": ""},
            id="a file that a glob finds anew",
        ),
    ],
)  # fmt: skip
def test_what_is_in_no_dockerfile(files: Files, changed: Files) -> None:
    given = {"apps/cms/Dockerfile": dockerfile("cms", "db"), "apps/cms/README.md": "Ignored.", **files}
    assert key({**given, **changed}) != key(given)


@pytest.mark.parametrize(
    "path",
    ["README.md", "apps/website/src/page.tsx", "packages/ui/src/index.tsx", "scripts/release.sh", "new/file.txt"],
)
def test_what_no_build_of_it_reads(path: str) -> None:
    assert key({path: "changed", "apps/cms/Dockerfile": COPIED}) == key({"apps/cms/Dockerfile": COPIED})


def test_a_mode_and_where_a_link_leads() -> None:
    path = "apps/cms/src/server.ts"
    files = {path: "index.ts", "packages/db/src/other.ts": ""}
    keys = {key(files, {path: mode}) for mode in (REGULAR, EXECUTABLE, SYMLINK)}
    keys.add(key({**files, path: "other.ts"}, {path: SYMLINK}))
    assert len(keys) == 4


@pytest.mark.parametrize(
    ("links", "changed"),
    [
        ({"apps/cms/assets": "../../etc/deep"}, "etc/deep/b.txt"),
        ({"apps/cms/assets": "../../more", "more": "etc"}, "etc/a.txt"),
        ({"linked": "etc"}, "etc/a.txt"),
    ],
)
def test_what_links_lead_to(links: Files, changed: str) -> None:
    text = dockerfile("cms", "db") + ("COPY linked/a.txt /a\n" if "linked" in links else "")
    files = {**BASE_FILES, **links, "apps/cms/Dockerfile": text}
    modes = dict.fromkeys(links, SYMLINK)
    assert key({**files, changed: "changed"}, modes) != key(files, modes)


def test_what_only_the_lockfile_links() -> None:
    lockfile = LOCKFILE.replace("version: 8.0.0\n", "version: link:../../vendor/pg\n")
    files = {"pnpm-lock.yaml": lockfile, "vendor/pg/index.js": "a"}
    assert key({**files, "vendor/pg/index.js": "b"}) != key(files)


def test_build_arguments_and_secret_ids() -> None:
    arguments = [{}, {"A": "1"}, {"A": "2"}, {"B": "2"}]
    secrets = ["", "RUN --mount=type=secret,id=npm true\n", "RUN --mount=type=secret,id=git true\n"]
    keys = {
        key({"apps/cms/Dockerfile": f"FROM node\n{line}"}, build_args=each) for each in arguments for line in secrets
    }
    assert len(keys) == len(arguments) * len(secrets)
