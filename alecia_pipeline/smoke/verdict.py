"""What an answer, or its absence, says about an environment."""

from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from alecia_pipeline.config import Model
from alecia_pipeline.smoke.probes import Probe

GUARDED = frozenset({401, 403})
"""A site that asks for a login is up."""

FIRST_ERROR = 400


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back over verified TLS. `body` is its start, `certificate_days` how long the certificate is valid."""

    status: int
    ms: int
    body: str
    certificate_days: float | None


@dataclass(frozen=True, slots=True)
class Silence:
    """No answer: refused, not verified, timed out. `ms` is how long that took."""

    reason: str
    ms: int


class ProbeResult(Model):
    """One probe and its verdict; `detail` says why it failed."""

    host: str
    path: str
    status: int | None
    ms: int
    verdict: Literal["passed", "failed"]
    detail: str | None
    certificate_days: float | None


class SmokeReport(Model):
    """All probes of an environment."""

    schema_version: Literal[1] = Field(1, alias="schema")
    environment: str
    probes: tuple[ProbeResult, ...]
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether there were probes and every one passed: asking nothing proves nothing."""
        return bool(self.probes) and not self.failures

    @property
    def failures(self) -> tuple[ProbeResult, ...]:
        """The failed probes."""
        return tuple(probe for probe in self.probes if probe.verdict == "failed")


def judge(probe: Probe, found: Answer | Silence) -> ProbeResult:
    """Return the verdict on one probe."""
    answer = found if isinstance(found, Answer) else None
    problem = _problem(probe, found)
    return ProbeResult(
        host=probe.host,
        path=probe.path,
        status=answer.status if answer else None,
        ms=found.ms,
        verdict="failed" if problem else "passed",
        detail=problem,
        certificate_days=answer.certificate_days if answer else None,
    )


def _problem(probe: Probe, found: Answer | Silence) -> str | None:
    if isinstance(found, Silence):
        return found.reason
    if not _accepted(probe, found.status):
        wanted = " or ".join(map(str, probe.status)) or "an answer below 400"
        return f"status {found.status}, wanted {wanted}"
    if probe.contains is not None and probe.contains not in found.body:
        return f"the answer does not contain {probe.contains!r}"
    return None


def _accepted(probe: Probe, status: int) -> bool:
    if probe.status:
        return status in probe.status
    return status < FIRST_ERROR or status in GUARDED
