import dagster as dg
import pytest

from alecia_pipeline.defs.failure import EXIT_CODE, translated
from alecia_pipeline.defs.keys import op_name, source_key
from alecia_pipeline.defs.report import MAX_ROWS, materialization, metadata
from alecia_pipeline.defs.step_log import StepLog
from alecia_pipeline.errors import RefusedError
from alecia_pipeline.operations.outcome import Fact, Outcome, Table, Verdict
from alecia_pipeline.redaction import Redactor, Secret

REDACTOR = Redactor([Secret("hunter2hunter2")])


def test_facts_become_metadata_without_secrets() -> None:
    rows = ({"file": "a.ts", "line": None, "message": "hunter2hunter2"},)
    facts: dict[str, Fact] = {
        "b": True,
        "i": 3,
        "f": 1.5,
        "s": "is hunter2hunter2",
        "t": Table(rows),
        "none": Table(()),
    }
    found = metadata(Outcome(facts=facts), REDACTOR)
    assert {name: found[name].value for name in ("b", "i", "f", "s", "none")} == {
        "b": True,
        "i": 3,
        "f": 1.5,
        "s": "is [redacted]",
        "none": "none",
    }
    table = found["t"]
    assert isinstance(table, dg.TableMetadataValue)
    assert [record.data for record in table.records] == [{"file": "a.ts", "line": "", "message": "[redacted]"}]


def test_a_long_table_is_cut() -> None:
    table = metadata(Outcome(facts={"t": Table(({"n": 1},) * (MAX_ROWS + 1))}), REDACTOR)["t"]
    assert isinstance(table, dg.TableMetadataValue)
    assert len(table.records) == MAX_ROWS


def test_verdicts_become_checks() -> None:
    facts: dict[str, Fact] = {"errors": 2, "findings": Table(({"file": "hunter2hunter2"},))}
    outcome = Outcome(
        "v1", verdicts=(Verdict("a", passed=True), Verdict("b", passed=False, text="2 errors", facts=facts))
    )
    result = materialization(dg.AssetKey(["audit", "x"]), outcome, REDACTOR)
    assert result.data_version == dg.DataVersion("v1")
    assert [(c.check_name, c.passed, c.description) for c in result.check_results or ()] == [
        ("a", True, None),
        ("b", False, "2 errors"),
    ]
    assert outcome.refused == outcome.verdicts[1:]
    shown = [check.metadata for check in result.check_results or ()]
    assert shown[0] == {}
    assert shown[1]["errors"] == dg.MetadataValue.int(2)
    assert isinstance(shown[1]["findings"], dg.TableMetadataValue)
    assert shown[1]["findings"].records[0].data == {"file": "[redacted]"}


def test_errors_keep_their_parts_and_exit_code() -> None:
    error = RefusedError("held by hunter2hunter2", where="staging", fix="wait")
    with pytest.raises(dg.Failure) as caught, translated(REDACTOR):
        raise error
    assert caught.value.description == "held by [redacted]"
    assert {name: value.value for name, value in caught.value.metadata.items()} == {
        "where": "staging",
        "fix": "wait",
        EXIT_CODE: 3,
    }
    assert not caught.value.allow_retries


def test_a_failure_and_a_cancellation_pass_through() -> None:
    for raised in (dg.Failure("as it is"), KeyboardInterrupt()):
        with pytest.raises(type(raised)) as caught, translated(REDACTOR):
            raise raised
        assert caught.value is raised


def test_keys_take_any_folder_name() -> None:
    assert source_key("packages/@my/ui kit").path == ["source", "packages", "_my", "ui_kit"]
    assert op_name(source_key("packages/my-ui")) == "source__packages__my_ui"


def test_the_step_log_forgets_its_targets() -> None:
    log, first, second = StepLog(), list[str](), list[str]()
    with log.to(first.append):
        log("one")
        with log.to(second.append):
            log("two")
    log("three")
    assert (first, second) == (["one", "two"], ["two"])
