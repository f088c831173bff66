"""What the team asked for after the incident: each rule beyond the ten traps, in a suite that is healthy otherwise."""

from collections.abc import Mapping

import pytest

from alecia_pipeline.audit.finding import RULES
from alecia_pipeline_tests.conftest import Repository
from alecia_pipeline_tests.incidents.suite import LOCKFILE, Files, edited
from alecia_pipeline_tests.incidents.suite import SUITE as HEALTHY
from alecia_pipeline_tests.incidents.test_traps import audited, places

WEBSITE, COMPOSE = "apps/website/Dockerfile", "docker-compose.production.yml"
EVIL = "resolution: {integrity: sha512-a, tarball: https://mirror.example/client-s3.tgz}"
CARD = 'import {{ useState }} from "react";\nimport {{ made }} from "{}";\nmade(useState);\n'
PG = "        specifier: ^8.16.0\n"
LEFT_PAD = "        specifier: ^1.3.0\n        version: 1.3.0\n"

RULE_BY_RULE: Mapping[str, tuple[Files, set[tuple[str, str, int | None]]]] = {
    "files_in_a_circle": (
        {"packages/ui/src/card.tsx": CARD.format("./index.js")},
        {("import-cycle", "packages/ui/src/index.ts", 1)},
    ),
    "the_same_dependency_in_two_versions": (
        {
            "packages/db/package.json": edited("packages/db/package.json", "^8.16.0", "^8.17.0"),
            "package.json": edited("package.json", '"turbo": "^2.5.0"', '"turbo": "^2.5.0",\n    "pg": "^8.16.0"'),
        },
        {
            ("version-mismatch", "package.json", 9),
            ("lockfile-stale", "pnpm-lock.yaml", 9),
            ("lockfile-stale", "pnpm-lock.yaml", 45),
        },
    ),
    "a_registry_that_nobody_configured": (
        {"pnpm-lock.yaml": LOCKFILE.replace("resolution: {integrity: sha512-a}", EVIL)},
        {("registry-unknown", "pnpm-lock.yaml", 64)},
    ),
    "another_pnpm_in_the_image": (
        {
            "package.json": edited("package.json", '"private"', '"packageManager": "pnpm@10.12.1",\n  "private"'),
            WEBSITE: edited(WEBSITE, "WORKDIR /repo", "WORKDIR /repo\nRUN corepack prepare pnpm@9.8.0 --activate"),
        },
        {("package-manager-mismatch", WEBSITE, 3)},
    ),
    "a_dependency_that_nothing_uses": (
        {
            "packages/db/package.json": edited("packages/db/package.json", '"pg"', '"left-pad": "^1.3.0",\n    "pg"'),
            "pnpm-lock.yaml": LOCKFILE.replace(f"      pg:\n{PG}", f"      left-pad:\n{LEFT_PAD}      pg:\n{PG}")
            .replace(
                "  next@16.1.4:\n    resolution",
                "  left-pad@1.3.0:\n    resolution: {integrity: x}\n\n  next@16.1.4:\n    resolution",
            )
            .replace("  next@16.1.4: {}", "  left-pad@1.3.0: {}\n\n  next@16.1.4: {}"),
        },
        {("unused-dependency", "packages/db/package.json", 5)},
    ),
    "packages_in_a_circle": (
        {
            "packages/db/package.json": edited(
                "packages/db/package.json", '"pg"', '"@alecia/ui": "workspace:*",\n    "pg"'
            ),
            "packages/ui/src/card.tsx": CARD.format("@alecia/db"),
        },
        {
            ("import-cycle", "packages/ui/src/card.tsx", 2),
            ("undeclared-workspace-import", "packages/ui/src/card.tsx", 2),
            ("lockfile-stale", "pnpm-lock.yaml", 45),
        },
    ),
    "a_secret_in_the_commit": (
        {".env": "DOMAIN=alecia.markets\nPOSTGRES_PASSWORD=5f2a9c7d1e3b8a604c1d\n"},
        {("secret-file", ".env", 2)},
    ),
    "a_file_outside_that_a_path_in_pieces_reads": (
        {
            "legal/terms.md": "Terms.\n",
            "apps/website/app/terms.ts": 'import { readFileSync } from "node:fs";\nimport path from "node:path";\n\n'
            'export const terms = readFileSync(path.join(process.cwd(), "..", "..", "legal", "terms.md"));\n',
        },
        {("silent-input", "apps/website/app/terms.ts", 4)},
    ),
    "a_glob_that_lists_a_package_of_another_app": (
        {"packages/ui/src/theme.css": '@source "../../{ui,db}/src/**/*.ts";\n'},
        {("silent-input", "packages/ui/src/theme.css", 1)},
    ),
    "a_build_that_asks_git_for_its_version": (
        {
            "apps/website/next.config.mjs": 'import { execSync } from "node:child_process";\n\n'
            'export default { env: { COMMIT: execSync("git rev-parse HEAD").toString() } };\n'
        },
        {("silent-input", "apps/website/next.config.mjs", 3)},
    ),
    "an_environment_file_that_nobody_commits": (
        {
            "packages/ui/package.json": edited(
                "packages/ui/package.json",
                '"build": "tsup"',
                '"build": "node --env-file=../../.env node_modules/.bin/tsup"',
            )
        },
        {("silent-input", "packages/ui/package.json", 11)},
    ),
    "an_image_without_a_version": (
        {COMPOSE: edited(COMPOSE, "website:1", "website")},
        {("compose-image-unpinned", COMPOSE, 3)},
    ),
    "a_service_without_health_check": (
        {COMPOSE: "services:\n  website:\n    image: ghcr.io/alecia/website:1\n"},
        {("compose-healthcheck", COMPOSE, 2)},
    ),
}


@pytest.mark.parametrize("name", RULE_BY_RULE)
def test_a_rule_names_its_fault_and_place(
    name: str, repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    changes, expected = RULE_BY_RULE[name]
    status, findings = audited(repository({**HEALTHY, **changes}), capsys)
    assert places(findings) == expected
    assert status == any(RULES[rule] == "error" for rule, _, _ in expected)
    assert all(finding["fix"] for finding in findings)
