"""The sample monorepo: no error as it is, and the incident's three packages found in one audit."""

import json
from pathlib import Path

import pytest

from alecia_pipeline_tests.conftest import Repository
from alecia_pipeline_tests.incidents.test_traps import audited, places

SAMPLE = Path(__file__).parents[2] / "examples" / "alepanel"
MADE = {"node_modules", ".next", "dist", ".turbo"}
COLAB = "apps/colab/package.json"
REMOVED = {"@aws-sdk/client-s3", "@aws-sdk/s3-request-presigner", "@radix-ui/react-avatar"}


@pytest.fixture(scope="module")
def sample() -> dict[str, bytes]:
    files = (path for path in SAMPLE.rglob("*") if path.is_file() and not MADE & set(path.parts))
    return {path.relative_to(SAMPLE).as_posix(): path.read_bytes() for path in files}


def test_the_sample_has_nothing_to_find_but_its_base_images(
    sample: dict[str, bytes], repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    """Their digests differ from machine to machine, so the lock of them belongs to who builds it."""
    status, findings = audited(repository(sample), capsys)
    assert status == 0
    assert {finding["rule"] for finding in findings} == {"docker-base-unpinned"}


def test_three_removed_packages_are_found_in_one_audit(
    sample: dict[str, bytes], repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = json.loads(sample[COLAB])
    manifest["dependencies"] = {k: v for k, v in manifest["dependencies"].items() if k not in REMOVED}
    status, findings = audited(repository({**sample, COLAB: json.dumps(manifest)}), capsys)
    assert status == 1
    undeclared = [finding for finding in findings if finding["rule"] == "undeclared-import"]
    assert {finding["dependency"] for finding in undeclared} == REMOVED
    assert {finding["file"] for finding in undeclared} == {"apps/colab/lib/s3.ts", "apps/colab/components/avatar.tsx"}
    for rule, file, line in places(undeclared):
        assert rule == "undeclared-import"
        assert line
        assert b"from" in sample[file].splitlines()[line - 1]
    assert [finding["dir"] for finding in findings if finding["rule"] == "lockfile-stale"] == ["apps/colab"]
    assert len([finding for finding in findings if finding["severity"] == "error"]) == 4
