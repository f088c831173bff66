"""Findings as SARIF 2.1.0, for code scanning and editors."""

from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from importlib.metadata import version
from typing import Any
from urllib.parse import quote

from alecia_pipeline.audit.explanations import EXPLANATIONS
from alecia_pipeline.audit.finding import RULES, Finding, Report
from alecia_pipeline.source.manifest import MANIFEST_FILE

_LEVELS = {"error": "error", "warning": "warning", "info": "note"}
_ROOT = "%SRCROOT%"


def sarif(report: Report) -> dict[str, Any]:
    """Return the report as a SARIF log of one run."""
    driver = {"name": "alecia", "semanticVersion": version("alecia-pipeline"), "rules": list(map(_rule, RULES))}
    run = {
        "tool": {"driver": driver},
        "automationDetails": {"id": "alecia/audit/"},
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The repository's root"}}},
        "columnKind": "unicodeCodePoints",
        "results": list(_results(report.findings)),
    }
    return {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}


def _rule(rule: str) -> dict[str, Any]:
    text = EXPLANATIONS[rule]
    return {
        "id": rule,
        "shortDescription": {"text": text},
        "help": {"text": f"{text} Each result says how to mend it."},
        "defaultConfiguration": {"level": _LEVELS[RULES[rule]]},
    }


def _results(findings: tuple[Finding, ...]) -> Iterator[dict[str, Any]]:
    """Yield the results. A fingerprint holds no line, so that a finding is known again when code moves."""
    seen: Counter[str] = Counter()
    order = list(RULES)
    for finding in findings:
        what = "\0".join((finding.rule, finding.dir, finding.file or "", finding.dependency or "", finding.message))
        seen[what] += 1
        yield {
            "ruleId": finding.rule,
            "ruleIndex": order.index(finding.rule),
            "level": _LEVELS[finding.severity],
            "message": {"text": f"{finding.message}. Fix: {finding.fix}" if finding.fix else finding.message},
            "locations": [{"physicalLocation": _place(finding)}],
            "partialFingerprints": {"alecia/v1": sha256(f"{what}\0{seen[what]}".encode()).hexdigest()},
        }


def _place(finding: Finding) -> dict[str, Any]:
    """Return where it is: a package's finding without a file stands at its manifest, since a result needs a file."""
    manifest = MANIFEST_FILE if finding.dir == "." else f"{finding.dir}/{MANIFEST_FILE}"
    place: dict[str, Any] = {"artifactLocation": {"uri": quote(finding.file or manifest), "uriBaseId": _ROOT}}
    return {**place, "region": {"startLine": finding.line}} if finding.line else place
