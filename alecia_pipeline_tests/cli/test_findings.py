"""Reports in every format, from made-up findings."""

import json
from importlib.metadata import version
from typing import Any

import pytest

from alecia_pipeline.audit.finding import RULES, Finding, Report, Stats
from alecia_pipeline.cli.annotations import annotations
from alecia_pipeline.cli.findings import print_text, summary
from alecia_pipeline.cli.sarif import sarif

FINDINGS = (
    Finding(
        rule="undeclared-import",
        package="@x/web",
        dir="apps/web",
        file="apps/web/a, b: 100%.ts",
        line=3,
        dependency="pg",
        message="100% of\r\nit",
        fix="pnpm --filter @x/web add pg@1",
    ),
    Finding(rule="lockfile-missing", package=None, dir=".", message="there is none", fix=None),
    Finding(rule="docker-context", package="@x/web", dir="apps/web", message="\x1b[2Jgone", fix=None),
)
REPORT = Report(repo="/r", commit="c" * 40, findings=FINDINGS, stats=Stats(packages=2, files=3, seconds=0.5))


def test_annotations_are_escaped_as_the_runner_reads_them() -> None:
    first, second, third = annotations(REPORT)
    assert first == (
        "::error file=apps/web/a%2C b%3A 100%25.ts,line=3,title=undeclared-import::"
        "100%25 of%0D%0Ait%0Afix: pnpm --filter @x/web add pg@1"
    )
    assert second == "::error title=lockfile-missing::there is none"
    assert "\n" not in third


def test_the_text_holds_no_command_to_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    print_text(REPORT)
    printed = capsys.readouterr().out
    assert "\x1b" not in printed
    assert "\N{REPLACEMENT CHARACTER}[2Jgone" in printed
    assert "@x/web (apps/web)" in printed


def test_the_summary_says_what_fix_would_mend() -> None:
    assert summary(REPORT) == "3 errors in 2 packages, 3 files, 0.50 s; `alecia audit --fix` mends 1"
    nothing = REPORT.model_copy(update={"findings": ()})
    assert summary(nothing) == "no findings in 2 packages, 3 files, 0.50 s"


@pytest.fixture
def log() -> dict[str, Any]:
    """The SARIF log, as a reader gets it."""
    found: dict[str, Any] = json.loads(json.dumps(sarif(REPORT)))
    return found


def test_sarif_has_what_the_standard_demands(log: dict[str, Any]) -> None:
    """OASIS SARIF 2.1.0: what §3.13, §3.14, §3.19, §3.27, §3.28 and §3.49 require or constrain."""
    assert log.keys() == {"$schema", "version", "runs"}
    assert (log["version"], len(log["runs"])) == ("2.1.0", 1)
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["semanticVersion"]) == ("alecia", version("alecia-pipeline"))
    ids = [rule["id"] for rule in driver["rules"]]
    assert ids == list(RULES)
    for rule in driver["rules"]:
        assert rule["shortDescription"]["text"].endswith(".")
        assert rule["help"]["text"]
        assert rule["defaultConfiguration"]["level"] in {"error", "warning", "note"}
    for result in run["results"]:
        assert ids[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in {"error", "warning", "note"}
        assert result["message"]["text"]
        (location,) = result["locations"]
        artifact = location["physicalLocation"]["artifactLocation"]
        assert artifact["uriBaseId"] in run["originalUriBaseIds"]
        assert not {" ", "\\"} & set(artifact["uri"])
        assert not artifact["uri"].startswith("/")


def test_sarif_places(log: dict[str, Any]) -> None:
    places = [result["locations"][0]["physicalLocation"] for result in log["runs"][0]["results"]]
    assert places[0]["artifactLocation"]["uri"] == "apps/web/a%2C%20b%3A%20100%25.ts"
    assert places[0]["region"] == {"startLine": 3}
    assert [place["artifactLocation"]["uri"] for place in places[1:]] == ["package.json", "apps/web/package.json"]
    assert "region" not in places[1]


def test_fingerprints_outlive_a_move_and_are_unique() -> None:
    def prints(*findings: Finding) -> list[str]:
        results = sarif(REPORT.model_copy(update={"findings": findings}))["runs"][0]["results"]
        return [result["partialFingerprints"]["alecia/v1"] for result in results]

    moved = FINDINGS[0].model_copy(update={"line": 99})
    assert prints(FINDINGS[0]) == prints(moved)
    assert len(set(prints(FINDINGS[0], moved, *FINDINGS[1:]))) == 4
