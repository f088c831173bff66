"""What pnpm 8 to 12 said to `install --frozen-lockfile` on small workspaces (`bench/pnpm_verdicts.py` asks anew)."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from alecia_pipeline.audit.manifests.lock import judge
from alecia_pipeline.audit.snapshot import take_snapshot
from alecia_pipeline_tests.trees import DictTree

TABLE = json.loads(Path(__file__).with_name("pnpm_verdicts.json").read_text())
VERSIONS = ("8.15.9", "9.15.9", "10.34.9", "11.28.11", "12.21.0")

STRICTER = {
    "9.15.9": {"catalog_changed", "catalog_named_changed", "catalog_entry_removed"},  # it installs the old version
}
KINDER = {
    "10.34.9": {"dedupe_peers_added"},  # only its last releases know that setting
}


def cases(version: str) -> Iterator[dict[str, Any]]:
    for case in TABLE["cases"]:
        if version in case["pnpm"]:
            yield case


def agrees(case: dict[str, Any], package_manager: str | None) -> bool:
    files = {path: TABLE["texts"][number] for path, number in case["files"].items()}
    root = {**json.loads(files["package.json"]), **({"packageManager": package_manager} if package_manager else {})}
    return judge(take_snapshot(DictTree({**files, "package.json": json.dumps(root)}))).count == 0


@pytest.mark.parametrize("version", VERSIONS)
def test_the_verdict_is_that_of_pnpm(version: str) -> None:
    found = {case["name"]: agrees(case, f"pnpm@{version}") for case in cases(version)}
    told = {case["name"]: case["passes"] for case in cases(version)}
    assert len(told) > 100
    assert {name for name in told if told[name] and not found[name]} == STRICTER.get(version, set())
    assert {name for name in told if found[name] and not told[name]} == KINDER.get(version, set())


@pytest.mark.parametrize("version", VERSIONS)
def test_without_a_pinned_pnpm_nothing_is_said_that_pnpm_does_not_say(version: str) -> None:
    alarms = {case["name"] for case in cases(version) if case["passes"] and not agrees(case, None)}
    assert alarms == STRICTER.get(version, set())
