import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from alecia_pipeline import errors
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


def test_every_error_that_is_raised_names_where_why_and_fix() -> None:
    kinds = {kind.__name__ for kind in (AleciaError, OutsideError, RefusedError, ReleaseFailedError, UsageError)}
    package = Path(errors.__file__).parent
    made = [call for path in sorted(package.rglob("*.py")) for call in _calls(path, kinds)]
    lacking = [
        f"{where}: lacks {', '.join(sorted(missing))}"
        for where, given in made
        if (missing := {"where", "why", "fix"} - given)
    ]
    assert len(made) > 150, "the search finds the errors"
    assert lacking == []


def _calls(path: Path, names: set[str]) -> Iterator[tuple[str, set[str | None]]]:
    """Yield the place and the keywords of every call of one of the plain names in a file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
            yield f"{path}:{node.lineno}", {keyword.arg for keyword in node.keywords}
