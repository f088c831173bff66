"""Findings as people read them: by package, each with its place and fix, and a count below."""

from itertools import groupby

from rich.text import Text

from alecia_pipeline.audit.finding import SEVERITIES, Finding, Report
from alecia_pipeline.audit.manifests.fixes import addition
from alecia_pipeline.cli.output import stdout

_STYLES = {"error": "bold red", "warning": "yellow", "info": "cyan"}
_UNSEEN = dict.fromkeys((*range(32), *range(127, 160)), "\N{REPLACEMENT CHARACTER}")
"""Control characters: a file's name could hold a terminal's commands."""


def print_text(report: Report) -> None:
    """Print findings grouped by package, each with its place and fix, and a summary line."""
    console = stdout()
    by_folder = sorted(report.findings, key=lambda finding: (finding.dir, finding.order))
    for folder, group in groupby(by_folder, key=lambda finding: finding.dir):
        findings = list(group)
        title = f"{findings[0].package} ({folder})" if findings[0].package else folder
        console.print(Text(title.translate(_UNSEEN), style="bold"))
        for finding in findings:
            console.print(_lines(finding))
    console.print(Text(summary(report), style="bold" if report.findings else "green"))


def _lines(finding: Finding) -> Text:
    text = Text("  ").append(finding.severity, style=_STYLES[finding.severity])
    text.append(f" {finding.rule}  {place(finding)}\n    {finding.message.translate(_UNSEEN)}\n")
    return text.append(f"    fix: {finding.fix.translate(_UNSEEN)}\n") if finding.fix else text


def place(finding: Finding) -> str:
    """Return `file:line`, or what of it is known."""
    where = (finding.file or finding.dir).translate(_UNSEEN)
    return f"{where}:{finding.line}" if finding.line else where


def summary(report: Report) -> str:
    """Return one line: how many findings of each severity, in how much, and what `--fix` would mend."""
    counts = {name: sum(finding.severity == name for finding in report.findings) for name in SEVERITIES}
    parts = [f"{count} {name}{'s' if count > 1 else ''}" for name, count in counts.items() if count]
    stats = report.stats
    where = f"{stats.packages} packages, {stats.files} files, {stats.seconds:.2f} s"
    mended = sum(addition(finding) is not None or finding.rule == "lockfile-stale" for finding in report.findings)
    more = f"; `alecia audit --fix` mends {mended}" if mended else ""
    return f"{', '.join(parts) or 'no findings'} in {where}{more}"
