"""What one stage says about its work, in words that Dagster's metadata and the command line can both show."""

from collections.abc import Mapping
from dataclasses import dataclass, field

Cell = str | int | float | bool | None


@dataclass(frozen=True)
class Table:
    """Rows with the same columns, such as findings or probes."""

    rows: tuple[Mapping[str, Cell], ...]


@dataclass(frozen=True)
class Markdown:
    """Text with marks, such as a diff."""

    text: str


Fact = str | int | float | bool | Table | Markdown


@dataclass(frozen=True)
class Verdict:
    """A gate's answer. `text` is what a person must know when it did not pass; `facts` are what it rests on.

    `warning`: one that did not pass is told, and stops nothing.
    """

    gate: str
    passed: bool
    text: str = ""
    facts: Mapping[str, Fact] = field(default_factory=dict)
    warning: bool = False


@dataclass(frozen=True)
class Outcome:
    """A stage that came to its end. `version` identifies what it made; no version: it has none of its own."""

    version: str | None = None
    facts: Mapping[str, Fact] = field(default_factory=dict)
    verdicts: tuple[Verdict, ...] = ()

    @property
    def refused(self) -> tuple[Verdict, ...]:
        """The verdicts that did not pass, warnings left out."""
        return tuple(verdict for verdict in self.verdicts if not (verdict.passed or verdict.warning))
