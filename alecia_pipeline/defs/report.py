"""Outcomes as Dagster shows them: materializations, checks, tables."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from alecia_pipeline.operations.outcome import Fact, Markdown, Outcome, Table
from alecia_pipeline.redaction import Redactor

MAX_ROWS = 200
"""A longer table makes the event, and every page that shows it, heavy; the row count is told beside it."""


def metadata(outcome: Outcome, redactor: Redactor) -> dict[str, dg.MetadataValue[Any]]:
    """Return an outcome's facts as metadata, with every known secret masked."""
    return _values(outcome.facts, redactor)


def materialization(key: dg.AssetKey, outcome: Outcome, redactor: Redactor) -> dg.MaterializeResult[None]:
    """Return the result of the step that made `key`, its blocking checks included."""
    checks = [
        dg.AssetCheckResult(
            passed=verdict.passed,
            severity=dg.AssetCheckSeverity.WARN if verdict.warning else dg.AssetCheckSeverity.ERROR,
            asset_key=key,
            check_name=verdict.gate,
            description=redactor(verdict.text) or None,
            metadata=_values(verdict.facts, redactor),
        )
        for verdict in outcome.verdicts
    ]
    version = dg.DataVersion(outcome.version) if outcome.version else None
    return dg.MaterializeResult(
        asset_key=key, metadata=metadata(outcome, redactor), data_version=version, check_results=checks
    )


def _values(facts: Mapping[str, Fact], redactor: Redactor) -> dict[str, dg.MetadataValue[Any]]:
    return {name: _value(fact, redactor) for name, fact in facts.items()}


def _value(fact: Fact, redactor: Redactor) -> dg.MetadataValue[Any]:
    match fact:
        case Table(rows):
            return _table(rows, redactor)
        case Markdown(text):
            return dg.MetadataValue.md(redactor(text))
        case bool():
            return dg.MetadataValue.bool(fact)
        case int():
            return dg.MetadataValue.int(fact)
        case float():
            return dg.MetadataValue.float(fact)
        case _:
            return dg.MetadataValue.text(redactor(fact))


def _table(rows: tuple[Mapping[str, Any], ...], redactor: Redactor) -> dg.MetadataValue[Any]:
    if not rows:
        return dg.MetadataValue.text("none")
    shown = [dg.TableRecord({k: _cell(v, redactor) for k, v in row.items()}) for row in rows[:MAX_ROWS]]
    # Every column is a string: Dagster infers types from the first row, and ours may hold null there.
    columns = [dg.TableColumn(name, "string") for name in rows[0]]
    return dg.MetadataValue.table(shown, schema=dg.TableSchema(columns))


def _cell(value: str | float | bool | None, redactor: Redactor) -> str:  # noqa: FBT001 - a value, not a flag
    return "" if value is None else redactor(str(value))
