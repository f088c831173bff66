"""Findings as GitHub's workflow commands: annotations on the lines of a pull request."""

from collections.abc import Iterator

from alecia_pipeline.audit.finding import Report

_COMMANDS = {"error": "error", "warning": "warning", "info": "notice"}


def annotations(report: Report) -> Iterator[str]:
    """Yield one command per finding, escaped as the runner reads it (actions/toolkit, `command.ts`)."""
    for finding in report.findings:
        places = {"file": finding.file, "line": finding.line, "title": finding.rule}
        properties = ",".join(f"{key}={_property(str(value))}" for key, value in places.items() if value)
        message = f"{finding.message}\nfix: {finding.fix}" if finding.fix else finding.message
        yield f"::{_COMMANDS[finding.severity]} {properties}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
