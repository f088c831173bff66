"""Where the pipeline runs: the repository it reads, the runner's configuration, and the sink of its log lines."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from alecia_pipeline.config import Config
from alecia_pipeline.redaction import Redactor

Log = Callable[[str], None]


@dataclass(frozen=True)
class Runner:
    """What every operation gets first. `config` is the runner's file; an app's own settings come from the commit."""

    repo: Path
    config: Config
    sink: Log
    redactor: Redactor = field(default_factory=Redactor)

    def log(self, line: str) -> None:
        """Send one line to the sink, with every known secret masked."""
        self.sink(self.redactor(line))
