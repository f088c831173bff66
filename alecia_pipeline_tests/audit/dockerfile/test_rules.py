"""The Dockerfile rules, on the healthy suite of the incidents with one thing changed."""

from collections.abc import Mapping

import pytest

from alecia_pipeline.audit.dockerfile import copies, filters, installs, runtime
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
    modules = (copies, filters, installs, runtime)
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


def test_a_source_that_git_ignores() -> None:
    (finding,) = found(website("COPY packages packages", "COPY packages packages\nCOPY dist dist"))
    assert finding.message.endswith("(git ignores it)")


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
        ("pnpm --filter @alecia/website build", ["turbo", "tsup"]),
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


def service(**more: object) -> dict[str, str]:
    website_manifest = manifest("@alecia/website", **{"dependencies": {"@alecia/db": "workspace:*"}, **more})
    return {WEBSITE: SERVICE, "apps/website/package.json": website_manifest, "apps/website/app/page.tsx": ""}


def test_code_that_needs_a_dev_dependency_when_it_runs() -> None:
    db = manifest("@alecia/db", devDependencies={"pg": "^8.16.0", "vitest": "3"}, scripts={"build": "tsc"})
    files = {**service(), "packages/db/package.json": db, "packages/db/src/a.test.ts": 'import "vitest"'}
    (finding,) = found(files)
    assert (finding.rule, finding.dir, finding.dependency) == ("dev-only-dependency", "packages/db", "pg")
    assert (finding.file, finding.line) == ("packages/db/src/index.ts", 1)
    assert finding.fix == "pnpm --filter @alecia/db add pg@^8.16.0"
    twice = {
        **files,
        "apps/colab/Dockerfile": SERVICE,
        "apps/colab/package.json": manifest("@alecia/colab", dependencies={"@alecia/db": "*"}),
    }
    assert [item.dependency for item in found(twice) if item.dir == "packages/db"] == ["pg"]


def test_a_bundle_carries_its_dev_dependencies() -> None:
    db = manifest("@alecia/db", devDependencies={"pg": "^8.16.0"}, scripts={"build": "tsup"})
    assert found({**service(), "packages/db/package.json": db}) == []


def test_an_unknown_target_is_an_error() -> None:
    with pytest.raises(UsageError):
        found({"alecia.yaml": "apps: {website: {target: ghost}}\n"})
