import pytest
from pydantic import ValidationError

from alecia_pipeline.audit.finding import RULES, SEVERITIES, Finding, Report, Stats

FIELDS = ["rule", "severity", "package", "dir", "file", "line", "dependency", "message", "fix"]


def test_the_json_is_the_contract() -> None:
    finding = Finding(rule="junk-file", package=None, dir=".", message="m")
    stats = Stats(packages=1, files=2, seconds=0.5)
    report = Report(repo="/r", commit=None, findings=(finding,), stats=stats)
    data = report.model_dump(mode="json", by_alias=True)
    assert list(data) == ["schema", "repo", "commit", "findings", "stats"]
    assert list(data["findings"][0]) == FIELDS
    assert list(data["stats"]) == ["packages", "files", "seconds"]
    assert (data["schema"], data["findings"][0]["severity"], report.errors) == (1, "error", 1)
    assert Report.model_validate(data) == report


def test_an_unknown_rule_is_a_bug() -> None:
    with pytest.raises(ValidationError, match="unknown rule"):
        Finding(rule="made-up", package=None, dir=".", message="m")


def test_every_rule_has_a_known_severity() -> None:
    assert set(RULES.values()) <= set(SEVERITIES)
