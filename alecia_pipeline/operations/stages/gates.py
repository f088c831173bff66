"""The gates: the audit of an app, the whole lockfile."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from alecia_pipeline.audit.finding import SEVERITIES, Finding
from alecia_pipeline.audit.manifests.regeneration import Regeneration
from alecia_pipeline.operations.auditing import audit_app, audit_lockfile, lockfile_regeneration
from alecia_pipeline.operations.outcome import Fact, Outcome, Table, Verdict
from alecia_pipeline.operations.registries import docker_config
from alecia_pipeline.operations.runner import Runner

_LOCKFILE_RULES = "lockfile-"


@dataclass(frozen=True)
class AuditGates:
    """The audit of commits. It is pure, so it is recomputed wherever its verdict is needed."""

    runner: Runner

    def audit(self, commit: str, app: str) -> Outcome:
        """Audit one app's closure; errors in its slice of the lockfile are a verdict of their own."""
        started = perf_counter()
        findings = audit_app(self.runner, commit, app)
        lock = [finding for finding in findings if finding.rule.startswith(_LOCKFILE_RULES)]
        rest = [finding for finding in findings if finding not in lock]
        seconds = round(perf_counter() - started, 3)
        facts: dict[str, Fact] = {**_counts(findings), "seconds": seconds, "findings": _table(findings)}
        return Outcome(facts=facts, verdicts=(_verdict("dependencies", rest), _verdict("lockfile", lock)))

    def lockfile(self, commit: str) -> Outcome:
        """Judge the whole lockfile; a stale importer is told here, and stops only the apps that use it."""
        found = audit_lockfile(self.runner, commit)
        rows = [{"importer": folder, "verdict": "; ".join(texts) or "ok"} for folder, texts in found.importers.items()]
        text = "; ".join(found.settings) or "there is no pnpm-lock.yaml"
        stale = sum(bool(texts) for texts in found.importers.values())
        facts: dict[str, Fact] = {"version": found.version or "none", "stale": stale, "importers": Table(tuple(rows))}
        return Outcome(facts=facts, verdicts=(Verdict("settings", found.ok, "" if found.ok else text),))

    def regeneration(self, commit: str) -> Regeneration | None:
        """Return how to write a stale lockfile anew."""
        return lockfile_regeneration(self.runner, commit)

    @property
    def docker_config(self) -> Path | None:
        """The folder with the login for the image to run pnpm in; None: the docker client's own."""
        return docker_config(self.runner)


def _verdict(gate: str, findings: Sequence[Finding]) -> Verdict:
    errors = [finding for finding in findings if finding.severity == "error"]
    facts: dict[str, Fact] = {**_counts(findings), "findings": _table(findings)}
    return Verdict(gate, not errors, "\n".join(map(_line, errors)), facts)


def _counts(findings: Iterable[Finding]) -> dict[str, Fact]:
    """Return how many findings there are of each severity; Dagster plots numbers from run to run."""
    counted = Counter(finding.severity for finding in findings)
    return {f"{severity}s": counted[severity] for severity in SEVERITIES}


def _line(finding: Finding) -> str:
    place = f"{finding.file or finding.dir}:{finding.line}" if finding.line else finding.file or finding.dir
    return f"{place}: {finding.message}" + (f" (fix: {finding.fix})" if finding.fix else "")


def _table(findings: Iterable[Finding]) -> Table:
    columns = ("severity", "rule", "package", "file", "line", "dependency", "message", "fix")
    return Table(tuple({column: getattr(finding, column) for column in columns} for finding in findings))
