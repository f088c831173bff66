from hypothesis import given
from hypothesis import strategies as st

from alecia_pipeline.redaction import MASK, MIN_LENGTH, Redactor, Secret


def test_a_secret_prints_redacted_everywhere() -> None:
    secret = Secret("hunter2-hunter2")
    assert f"{secret} {secret!r} {[secret]}" == f"{MASK} {MASK} [{MASK}]"
    assert secret.reveal() == "hunter2-hunter2"


def test_secrets_compare_by_value_and_can_be_empty() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a")}) == 1
    assert not Secret("")
    assert Secret("a")


def test_the_longer_secret_is_masked_first() -> None:
    redact = Redactor([Secret("abcdef"), Secret("abcdef-and-more")])
    assert redact("x abcdef-and-more y abcdef") == f"x {MASK} y {MASK}"


def test_a_redactor_learns_later_and_leaves_short_values_alone() -> None:
    redact = Redactor()
    assert redact("password123") == "password123"
    redact.learn([Secret("password123"), Secret("x" * (MIN_LENGTH - 1))])
    assert redact("password123 xxxxx") == f"{MASK} xxxxx"


def test_of_a_secret_with_several_lines_each_line_is_masked() -> None:
    redact = Redactor([Secret("-----BEGIN KEY-----\n  abc/def==\n\nend\n")])
    assert redact("the line abc/def== of -----BEGIN KEY----- at the end") == f"the line {MASK} of {MASK} at the end"


@given(
    st.lists(st.text("xyz0123", min_size=MIN_LENGTH, max_size=20), min_size=1, max_size=5),
    st.text("ABC /=", max_size=20),
)
def test_no_known_secret_survives(values: list[str], around: str) -> None:
    masked = Redactor(map(Secret, values))(around + around.join(values) + around)
    assert not set(masked.replace(MASK, "")) & set("xyz0123")


def test_what_is_masked_can_be_looked_for_elsewhere() -> None:
    redactor = Redactor([Secret("second-value\nfirst-value"), Secret("abc")])
    assert redactor.known == (Secret("first-value"), Secret("second-value"))
