"""One thing that `alecia doctor` looked at."""

from typing import Literal

from alecia_pipeline.config import Model


class Check(Model):
    """What was seen. `fix` says what to do where the verdict is not ok."""

    name: str
    verdict: Literal["ok", "warning", "failed"]
    detail: str
    fix: str | None = None
