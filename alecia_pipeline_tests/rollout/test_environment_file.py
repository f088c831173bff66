import json
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alecia_pipeline.errors import UsageError
from alecia_pipeline.rollout.environment_file import (
    complete_environment,
    fingerprints,
    parse_environment,
    render_environment,
)

AS_COMPOSE_READS_IT: dict[str, dict[str, str]] = {
    "A=1\nexport B=2\nC: 3\n# note\n\nD = 4 # note\n": {"A": "1", "B": "2", "C": "3", "D": "4"},
    "A='x y' # note\nB='it\\'s'\nC='a$b\\n'\nD='a\\\\b'\n": {"A": "x y", "B": "it's", "C": "a$b\\n", "D": "a\\\\b"},
    'A="a\\nb\\$c\\"\\\\"\nB="x\\qy"\nC="two\nlines"\nD=1': {
        "A": 'a\nb$c"\\',
        "B": "x\\qy",
        "C": "two\nlines",
        "D": "1",
    },
    "A=1\nB=$A-${A}-${Z:-q}-${A:-n}-${Z-}-$$\n": {"A": "1", "B": "1-1-q-1--$"},
    "A=\nB=${A:-q}\nC=${A-q}\n": {"A": "", "B": "q", "C": ""},
    "A='b'\nB=\"${A}$A\"\n": {"A": "b", "B": "bb"},
    "A=#x\nB=a#b\nC=a b  \nD=\ty\nE=x\\ny\n": {"A": "#x", "B": "a#b", "C": "a b", "D": "y", "E": "x\\ny"},
    "A=1\nA=2\n": {"A": "2"},
    "\ufeffA=1\r\nB=2\r\n": {"A": "1", "B": "2"},
}

AWKWARD = st.text(st.sampled_from("a1'\"\\$ #\n\r\t{}=:é;`-"), max_size=9)


@pytest.mark.parametrize(("text", "values"), AS_COMPOSE_READS_IT.items())
def test_a_file_is_read_as_compose_reads_it(text: str, values: dict[str, str]) -> None:
    assert parse_environment(text.encode(), ".env") == values


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("A=1\nA", "KEY=value"),
        ("A=1\n=2", "KEY=value"),
        ("A=1\nB='x", "not closed"),
        ("A=1\nB='x'y", "follows the closing quote"),
        ("A=1\nB=$C", "names no key above"),
        ("A=1\nB=5$", "$$"),
        ("A=1\nB=${A:?x}", "$$"),
    ],
)
def test_what_compose_would_not_read_or_read_differently_elsewhere_is_refused(text: str, why: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_environment(text.encode(), "/srv/.env")
    assert caught.value.where == "/srv/.env:2"
    assert why in str(caught.value.why)


@given(st.dictionaries(st.from_regex(r"[A-Z_][A-Z0-9_]{0,8}", fullmatch=True), AWKWARD))
def test_what_is_written_is_read_back_the_same(values: dict[str, str]) -> None:
    assert parse_environment(render_environment(values), ".env") == values


def test_bytes_that_are_no_text_survive() -> None:
    values = parse_environment(b"A=\xff\n", ".env")
    assert render_environment(values) == b"A='\xff'\n"
    assert fingerprints(values, b"key")


def test_a_key_that_compose_could_not_read_is_refused() -> None:
    with pytest.raises(UsageError, match="cannot be written"):
        render_environment({"export A": "1"})
    with pytest.raises(UsageError, match="not one that docker compose reads"):
        render_environment({"A B": "1"})


@pytest.mark.engine
def test_compose_itself_reads_the_same(tmp_path: Path) -> None:
    read = {text: values for text, values in AS_COMPOSE_READS_IT.items() if values}
    for text, values in read.items():
        assert _read_by_compose(tmp_path, text.encode()) == values
    awkward = {
        f"K{n}": a + b + c for n, (a, b, c) in enumerate(zip("'\"\\$ #{", "$'\" \\x#", "\\'\n$#\"a", strict=True))
    }
    assert _read_by_compose(tmp_path, render_environment(awkward)) == awkward


def _read_by_compose(folder: Path, data: bytes) -> dict[str, str]:
    (folder / "e.env").write_bytes(data)
    (folder / "compose.yaml").write_text("services: {a: {image: x, env_file: [e.env]}}")
    command = ["docker", "compose", "--file", str(folder / "compose.yaml"), "config", "--format", "json"]
    done = subprocess.run(command, check=True, capture_output=True)
    found: dict[str, str] = json.loads(done.stdout)["services"]["a"]["environment"]
    return {key: value.replace("$$", "$") for key, value in found.items()}


def test_absent_keys_are_added_and_secrets_generated() -> None:
    numbers = iter("12345")
    done = complete_environment({}, {"DOMAIN": "a.test", "S": "typed"}, ("S", "P"), lambda: next(numbers))
    assert done.values == {"DOMAIN": "a.test", "S": "1", "P": "2"}
    assert (done.changed, done.generated, done.kept) == (("DOMAIN",), ("S", "P"), ())


def test_what_the_host_has_is_never_changed() -> None:
    existing = {"DOMAIN": "by.hand", "S": "old", "OTHER": "x"}
    done = complete_environment(existing, {"DOMAIN": "a.test", "OTHER": "x"}, ("S",), lambda: "new")
    assert done.values == existing
    assert (done.changed, done.generated, done.kept) == ((), (), ("DOMAIN",))


def test_an_empty_secret_is_absent_an_empty_plain_value_is_not() -> None:
    done = complete_environment({"S": "", "E": ""}, {"E": "x"}, ("S",), lambda: "new")
    assert done.values == {"E": "", "S": "new"}


def test_plain_values_that_the_pipeline_wrote_follow_the_commit() -> None:
    done = complete_environment(
        {"A": "1", "B": "1", "C": "1"}, {"A": "2", "B": "2", "C": "1"}, (), lambda: "", {"A", "C"}
    )
    assert done.values == {"A": "2", "B": "1", "C": "1"}
    assert (done.changed, done.kept) == (("A",), ("B",))


def test_fingerprints_depend_on_key_name_and_value() -> None:
    marks = fingerprints({"A": "1", "B": "1", "C": "2"}, b"key")
    assert len(set(marks.values())) == 3
    assert all(len(mark) == 16 for mark in marks.values())
    assert fingerprints({"A": "1"}, b"key")["A"] == marks["A"]
    assert fingerprints({"A": "1"}, b"other")["A"] != marks["A"]
