"""Findings as people and tools read them: text by package, workflow annotations, SARIF 2.1.0."""

from collections.abc import Iterator
from importlib.metadata import version
from itertools import groupby
from typing import Any

from rich.text import Text

from alecia_pipeline.audit.finding import RULES, SEVERITIES, Finding, Report
from alecia_pipeline.cli.output import stdout

_STYLES = {"error": "bold red", "warning": "yellow", "info": "cyan"}
_COMMANDS = {"error": "error", "warning": "warning", "info": "notice"}
_LEVELS = {"error": "error", "warning": "warning", "info": "note"}


def print_text(report: Report) -> None:
    """Print findings grouped by package, each with its place and fix, and a summary line."""
    console = stdout()
    by_folder = sorted(report.findings, key=lambda finding: (finding.dir, finding.order))
    for folder, group in groupby(by_folder, key=lambda finding: finding.dir):
        findings = list(group)
        title = f"{findings[0].package} ({folder})" if findings[0].package else folder
        console.print(Text(title, style="bold"))
        for finding in findings:
            console.print(_lines(finding))
    console.print(Text(summary(report), style="bold" if report.findings else "green"))


def _lines(finding: Finding) -> Text:
    text = Text("  ").append(finding.severity, style=_STYLES[finding.severity])
    text.append(f" {finding.rule}  {place(finding)}\n    {finding.message}\n")
    return text.append(f"    fix: {finding.fix}\n") if finding.fix else text


def place(finding: Finding) -> str:
    """Return `file:line`, or what of it is known."""
    where = finding.file or finding.dir
    return f"{where}:{finding.line}" if finding.line else where


def summary(report: Report) -> str:
    """Return one line: how many findings of each severity, in how much."""
    counts = {name: sum(finding.severity == name for finding in report.findings) for name in SEVERITIES}
    parts = [f"{count} {name}{'s' if count > 1 else ''}" for name, count in counts.items() if count]
    stats = report.stats
    where = f"{stats.packages} packages, {stats.files} files, {stats.seconds:.2f} s"
    return f"{', '.join(parts) or 'no findings'} in {where}"


def annotations(report: Report) -> Iterator[str]:
    """Yield GitHub workflow commands, one per finding."""
    for finding in report.findings:
        places = {"file": finding.file, "line": finding.line, "title": finding.rule}
        properties = ",".join(f"{key}={_property(str(value))}" for key, value in places.items() if value)
        message = f"{finding.message}\nfix: {finding.fix}" if finding.fix else finding.message
        yield f"::{_COMMANDS[finding.severity]} {properties}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def sarif(report: Report) -> dict[str, Any]:
    """Return the report as a SARIF 2.1.0 log."""
    rules = [{"id": rule, "defaultConfiguration": {"level": _LEVELS[severity]}} for rule, severity in RULES.items()]
    driver = {"name": "alecia", "version": version("alecia-pipeline"), "rules": rules}
    run = {"tool": {"driver": driver}, "results": [_result(finding) for finding in report.findings]}
    return {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}


def _result(finding: Finding) -> dict[str, Any]:
    message = f"{finding.message}. Fix: {finding.fix}" if finding.fix else finding.message
    location: dict[str, Any] = {"artifactLocation": {"uri": finding.file or finding.dir}}
    if finding.line:
        location["region"] = {"startLine": finding.line}
    return {
        "ruleId": finding.rule,
        "ruleIndex": list(RULES).index(finding.rule),
        "level": _LEVELS[finding.severity],
        "message": {"text": message},
        "locations": [{"physicalLocation": location}],
    }
