import sys

import pytest

from alecia_pipeline.adapters.sandbox import commands
from alecia_pipeline.errors import OutsideError


def test_output_and_input_pass_through() -> None:
    assert commands.run(["cat"], stdin=b"hello") == "hello"


def test_a_failure_shows_status_and_output() -> None:
    script = "import sys; print('the cause', file=sys.stderr); sys.exit(3)"
    with pytest.raises(OutsideError, match="exit status 3") as caught:
        commands.run([sys.executable, "-c", script])
    assert caught.value.why == "the cause"


def test_a_missing_program_is_named_with_its_fix() -> None:
    with pytest.raises(OutsideError, match="`no-such-program` is not installed") as caught:
        commands.run(["no-such-program"], fix="install it")
    assert caught.value.fix == "install it"


def test_a_program_that_hangs_is_ended() -> None:
    with pytest.raises(OutsideError, match="no result"):
        commands.run(["sleep", "60"], timeout=0.05)


@pytest.mark.parametrize(("program", "expected"), [("true", True), ("false", False), ("no-such-program", False)])
def test_succeeds_answers_yes_or_no(program: str, expected: bool) -> None:
    assert commands.succeeds([program]) is expected
