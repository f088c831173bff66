import io
import tarfile

import pytest

from alecia_pipeline.errors import UsageError
from alecia_pipeline.images.context import Context, context_files
from alecia_pipeline.images.tar import pack
from alecia_pipeline.source.tree import EXECUTABLE, SUBMODULE, SYMLINK
from alecia_pipeline_tests.monorepo import LOCKFILE, manifest
from alecia_pipeline_tests.snapshots import Changes, context, keyed, snapshot

ROOTS = {
    "config/shared.json",
    "package.json",
    "pnpm-lock.yaml",
    "pnpm-workspace.yaml",
    "tsconfig.base.json",
    "turbo.json",
}
DB = {"packages/db/package.json", "packages/db/src/index.ts", "packages/db/migrations/0001_users.sql"}
CMS = {"apps/cms/package.json", "apps/cms/Dockerfile", "apps/cms/src/server.ts"}


def paths(made: Context) -> set[str]:
    return {file.path for file in made.files}


def cms(changes: Changes | None = None) -> set[str]:
    return paths(context(snapshot(changes), "cms"))


def test_holds_the_closure_and_the_root_inputs_and_nothing_else() -> None:
    assert cms() == ROOTS | DB | CMS


def test_tells_closure_and_what_was_ignored() -> None:
    made = context(snapshot(), "website")
    assert made.closure == ("apps/website", "packages/db", "packages/ui")
    assert made.ignored == {"apps/website/README.md"}


def test_copy_of_everything_is_cut_to_the_closure() -> None:
    assert cms({"apps/cms/Dockerfile": "FROM node\nCOPY . .\n"}) == ROOTS | DB | CMS


def test_copy_of_a_folder_with_several_packages_is_cut_but_keeps_its_own_files() -> None:
    got = cms({"apps/cms/Dockerfile": "FROM node\nCOPY packages ./packages\n", "packages/shared.txt": "x"})
    assert got == ROOTS | DB | CMS | {"packages/shared.txt"}


def test_what_the_dockerfile_names_outside_of_the_closure_is_in() -> None:
    got = cms({"apps/cms/Dockerfile": "FROM node\nCOPY packages/ui ./ui\nCOPY scripts/*.sh missing* nowhere/ /s/\n"})
    assert got == ROOTS | DB | CMS | {"packages/ui/package.json", "packages/ui/src/index.tsx", "scripts/release.sh"}


def test_the_lockfile_has_the_importers_of_every_manifest_in_the_context() -> None:
    made = context(snapshot({"apps/cms/Dockerfile": "FROM node\nCOPY packages/*/package.json /p/\n"}), "cms")
    assert made.importers == (".", "apps/cms", "packages/db", "packages/ui")


def test_wildcards_are_those_of_the_builder_not_of_a_shell() -> None:
    changes = {"apps/cms/Dockerfile": "FROM node\nCOPY etc/[ab].txt etc/?x etc/*.md etc/[z /c/\n"}
    names = ("a.txt", "b.txt", "c.txt", ".x", "yx", "deep/n.md", ".n.md")
    got = cms({**changes, **{f"etc/{name}": "" for name in names}})
    assert {path for path in got if path.startswith("etc/")} == {
        "etc/a.txt",
        "etc/b.txt",
        "etc/.x",
        "etc/yx",
        "etc/.n.md",
    }


def test_an_escaped_wildcard_is_a_plain_letter() -> None:
    got = cms(
        {
            "apps/cms/Dockerfile": "FROM node\nCOPY ['etc\\\\*.md', '/c/']\n".replace("'", '"'),
            "etc/*.md": "",
            "etc*.md": "",
        }
    )
    assert "etc*.md" in got
    assert "etc/*.md" not in got


def test_full_context_is_the_whole_commit_without_what_is_ignored() -> None:
    made = context(snapshot({"alecia.yaml": "apps: {cms: {package: '@mini/cms', context: full}}"}), "cms")
    assert {"scripts/release.sh", "packages/ui/src/index.tsx", "alecia.yaml"} <= paths(made)
    assert "README.md" not in paths(made)


def test_inputs_name_files_that_the_closure_cannot_know() -> None:
    assert cms({"alecia.yaml": "apps: {cms: {inputs: [scripts, '*.md']}}"}) == ROOTS | DB | CMS | {"scripts/release.sh"}


def test_inputs_bring_names_with_a_dot_too() -> None:
    changes = {"alecia.yaml": "apps: {cms: {inputs: [content]}}", "content/.x/.env": "", "content/.y": ""}
    assert cms(changes) == ROOTS | DB | CMS | {"content/.x/.env", "content/.y"}


def test_packages_that_the_root_needs_are_in_every_context() -> None:
    assert "packages/ui/package.json" in cms({"package.json": manifest("mini", "@mini/ui"), "pnpm-lock.yaml": None})


def test_tsconfigs_and_scripts_that_leave_the_package_bring_their_files() -> None:
    changes = {
        "apps/cms/package.json": '{"name": "@mini/cms", "scripts": {"a": "node ../../scripts/build.mjs ../../gone"}}',
        "apps/cms/tsconfig.json": '{"extends": ["../../config/ts/node", "@mini/db/tsconfig.json"]} // why',
        "config/ts/node.json": '{"extends": "./base.json"}',
        "config/ts/base.json": '{"extends": "./node"}',
        "packages/db/tsconfig.list.json": "[]",
        "scripts/build.mjs": "",
    }
    got = cms(changes)
    assert {"config/ts/node.json", "config/ts/base.json", "scripts/build.mjs"} <= got


def test_a_turbo_file_of_another_shape_declares_nothing() -> None:
    assert "config/shared.json" not in cms({"turbo.json": "[]"})
    assert "config/shared.json" not in cms({"turbo.json": None})
    assert "config/shared.json" in cms(
        {"turbo.json": None, "turbo.jsonc": '{"globalDependencies": ["$TURBO_ROOT$/config/*.json"]}'}
    )


def test_patches_are_in() -> None:
    lock = LOCKFILE + "\npatchedDependencies:\n  pg@8.0.0: {hash: abc, path: fixes/pg.patch}\n  a@1.0.0: def\n"
    got = cms({"pnpm-lock.yaml": lock, "fixes/pg.patch": "", "patches/react.patch": ""})
    assert {"fixes/pg.patch", "patches/react.patch"} <= got


@pytest.mark.parametrize(
    ("path", "content"),
    [
        (".npmrc", "strict-peer-dependencies=false\n pnpmfile = ./config/hooks.cjs \n"),
        (".npmrc", "global-pnpmfile='config/hooks.cjs'\n"),
        ("pnpm-workspace.yaml", "packages: ['apps/*', 'packages/*']\npnpmfile: config/hooks.cjs\n"),
        ("pnpm-workspace.yaml", "packages: ['apps/*', 'packages/*']\npnpmfile: [none.cjs, config/hooks.cjs]\n"),
    ],
)
def test_hooks_of_pnpm_are_in_wherever_they_lie(path: str, content: str) -> None:
    changes = {path: content, "config/hooks.cjs": "require('./more.cjs')", "config/more.cjs": ""}
    assert {"config/hooks.cjs", "config/more.cjs"} <= cms(changes)


def test_links_bring_what_they_lead_to() -> None:
    changes = {"apps/cms/logo": "../../art", "art/logo": "../shared", "art/back": "logo", "shared/x.svg": "<svg/>"}
    modes = dict.fromkeys(("apps/cms/logo", "art/logo", "art/back"), SYMLINK)
    got = paths(context(snapshot(changes, modes), "cms"))
    assert {"apps/cms/logo", "art/logo", "art/back", "shared/x.svg"} <= got


def test_what_the_target_of_a_link_names_is_in() -> None:
    changes = {
        "apps/cms/tool": "../../tools/run.mjs",
        "tools/run.mjs": "import '../lib/far.mjs'",
        "lib/far.mjs": "import './near'",
        "lib/near": "../packages/ui/src/index.tsx",
    }
    got = paths(context(snapshot(changes, dict.fromkeys(("apps/cms/tool", "lib/near"), SYMLINK)), "cms"))
    assert got - ROOTS - DB - CMS == {*changes, "packages/ui/src/index.tsx"}


def test_a_copy_through_linked_folders_brings_the_links_and_what_is_behind_them() -> None:
    changes = {
        "apps/cms/Dockerfile": "FROM node\nCOPY twice/a.txt /1\nCOPY linked/*.md /2/\nCOPY nowhere/a /3\n",
        "twice": "linked",
        "linked": "etc/real",
        "nowhere": "etc/none",
        "etc/real/a.txt": "",
        "etc/real/b.md": "",
    }
    made = context(snapshot(changes, dict.fromkeys(("twice", "linked", "nowhere"), SYMLINK)), "cms")
    assert {"twice", "linked", "etc/real/a.txt", "etc/real/b.md"} <= paths(made)
    assert made.missing == ("nowhere/a",)


@pytest.mark.parametrize("ignored", ["linked", "etc"])
def test_a_copy_through_an_ignored_link_finds_nothing(ignored: str) -> None:
    changes = {
        "apps/cms/Dockerfile": "FROM node\nCOPY linked/a.txt /1\n",
        "linked": "etc",
        "etc/a.txt": "",
        ".dockerignore": ignored,
    }
    assert context(snapshot(changes, {"linked": SYMLINK}), "cms").missing == ("linked/a.txt",)


def test_a_dockerfile_may_be_a_link_and_is_sent_with_what_it_leads_to() -> None:
    changes = {
        "apps/cms/Dockerfile": "../../docker/cms",
        "docker/cms": "FROM node\nCOPY etc/a.txt /1\n",
        "etc/a.txt": "",
        ".dockerignore": "docker",
    }
    before, after = (
        context(
            snapshot({**changes, "docker/cms": changes["docker/cms"] + more}, {"apps/cms/Dockerfile": SYMLINK}), "cms"
        )
        for more in ("", "USER node\n")
    )
    assert {"apps/cms/Dockerfile", "docker/cms", "etc/a.txt"} <= paths(before)
    assert before.files != after.files


def test_without_a_lockfile_there_is_no_slice() -> None:
    made = context(snapshot({"pnpm-lock.yaml": None}), "cms")
    assert made.lock is None
    assert "pnpm-lock.yaml" not in paths(made)


def test_an_ignored_lockfile_is_not_sent() -> None:
    assert "pnpm-lock.yaml" not in cms({".dockerignore": "pnpm-lock.yaml"})


def test_the_dockerfile_is_sent_even_where_it_is_ignored() -> None:
    assert "apps/cms/Dockerfile" in cms({".dockerignore": "**/Dockerfile"})


@pytest.mark.parametrize(
    ("path", "content", "mode", "what"),
    [
        ("apps/cms/vendor", "", SUBMODULE, "submodule"),
        ("apps/cms/link", "/etc/passwd", SYMLINK, "out of the repository"),
        ("apps/cms/link", "../../../up", SYMLINK, "out of the repository"),
        ("link", "..", SYMLINK, "out of the repository"),
        ("apps/cms/logo.png", "version https://git-lfs.github.com/spec/v1\noid sha256:0", None, "LFS"),
        (".npmrc", "//registry.example/:_authToken=npm_abc", None, "token"),
    ],
)
def test_refuses_what_would_not_be_what_the_commit_says(path: str, content: str, mode: int | None, what: str) -> None:
    commit = snapshot(
        {path: content, "alecia.yaml": "apps: {cms: {inputs: [link]}}"}, modes={path: mode} if mode else None
    )
    with pytest.raises(UsageError, match=what) as caught:
        context(commit, "cms")
    assert caught.value.where == path


def test_a_token_from_the_environment_is_fine() -> None:
    assert ".npmrc" in cms({".npmrc": "# _authToken=old\n//registry.example/:_authToken=${NPM_TOKEN}\nauto=1\n"})


def test_the_same_files_give_the_same_archive() -> None:
    commit = snapshot(
        {"apps/cms/run.sh": "#!/bin/sh\n", "apps/cms/l": "run.sh"},
        {"apps/cms/run.sh": EXECUTABLE, "apps/cms/l": SYMLINK},
    )
    files = list(context_files(commit, context(commit, "cms")))
    packed = pack(files)
    assert packed == pack(reversed(files))
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        members = {member.name: member for member in archive}
    assert {(m.uid, m.gid, m.mtime) for m in members.values()} == {(0, 0, 315532800)}
    assert members["apps/cms"].isdir()
    assert members["apps/cms/run.sh"].mode == 0o755
    assert members["apps/cms/src/server.ts"].mode == 0o644
    assert members["apps/cms/l"].linkname == "run.sh"


def test_the_lockfile_that_is_sent_is_cut() -> None:
    commit = snapshot()
    sent = {file.path: file.data for file in context_files(commit, context(commit, "cms"))}
    assert b"pg@8.0.0" in sent["pnpm-lock.yaml"]
    assert b"react" not in sent["pnpm-lock.yaml"]


def test_wildcards_of_two_apps_are_looked_up_once() -> None:
    text = "FROM node\nCOPY packages/*/package.json /p/\n"
    commit = snapshot({"apps/cms/Dockerfile": text, "apps/website/Dockerfile": text})
    manifests = {"packages/db/package.json", "packages/ui/package.json"}
    assert manifests <= paths(context(commit, "cms"))
    assert manifests <= paths(context(commit, "website"))


WORKSPACE = "packages: [apps/*, packages/*]\ncatalog:\n  pg: ^8.0.0\n  react: ^19.0.0\n"
CATALOGS = """
catalogs:
  default:
    pg: {specifier: ^8.0.0, version: 8.0.0}
    react: {specifier: ^19.0.0, version: 19.0.0}
"""


def test_a_catalog_is_sent_cut_to_what_the_app_uses() -> None:
    lock = LOCKFILE.replace("specifier: ^8.0.0", "specifier: 'catalog:'") + CATALOGS
    commit = snapshot({"pnpm-workspace.yaml": WORKSPACE, "pnpm-lock.yaml": lock})
    made = context(commit, "cms")
    sent = {file.path: file.data for file in context_files(commit, made)}
    assert sent["pnpm-workspace.yaml"] == b"packages: [apps/*, packages/*]\ncatalog:\n  pg: ^8.0.0\n"
    other = WORKSPACE.replace("react: ^19.0.0", "react: ^19.1.0")
    keys = [
        keyed(snapshot({"pnpm-workspace.yaml": text, "pnpm-lock.yaml": lock}), "cms").key for text in (WORKSPACE, other)
    ]
    assert keys[0] == keys[1]


@pytest.mark.parametrize(
    ("copy", "missing"),
    [
        ("COPY . .", ()),
        ("COPY apps/cms/src nothing* ./", ()),
        ("COPY dist/server.js ./", ("dist/server.js",)),
        ("COPY nowhere/ README.md ./", ("README.md", "nowhere")),
        ("COPY --from=node /dist ./", ()),
    ],
)
def test_what_is_copied_and_not_there_is_told(copy: str, missing: tuple[str, ...]) -> None:
    assert context(snapshot({"apps/cms/Dockerfile": f"FROM node\n{copy}\n"}), "cms").missing == missing


FORK = {"packages/fork/package.json": manifest("@mini/fork"), "packages/fork/index.js": ""}


def locked(*changes: tuple[str, str]) -> str:
    text = LOCKFILE
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    return text


def test_a_package_that_an_override_alone_links_is_in_and_what_it_needs() -> None:
    """An override leads what is fetched to a package of the workspace; no manifest says so."""
    lockfile = locked(
        ("importers:\n", "importers:\n\n  packages/fork:\n    dependencies: {}\n"),
        ("  pg@8.0.0: {}\n", "  pg@8.0.0:\n    dependencies:\n      react: link:packages/fork\n"),
    )
    needs = {**FORK, "packages/fork/package.json": manifest("@mini/fork", "@mini/ui")}
    made = context(snapshot({"pnpm-lock.yaml": lockfile, **needs}), "cms")
    assert made.closure == ("apps/cms", "packages/db", "packages/fork", "packages/ui")
    assert {*FORK, "packages/ui/src/index.tsx"} <= paths(made)
    assert made.importers == (".", "apps/cms", "packages/db", "packages/fork", "packages/ui")


def test_folders_and_archives_that_are_no_packages_are_in() -> None:
    fetched = "  pg@8.0.0:\n    resolution: {integrity: sha512-pg}"
    archive = "  pg@file:vendor/pg.tgz:\n    resolution: {tarball: file:vendor/pg.tgz}"
    lockfile = locked(
        ("version: 8.0.0\n", "version: file:vendor/pg.tgz\n"),
        (fetched, archive),
        ("  pg@8.0.0: {}\n", "  pg@file:vendor/pg.tgz: {}\n"),
        ("version: 2.0.0\n", "version: link:tools/turbo\n"),
    )
    changes = {"pnpm-lock.yaml": lockfile, "vendor/pg.tgz": "x", "vendor/other.tgz": "x", "tools/turbo/bin.js": ""}
    assert cms(changes) == ROOTS | DB | CMS | {"vendor/pg.tgz", "tools/turbo/bin.js"}


def test_what_the_lockfile_links_and_the_commit_has_not_changes_nothing() -> None:
    lockfile = locked(("version: 2.0.0\n", "version: link:../elsewhere\n"))
    assert cms({"pnpm-lock.yaml": lockfile}) == ROOTS | DB | CMS


def test_manifests_of_other_apps_bring_nothing_of_what_these_need() -> None:
    """Many Dockerfiles copy every package.json before the install, which wants to see each importer."""
    text = "FROM node\nCOPY apps/website/package.json apps/website/\nCOPY . .\n"
    made = context(snapshot({"apps/cms/Dockerfile": text}), "cms")
    assert made.closure == ("apps/cms", "packages/db")
    assert made.importers == (".", "apps/cms", "apps/website", "packages/db")
    assert "packages/ui/src/index.tsx" not in paths(made)


def test_a_linked_folder_may_have_any_name() -> None:
    lockfile = locked(("version: 2.0.0\n", "version: link:vendor/[x]\n"))
    assert cms({"pnpm-lock.yaml": lockfile, "vendor/[x]/a": "", "vendor/x/b": ""}) == ROOTS | DB | CMS | {
        "vendor/[x]/a"
    }


def test_what_is_named_in_a_package_inside_of_a_package_is_in_with_its_manifest() -> None:
    changes = {
        "pnpm-workspace.yaml": "packages: [apps/*, packages/**]\n",
        "packages/db/src/index.ts": "import './cjs/x.js'; import './other'",
        "packages/db/src/cjs/package.json": '{"type": "commonjs"}',
        "packages/db/src/cjs/x.js": "require('./near')",
        "packages/db/src/cjs/near.js": "",
        "packages/db/src/cjs/far.js": "",
    }
    assert cms(changes) == ROOTS | DB | CMS | set(changes) - {"packages/db/src/cjs/far.js"}


LINKED = {
    "a reference": {
        "shared": "libs/real",
        "apps/cms/build.mjs": "import '../../shared/x.mjs'",
        "libs/real/x.mjs": "import './y'",
        "libs/real/y.ts": "",
    },
    "a glob of turbo": {"turbo.json": '{"globalDependencies": ["cfg/*.json"]}', "cfg": "etc/cfg", "etc/cfg/a.json": ""},
    "inputs": {"alecia.yaml": "apps: {cms: {inputs: ['./content/**']}}", "content": "docs/all", "docs/all/deep/a": ""},
    "patches": {
        "package.json": '{"name": "mini", "pnpm": {"patchedDependencies": {"pg": "patches/pg.patch"}}}',
        "patches": "tools/p",
        "tools/p/pg.patch": "",
    },
    "hooks": {".npmrc": "config/npmrc", "config/npmrc": "pnpmfile=tools/hooks.cjs", "tools/hooks.cjs": ""},
}


@pytest.mark.parametrize("changes", LINKED.values(), ids=LINKED)
def test_folders_that_are_links_are_passed_through(changes: Changes) -> None:
    modes = {path: SYMLINK for path in (".npmrc", "shared", "cfg", "content", "patches") if path in changes}
    found = paths(context(snapshot(changes, modes), "cms"))
    assert set(changes) - {"alecia.yaml"} <= found


def test_what_is_left_out_of_a_linked_folder_is_not_in() -> None:
    inputs = {"alecia.yaml": "apps: {cms: {inputs: ['content/**', '!content/b']}}", "content": "docs"}
    files = {"docs/a": "", "docs/b": ""}
    wanted = context(snapshot({**inputs, **files}, {"content": SYMLINK}), "cms")
    assert {"content", "docs/a"} <= paths(wanted)  # and the link brings the folder whole: a build sees all of it
    plain = context(snapshot({**inputs, "content": None, "content/a": "", "content/b": ""}), "cms")
    assert paths(plain) & {"content/a", "content/b"} == {"content/a"}


def test_what_a_package_says_that_tasks_read_in_the_root_is_in_whatever_runs_before_its_build() -> None:
    changes = {
        "turbo.json": '{"tasks": {"build": {"dependsOn": ["codegen"]}, "codegen": {}}}',
        "packages/db/turbo.json": '{"tasks": {"codegen": {"inputs": ["$TURBO_ROOT$/schema/x.graphql"]}}}',
        "schema/x.graphql": "",
    }
    assert "schema/x.graphql" in cms(changes)


def test_names_are_looked_up_by_who_asks() -> None:
    changes = {"alecia.yaml": "apps: {cms: {inputs: [COPY, 'docs*']}}", "docsx/a": ""}
    assert "docsx/a" in cms({**changes, "apps/cms/Dockerfile": "FROM node\nCOPY docs* /\n"})
