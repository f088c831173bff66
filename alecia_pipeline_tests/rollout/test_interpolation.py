import pytest

from alecia_pipeline.errors import UsageError
from alecia_pipeline.rollout.interpolation import interpolate, references

VALUES = {"FULL": "x", "EMPTY": ""}


def test_references_are_found_in_keys_values_lists_and_defaults() -> None:
    value = {"a": "$A-${B}", "${C}": ["${D:-d}", {"e": "${E?needed}"}], "n": 3, "f": "${F:-${G:-${H}}}"}
    assert references(value) == set("ABCDEFGH")


def test_an_escaped_dollar_is_no_reference() -> None:
    assert references("$$A and $${B} cost 5$") == frozenset()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a${FULL}b$FULL", "axbx"),
        ("${NONE}|${NONE-d}|${NONE:-d}", "|d|d"),
        ("${EMPTY-d}|${EMPTY:-d}", "|d"),
        ("${FULL:+y}|${NONE+y}|${EMPTY+y}|${EMPTY:+y}", "y||y|"),
        ("${FULL:?no}$$X", "x$X"),
    ],
)
def test_values_are_put_in_as_compose_does(text: str, expected: str) -> None:
    assert interpolate(text, VALUES, "compose.yaml") == expected


@pytest.mark.parametrize(("text", "why"), [("${NONE?say}", "say"), ("${EMPTY:?}", "compose requires it")])
def test_a_required_key_without_value(text: str, why: str) -> None:
    with pytest.raises(UsageError, match="has no value") as caught:
        interpolate(text, VALUES, "compose.yaml")
    assert why in str(caught.value)
