"""The verdicts on one image."""

from collections.abc import Iterable
from typing import Literal

from pydantic import Field

from alecia_pipeline.config import Model

SECRETS, USER, BOOTS, DEPENDENCIES, SIZE = "secrets", "user", "boots", "dependencies", "size"

NAMES = (SECRETS, USER, BOOTS, DEPENDENCIES, SIZE)
"""Every check, in the order in which they are shown."""

NOT_JUDGED = "not judged"


class Check(Model):
    """One thing that was looked at. `severity`: what it is when it is not ok; an error keeps the image from its tag."""

    what: str = Field(description="Name of the check")
    ok: bool
    judged: bool = Field(default=True, description="False where nothing could be said: then it is not ok, and no error")
    severity: Literal["error", "warning", "info"] = "error"
    found: str = Field(description="What was seen; with the cause where it is not ok")
    fix: str | None = None

    @property
    def refuses(self) -> bool:
        """Whether the image may not have its tag."""
        return not self.ok and self.severity == "error"

    @property
    def verdict(self) -> str:
        """One word or two: `passed`, `failed`, `warning`, `not judged`."""
        if self.ok:
            return "passed"
        if not self.judged:
            return NOT_JUDGED
        return "failed" if self.severity == "error" else "warning"


def accepted(checks: Iterable[Check]) -> bool:
    """Whether an image with these verdicts may have its tag."""
    return not any(check.refuses for check in checks)


def not_judged(
    what: str, why: str, *, severity: Literal["warning", "info"] = "warning", fix: str | None = None
) -> Check:
    """Return the verdict where none is possible; `info` where that is how things are, and nobody need act."""
    return Check(what=what, ok=False, severity=severity, judged=False, found=why, fix=fix)
