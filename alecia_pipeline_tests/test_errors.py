import pytest

from alecia_pipeline.errors import AleciaError, ExitCode, OutsideError, RefusedError, ReleaseFailedError, UsageError


@pytest.mark.parametrize(
    ("kind", "code"),
    [(ReleaseFailedError, 1), (UsageError, 2), (RefusedError, 3), (OutsideError, 4), (AleciaError, 1)],
)
def test_each_kind_has_its_contract_exit_code(kind: type[AleciaError], code: int) -> None:
    assert kind("x").exit_code == code == ExitCode(code)


def test_text_holds_what_where_why_and_fix_in_that_order() -> None:
    error = UsageError("unknown app 'webiste'", where="alecia.yaml", why="no such app", fix="did you mean website?")
    assert str(error) == (
        "unknown app 'webiste'\n  where: alecia.yaml\n  why: no such app\n  fix: did you mean website?"
    )


def test_unknown_parts_are_left_out() -> None:
    assert str(AleciaError("broken", fix="mend it")) == "broken\n  fix: mend it"
