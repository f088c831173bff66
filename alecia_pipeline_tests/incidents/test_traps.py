"""Every trap of the incident: a repository that has it, and the one rule that names it before any build."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from alecia_pipeline.cli.main import run
from alecia_pipeline_tests.conftest import Repository
from alecia_pipeline_tests.incidents.suite import SUITE, Files, edited, without

WEBSITE = "apps/website/Dockerfile"
COLAB = "apps/colab/package.json"
CLIENT, PRESIGNER, AVATAR = "@aws-sdk/client-s3", "@aws-sdk/s3-request-presigner", "@radix-ui/react-avatar"

APP_CONTEXT_COMPOSE = "services:\n  website:\n    image: website\n    build:\n      context: apps/website\n"

TRAPS: dict[str, tuple[Files, set[tuple[str, str, int | None]]]] = {
    "1_context_is_the_app_in_compose": (
        {"docker-compose.yml": APP_CONTEXT_COMPOSE},
        {("docker-context", "docker-compose.yml", 4)},
    ),
    "1_context_is_the_app_in_a_workflow": (
        {".github/workflows/ci.yml": "jobs:\n  b:\n    steps:\n      - run: docker build -t website apps/website\n"},
        {("docker-context", ".github/workflows/ci.yml", 4)},
    ),
    "1_copy_from_below_the_app": (
        {WEBSITE: edited(WEBSITE, "COPY apps/website apps/website", "COPY app ./app")},
        {("docker-context", WEBSITE, 12)},
    ),
    "2_workspace_manifests_missing": (
        {WEBSITE: edited(WEBSITE, "COPY packages/db/package.json packages/db/\n", "")},
        {("docker-manifest-missing", WEBSITE, 6)},
    ),
    "3_dev_dependencies_missing": (
        {WEBSITE: edited(WEBSITE, "--prod=false", "--prod")},
        {("docker-dev-dependencies", WEBSITE, 7)},
    ),
    "3_dev_dependencies_missing_by_node_env": (
        {
            WEBSITE: edited(WEBSITE, " --prod=false", "").replace(
                "WORKDIR /repo", "WORKDIR /repo\nENV NODE_ENV=production"
            )
        },
        {("docker-dev-dependencies", WEBSITE, 8)},
    ),
    "4_filter_matches_nothing": (
        {WEBSITE: edited(WEBSITE, "--filter=@alecia/website", "--filter=website")},
        {("docker-filter", WEBSITE, 13)},
    ),
    "5_desktop_files": (
        {"apps/website/._page.tsx": b"\0\5\26\7", "apps/website/.DS_Store": b"\0"},
        {("junk-file", "apps/website/._page.tsx", None), ("junk-file", "apps/website/.DS_Store", None)},
    ),
    "6_generated_folder_missing": (
        {"apps/colab/lib/api.ts": 'import { api } from "../convex/_generated/api";\n'},
        {("generated-path-missing", "apps/colab/lib/api.ts", 1)},
    ),
    "6_generated_folder_missing_by_its_name": (
        {
            ".gitignore": "node_modules\n",
            "apps/colab/lib/api.ts": 'import { api } from "../convex/_generated/api";\n',
        },
        {("generated-path-missing", "apps/colab/lib/api.ts", 1)},
    ),
    "7_two_undeclared_imports": (
        {COLAB: without(CLIENT, PRESIGNER)},
        {
            ("undeclared-import", "apps/colab/lib/s3.ts", 1),
            ("undeclared-import", "apps/colab/lib/s3.ts", 2),
            ("lockfile-stale", "pnpm-lock.yaml", 15),
        },
    ),
    "8_one_more_undeclared_import": (
        {COLAB: without(AVATAR)},
        {
            ("undeclared-import", "apps/colab/components/avatar.tsx", 3),
            ("lockfile-stale", "pnpm-lock.yaml", 15),
        },
    ),
    "9_lockfile_stale": (
        {"packages/db/package.json": edited("packages/db/package.json", '"^8.16.0"', '"^8.17.0"')},
        {("lockfile-stale", "pnpm-lock.yaml", 45)},
    ),
    "10_built_on_the_server": (
        {
            "docker-compose.production.yml": edited(
                "docker-compose.production.yml",
                "image: ghcr.io/alecia/website:1",
                "build: {context: ., dockerfile: " + WEBSITE + "}",
            )
        },
        {("compose-build", "docker-compose.production.yml", 3)},
    ),
}


def audited(folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[dict[str, Any]]]:
    status = run(["audit", str(folder), "--format", "json"])
    findings: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["findings"]
    return status, findings


def places(findings: list[dict[str, Any]]) -> set[tuple[str, str, int | None]]:
    return {(finding["rule"], finding["file"], finding["line"]) for finding in findings}


def test_the_healthy_suite_has_no_finding(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    assert audited(repository(SUITE), capsys) == (0, [])


@pytest.mark.parametrize("trap", TRAPS)
def test_a_trap_is_named_by_its_rule_and_place(
    trap: str, repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    changes, expected = TRAPS[trap]
    status, findings = audited(repository({**SUITE, **changes}), capsys)
    assert places(findings) == expected
    assert status == 1
    assert all(finding["fix"] and finding["severity"] == "error" for finding in findings)


def test_one_audit_finds_all_traps_at_once(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    website = edited(WEBSITE, "COPY packages/db/package.json packages/db/\n", "")
    website = website.replace("--prod=false", "--prod").replace("--filter=@alecia/website", "--filter=website")
    changes: Mapping[str, str | bytes] = {
        "docker-compose.yml": APP_CONTEXT_COMPOSE,
        "docker-compose.production.yml": "services:\n  website:\n    build: .\n",
        WEBSITE: website,
        COLAB: without(CLIENT, PRESIGNER, AVATAR),
        "apps/website/.DS_Store": b"\0",
        "apps/colab/lib/api.ts": 'import { api } from "../convex/_generated/api";\n',
    }
    _, findings = audited(repository({**SUITE, **changes}), capsys)
    assert {finding["rule"] for finding in findings if finding["severity"] == "error"} == {
        "docker-context", "docker-manifest-missing", "docker-dev-dependencies", "docker-filter", "junk-file",
        "generated-path-missing", "undeclared-import", "lockfile-stale", "compose-build",
    }  # fmt: skip
    undeclared = {finding["dependency"] for finding in findings if finding["rule"] == "undeclared-import"}
    assert undeclared == {CLIENT, PRESIGNER, AVATAR}


def test_colab_is_broken_and_website_is_not(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(repository({**SUITE, COLAB: without(CLIENT, PRESIGNER, AVATAR)}))
    assert run(["audit", folder, "--app", "website"]) == 0
    assert run(["audit", folder, "--app", "colab"]) == 1


def test_the_fix_names_the_version_that_is_locked(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    _, findings = audited(repository({**SUITE, COLAB: without(CLIENT)}), capsys)
    assert findings[0]["fix"] == "pnpm --filter @alecia/colab add @aws-sdk/client-s3@^3.850.0"
    assert findings[1]["fix"] == "pnpm install --lockfile-only"
