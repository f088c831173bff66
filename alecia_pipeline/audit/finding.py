"""Findings and the report, as JSON exactly as docs/design.md fixes it."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Severity = Literal["error", "warning", "info"]

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")
"""The gravest first; a report is sorted in this order."""

RULES: dict[str, Severity] = {
    "undeclared-import": "error",
    "undeclared-workspace-import": "error",
    "root-only-dependency": "error",
    "dev-only-dependency": "error",
    "unresolved-import": "error",
    "case-mismatch": "error",
    "generated-path-missing": "error",
    "lockfile-stale": "error",
    "lockfile-missing": "error",
    "docker-context": "error",
    "docker-copy-missing": "error",
    "docker-manifest-missing": "error",
    "docker-dev-dependencies": "error",
    "docker-filter": "error",
    "docker-ignore": "error",
    "junk-file": "error",
    "compose-build": "error",
    "secret-file": "error",
    "registry-unknown": "error",
    "docker-base-unpinned": "warning",
    "docker-network": "warning",
    "build-env-undeclared": "warning",
    "silent-input": "warning",
    "import-cycle": "warning",
    "version-mismatch": "warning",
    "compose-image-unpinned": "warning",
    "compose-healthcheck": "warning",
    "package-manager-mismatch": "warning",
    "docker-cache": "info",
    "unused-dependency": "info",
}
"""Every rule there is, with its severity."""


class Value(BaseModel):
    """A frozen value that serialises to JSON and back."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Finding(Value):
    """One thing that would break a build or a deployment, where it stands, and the command that mends it."""

    rule: str
    severity: Severity = Field("error", description="Follows from the rule; what is passed must agree")
    package: str | None = Field(description="Name of the owning package; null when its manifest has none")
    dir: str = Field(description="The owning package's folder, `.` for the root")
    file: str | None = None
    line: int | None = Field(None, ge=1)
    dependency: str | None = None
    message: str
    fix: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _severity(cls, data: dict[str, Any]) -> dict[str, Any]:
        if data["rule"] not in RULES:
            raise ValueError(f"unknown rule {data['rule']}")
        return {"severity": RULES[data["rule"]], **data}

    @property
    def order(self) -> tuple[int, str, str, int, str, str, str]:
        """The sort key: severity, then place, then rule; it never depends on the order files were read in."""
        rank = SEVERITIES.index(self.severity)
        place = (self.dir, self.file or "", self.line or 0)
        return (rank, *place, self.rule, self.dependency or "", self.message)


class Audited(Value):
    """What an audit found in a tree of so many packages and source files."""

    findings: tuple[Finding, ...]
    packages: int
    files: int


class Stats(Value):
    """How much was looked at, and how long it took (seconds of wall time)."""

    packages: int
    files: int
    seconds: float


class Report(Value):
    """All findings of one commit, or of the working tree when `commit` is null."""

    schema_version: Literal[1] = Field(1, alias="schema")
    repo: str
    commit: str | None
    findings: tuple[Finding, ...]
    stats: Stats

    @property
    def errors(self) -> int:
        """How many findings are errors; only these fail a command or a gate."""
        return sum(finding.severity == "error" for finding in self.findings)
