"""Where the pipeline runs: the repository it reads, the runner's configuration, and the sink of its log lines."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from alecia_pipeline.config import CONFIG_FILE, Config, parse_config
from alecia_pipeline.errors import UsageError
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


def load_config(config_file: str | None, repo: Path) -> Config:
    """Read the runner's configuration. Raises UsageError when a named file is missing or a file is not valid."""
    path = Path(config_file) if config_file else repo / CONFIG_FILE
    if path.is_file():
        return parse_config(path.read_bytes(), where=str(path))
    if config_file:
        raise UsageError(
            "the configuration file is missing",
            where=config_file,
            why="no file is there",
            fix="check the path after --config, or write one with `alecia init`",
        )
    return Config()
