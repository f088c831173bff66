"""The Dockerfile rules, on the healthy suite of the incidents with one thing changed."""

from collections.abc import Mapping

import pytest

from alecia_pipeline.audit.dockerfile import copies, dev_tools, filters, installs, runtime
from alecia_pipeline.audit.dockerfile.filters import selected_name
from alecia_pipeline.audit.finding import Finding
from alecia_pipeline.audit.snapshot import take_snapshot
from alecia_pipeline.errors import UsageError
from alecia_pipeline_tests.audit.snapshots import manifest
from alecia_pipeline_tests.incidents.suite import SUITE, edited
from alecia_pipeline_tests.trees import DictTree

WEBSITE, COLAB = "apps/website/Dockerfile", "apps/colab/Dockerfile"
INSTALL = "--mount=type=cache,id=pnpm,target=/pnpm/store pnpm install --frozen-lockfile --prod=false"


def found(files: Mapping[str, str | bytes]) -> list[Finding]:
    snapshot = take_snapshot(DictTree({**SUITE, **files}))
    modules = (copies, dev_tools, filters, installs, runtime)
    return [finding for module in modules for finding in module.findings(snapshot)]


def places(files: Mapping[str, str | bytes]) -> list[tuple[str, int | None, str | None]]:
    return [(finding.rule, finding.line, finding.dependency) for finding in found(files)]


def website(old: str, new: str) -> dict[str, str]:
    return {WEBSITE: edited(WEBSITE, old, new)}


def test_the_healthy_suite() -> None:
    assert found({}) == []


def test_a_source_that_is_nowhere() -> None:
    (finding,) = found(website("COPY packages packages", "COPY packages packages\nCOPY assets assets"))
    assert (finding.rule, finding.line, finding.dir, finding.package) == (
        "docker-copy-missing", 12, "apps/website", "@alecia/website",
    )  # fmt: skip


def test_a_source_that_git_ignores_is_lacking_for_sure_where_the_pipeline_builds() -> None:
    dockerfile = website("COPY packages packages", "COPY packages packages\nCOPY dist dist\nCOPY dist again")
    assert found(dockerfile) == []
    (finding,) = found({**dockerfile, "alecia.yaml": "apps: {website: {}}\n"})
    assert finding.message.endswith("(git ignores it)")


def test_a_context_that_somebody_makes_is_not_judged() -> None:
    text = "FROM node:20\nCOPY ./meta .\nCOPY ./deps .\nRUN pnpm install --prod && pnpm build --filter ghost\n"
    assert found({WEBSITE: text}) == []


def test_a_context_that_is_the_apps_folder() -> None:
    text = "FROM node:20\nCOPY app ./app\nRUN pnpm install\n"
    assert places({WEBSITE: text}) == [("docker-context", 2, None)]


@pytest.mark.parametrize(
    "text",
    [
        "FROM node:20\nCOPY app ./app\nCOPY dist ./dist\nCMD node dist\n",  # packs what was built
        "FROM node:20\nCOPY package.json app ./\nRUN npm install --omit=dev\nCOPY dist .\n",
    ],
)
def test_an_app_without_siblings_may_be_built_from_its_own_folder(text: str) -> None:
    alone = manifest("@alecia/website", dependencies={"next": "16.1.4"})
    page = {"apps/website/app/page.tsx": ""}
    assert found({WEBSITE: text, "apps/website/package.json": alone, **page}) == []


def test_a_source_above_the_context() -> None:
    assert places(website("COPY packages packages", "COPY packages packages\nCOPY ../x x"))[0][0] == "docker-context"


@pytest.mark.parametrize(("pattern", "line"), [("turbo.json", 10), ("*", 3)])
def test_a_source_that_is_ignored(pattern: str, line: int) -> None:
    found_here = found({".dockerignore": f"{pattern}\n"})
    assert {"docker-ignore"} <= {finding.rule for finding in found_here}
    assert line in {finding.line for finding in found_here if finding.rule == "docker-ignore"}


def test_an_ignored_folder_says_by_which_pattern() -> None:
    (finding, *_) = found({".dockerignore": "packages/*/*\n"})
    assert "`packages/*/*` (line 1) in .dockerignore" in finding.message


def test_an_imported_file_that_is_ignored() -> None:
    (finding, other) = found({".dockerignore": "**/card.tsx\n"})
    assert (finding.rule, finding.file, finding.line) == ("docker-ignore", "packages/ui/src/index.ts", 1)
    assert finding == other  # once per app; the report has it once


def test_an_ignored_manifest() -> None:
    ignore = {".dockerignore": "packages/db/package.json\n"}
    rules = places({**ignore, **website("COPY packages/db/package.json packages/db/\n", "")})
    assert rules == [("docker-ignore", 4, None), ("docker-ignore", 6, "@alecia/db")]  # colab copies it in line 4


def test_a_file_that_is_ignored_by_its_own_name() -> None:
    ignore = ".dockerignore\n"
    (finding,) = found(
        {**website("COPY packages packages", "COPY packages packages\nCOPY .dockerignore x"), ".dockerignore": ignore}
    )
    assert "`.dockerignore` (line 1)" in finding.message


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("package.json pnpm-lock.yaml pnpm-workspace.yaml", "package.json pnpm-workspace.yaml", [(6 + 1, None)]),
        ("COPY apps/website/package.json apps/website/\n", "", [(6, None)]),
        ("COPY packages/ui/package.json packages/ui/\n", "", [(6, "@alecia/ui")]),
        (
            "COPY packages/db/package.json packages/db/",
            "COPY packages/db/package.json packages/ui/",
            [(7, "@alecia/db")],
        ),
    ],
)
def test_an_install_without_a_manifest(old: str, new: str, expected: list[tuple[int, str | None]]) -> None:
    rules = [(line, name) for rule, line, name in places(website(old, new)) if rule == "docker-manifest-missing"]
    assert rules == expected


@pytest.mark.parametrize(
    "install",
    [
        "pnpm --dir /repo install --prod=false",
        "cd /repo && pnpm install",
        "pnpm install --filter @alecia/website...",
        "--mount=type=bind,source=packages,target=packages pnpm install",
    ],
)
def test_an_install_that_finds_all(install: str) -> None:
    assert found(website(INSTALL, install)) == []


def test_an_npm_workspace_has_no_file_of_pnpm() -> None:
    files = {path: text for path, text in SUITE.items() if not path.startswith("pnpm-")}
    files["package.json"] = manifest("r", workspaces=["apps/*", "packages/*"], devDependencies={"turbo": "2"})
    files |= {name: str(SUITE[name]).replace(" pnpm-lock.yaml pnpm-workspace.yaml", "") for name in (WEBSITE, COLAB)}
    assert list(installs.findings(take_snapshot(DictTree(files)))) == []


def test_a_pruned_workspace_is_left_alone() -> None:
    text = "FROM a AS p\nCOPY . .\nRUN turbo prune @alecia/website --docker\n"
    text += "FROM a\nCOPY --from=p /out/json .\nRUN pnpm install\n"
    assert found({WEBSITE: text}) == []


def test_a_build_needs_the_programs_of_dev_dependencies() -> None:
    rules = places(website("--prod=false", "--prod"))
    assert rules == [("docker-dev-dependencies", 7, "turbo"), ("docker-dev-dependencies", 7, "tsup")]


@pytest.mark.parametrize(
    ("command", "tools"),
    [
        ("pnpm --filter @alecia/website build", []),
        ("pnpm --filter @alecia/website... build", ["tsup"]),
        ("pnpm --filter $UNKNOWN build", []),
        ("pnpm -r build", ["tsup"]),
        ("pnpm exec tsc", ["typescript"]),
        ("pnpm dlx turbo build", []),
        ("npx turbo build", []),
        ("cd packages/ui/src && pnpm build", ["tsup"]),
        ("cd /elsewhere && pnpm build", []),
        ("npm i -g turbo@2 && turbo lint", []),
        ("pnpm run build", ["turbo", "tsup"]),
        ("turbo run lint", ["turbo"]),
        ("tsc -p .", ["typescript"]),
        ("node -e 1", []),
        ("pnpm", []),
    ],
)
def test_which_commands_need_dev_dependencies(command: str, tools: list[str]) -> None:
    root = manifest("r", scripts={"build": "turbo build"}, devDependencies={"turbo": "2", "typescript": "5"})
    text = edited(WEBSITE, "--prod=false", "--prod").replace("pnpm turbo build --filter=@alecia/website", command)
    names = [
        name for rule, _, name in places({WEBSITE: text, "package.json": root}) if rule == "docker-dev-dependencies"
    ]
    assert names == tools


def test_a_program_in_dependencies_is_there() -> None:
    ui = manifest("@alecia/ui", dependencies={"react": "1", "tsup": "8"}, scripts={"build": "tsup"})
    root = manifest("r", dependencies={"turbo": "2"})
    assert places({**website("--prod=false", "--prod"), "packages/ui/package.json": ui, "package.json": root}) == []


@pytest.mark.parametrize(
    ("command", "matches"),
    [
        ("pnpm turbo build --filter=@alecia/website...", True),
        ("turbo build --filter '@alecia/*'", True),
        ("pnpm --filter website build", True),
        ("pnpm build --filter=website", False),
        ("turbo build --filter=./apps/website", True),
        ("turbo build --filter=...[HEAD^1]", True),
        ("turbo build --filter='@alecia/website{./x}...'", True),
        ("turbo build --filter=$APP", True),
        ("pnpm --filter ghost build", False),
        ("pnpm -F @alecia/websit build", False),
        ("grep --filter=ghost", True),
        ("pnpm build --filter", True),
    ],
)
def test_a_filter_names_a_package(command: str, matches: bool) -> None:
    rules = [rule for rule, _, _ in places(website("pnpm turbo build --filter=@alecia/website", command))]
    assert (rules == []) is matches


def test_the_fix_of_a_filter_is_the_nearest_name() -> None:
    near, far = (found(website("filter=@alecia/website", f"filter={name}")) for name in ("website...", "qqq"))
    assert near[0].fix == "--filter=@alecia/website..."
    assert far[0].fix == "name a workspace package as its package.json does"


def test_a_filter_of_nothing_names_no_package() -> None:
    assert selected_name("...") is None


SERVICE = """\
FROM node:20 AS b
WORKDIR /w
COPY . .
RUN pnpm install --prod=false && pnpm --filter @alecia/website deploy --prod /out
FROM node:20
COPY --from=b /out .
"""


LAZY = "FROM node:20\nWORKDIR /w\n{copies}\nRUN {install}\n"
ROOT = "COPY package.json pnpm-lock.yaml pnpm-workspace.yaml ./\nCOPY apps/website apps/website\n"


@pytest.mark.parametrize(
    ("copies", "install", "missing"),
    [
        (ROOT, "pnpm install --frozen-lockfile", ["packages/db/package.json", "packages/ui/package.json"]),
        (ROOT, "CI=1 pnpm install", ["packages/db/package.json", "packages/ui/package.json"]),
        (ROOT, "pnpm install", ["packages/db/package.json", "packages/ui/package.json"]),
        (ROOT, "pnpm install --no-frozen-lockfile", ["packages/db/package.json", "packages/ui/package.json"]),
        (ROOT, "pnpm install --ignore-workspace", []),
        (ROOT, "pnpm install --filter @alecia/db...", []),
        (ROOT, "pnpm install --filter @alecia/website...", ["packages/db/package.json", "packages/ui/package.json"]),
        (ROOT, "./prepare && pnpm install", []),
        (ROOT + "COPY packages packages", "pnpm install", []),
        (ROOT + "RUN pnpm install\nCOPY packages packages", "pnpm install --offline", []),
        ("", "pnpm fetch", ["pnpm-lock.yaml"]),
        ("COPY pnpm-lock.yaml .", "pnpm fetch", []),
        ("COPY apps/website .", "pnpm install", []),
        ("COPY packages packages\n" + ROOT.replace(" pnpm-workspace.yaml", ""), "pnpm i", ["pnpm-workspace.yaml"]),
    ],
)
def test_what_an_install_lacks(copies: str, install: str, missing: list[str]) -> None:
    text = LAZY.format(copies=copies, install=install)
    messages = [item.message for item in found({WEBSITE: text}) if item.rule == "docker-manifest-missing"]
    assert [message.removeprefix("pnpm install runs without ").partition(":")[0] for message in messages] == missing


@pytest.mark.parametrize(
    ("spec", "install", "lacks"),
    [
        ("workspace:*", "pnpm install", True),
        ("^1.0.0", "pnpm install", False),  # it may come from the registry
        ("^1.0.0", "pnpm install --frozen-lockfile", True),
    ],
)
def test_who_answers_for_a_package_that_is_not_copied(spec: str, install: str, lacks: bool) -> None:
    alone = {"apps/website/package.json": manifest("@alecia/website", dependencies={"@alecia/db": spec})}
    rules = places({**alone, WEBSITE: LAZY.format(copies=ROOT, install=install)})
    assert (("docker-manifest-missing", 6, "@alecia/db") in rules) is lacks


@pytest.mark.parametrize(
    ("kind", "imported", "more", "lacks"),
    [
        ("dependencies", False, {"devDependencies": {"a": "1"}}, True),
        ("dependencies", False, {}, False),  # it has nothing to install
        ("devDependencies", False, {"dependencies": {"a": "1"}}, False),  # settings only
        ("devDependencies", True, {"dependencies": {"a": "1"}}, True),
        ("optionalDependencies", True, {"dependencies": {"a": "1"}}, False),
    ],
)
def test_which_packages_a_frozen_install_misses(
    kind: str, imported: bool, more: dict[str, object], lacks: bool
) -> None:
    files = {
        "apps/website/package.json": manifest("@alecia/website", **{kind: {"@alecia/db": "workspace:*"}}),
        "apps/website/app/page.tsx": 'import "@alecia/db"' if imported else "",
        "packages/db/package.json": manifest("@alecia/db", **more),
        WEBSITE: LAZY.format(copies=ROOT, install="pnpm install --frozen-lockfile"),
    }
    assert (("docker-manifest-missing", 6, "@alecia/db") in places(files)) is lacks


def test_what_the_lockfile_has_a_checksum_of() -> None:
    files = {
        "pnpm-lock.yaml": str(SUITE["pnpm-lock.yaml"]) + "\npnpmfileChecksum: sha256-x\n",
        ".pnpmfile.cjs": "",
        "patches/pg.patch": "",
        "package.json": manifest("r", pnpm={"patchedDependencies": {"pg": "./patches/pg.patch", "gone": "gone.patch"}}),
    }
    text = LAZY.format(copies="COPY packages packages\n" + ROOT, install="pnpm install --frozen-lockfile")
    messages = [item.message for item in found({**files, WEBSITE: text}) if item.file == WEBSITE]
    assert messages == [
        "pnpm install runs without patches/pg.patch: the lockfile names this patch",
        "pnpm install runs without .pnpmfile.cjs: the lockfile holds its checksum",
    ]


@pytest.mark.parametrize(
    ("turbo", "config", "matches"),
    [("^1.10.0", "", True), ("^2.0.0", "", False), ("latest", "", False), (None, '{"pipeline": {}}', True)],
)
def test_turbo_1_takes_short_names(turbo: str | None, config: str, matches: bool) -> None:
    declared = {"turbo": turbo} if turbo else {}
    files = {"package.json": manifest("r", devDependencies=declared), "turbo.json": config}
    rules = [rule for rule, _, _ in places({**files, **website("=@alecia/website", "=website")})]
    assert (rules == []) is matches


@pytest.mark.parametrize(
    ("command", "finding"),
    [
        ("turbo prune @alecia/website --docker", None),
        ("npx turbo@2 prune --docker --out-dir o @alecia/website", None),
        ("turbo prune website --docker", "turbo prune website matches no workspace package"),
        ("turbo prune --scope=website", "turbo prune website matches no workspace package"),
        ("turbo prune --scope website", "turbo prune website matches no workspace package"),
    ],
)
def test_turbo_prunes_to_a_package(command: str, finding: str | None) -> None:
    messages = [item.message for item in found({WEBSITE: f"FROM node:20\nCOPY . .\nRUN {command}\n"})]
    assert messages == ([finding] if finding else [])


def service(**more: object) -> dict[str, str]:
    website_manifest = manifest("@alecia/website", **{"dependencies": {"@alecia/db": "workspace:*"}, **more})
    return {
        WEBSITE: SERVICE,
        "apps/website/package.json": website_manifest,
        "apps/website/app/page.tsx": 'import "@alecia/db"',
    }


def test_code_that_needs_a_dev_dependency_when_it_runs() -> None:
    db = manifest(
        "@alecia/db",
        main="src/index.ts",
        devDependencies={"pg": "^8.16.0", "vitest": "3", "tsx": "4", "dotenv": "1", "zod": "3"},
        scripts={"build": "tsc"},
    )
    index = 'import { Pool } from "pg";\nimport "vitest";\nimport "./seeds/run";\nimport type { Z } from "zod";\n'
    files = {
        **service(),
        "packages/db/package.json": db,
        "packages/db/src/index.ts": index,
        "packages/db/src/seeds/run.ts": 'import "dotenv"',
        "packages/db/src/unused.ts": 'import "tsx"',
        "packages/db/src/a.test.ts": 'import "vitest"',
    }
    (finding,) = found(files)
    assert (finding.rule, finding.dir, finding.dependency) == ("dev-only-dependency", "packages/db", "pg")
    assert (finding.file, finding.line) == ("packages/db/src/index.ts", 1)
    assert finding.fix == "pnpm --filter @alecia/db add pg@^8.16.0"
    twice = {
        **files,
        "apps/colab/Dockerfile": SERVICE,
        "apps/colab/package.json": manifest("@alecia/colab", dependencies={"@alecia/db": "*"}),
        "apps/colab/app/page.tsx": 'import "@alecia/db"',
    }
    assert [item.dependency for item in found(twice) if item.dir == "packages/db"] == ["pg"]


@pytest.mark.parametrize(
    ("build", "framework"), [("cross-env A=1 tsup", {}), ("tsc", {"devDependencies": {"vite": "7"}})]
)
def test_a_bundle_carries_its_dev_dependencies(build: str, framework: dict[str, object]) -> None:
    db = manifest("@alecia/db", main="src/index.ts", devDependencies={"pg": "^8.16.0"}, scripts={"build": build})
    assert found({**service(**framework), "packages/db/package.json": db}) == []


def test_an_unknown_target_is_an_error() -> None:
    with pytest.raises(UsageError):
        found({"alecia.yaml": "apps: {website: {target: ghost}}\n"})
