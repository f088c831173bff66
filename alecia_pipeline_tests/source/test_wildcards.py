import re
from time import process_time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from alecia_pipeline.source.glob import matches
from alecia_pipeline.source.ignore import DockerIgnore
from alecia_pipeline.source.wildcards import STAR, joined

GO = ("(?:.*/)?", "(?:.*?/)??")
"""`**/` as in .dockerignore and .gitignore."""

PNPM = (r"(?:(?!\.)[^/]+/)*", r"(?:(?!\.)[^/]+/)*?")
"""`**/` as in globs, where a dotted folder is none."""

PIECES = st.lists(st.sampled_from(["a", "b", r"\.", "/", STAR, "[^/]", "[ab]", "[^a]", "**/", r"(?!\.)"]), max_size=10)
PATHS = st.text(alphabet="ab./", max_size=14)


@pytest.mark.parametrize("kind", [GO, PNPM], ids=["go", "pnpm"])
@settings(max_examples=1500)
@given(pieces=PIECES, path=PATHS)
@example(pieces=["**/", "a", "/", "**/", "a", "b"], path="a/a/ab")
@example(pieces=["**/", STAR, "/", "a", "/", "**/", "b"], path="a/a/b/a/b")
def test_what_matches_is_what_matched_before(kind: tuple[str, str], pieces: list[str], path: str) -> None:
    deep, lazy = kind
    translated = [deep if piece == "**/" else piece for piece in pieces]
    try:
        quick = re.compile(joined(translated, deep, lazy))
    except re.error:
        return
    assert bool(quick.fullmatch(path)) == bool(re.fullmatch("".join(translated), path))


def _seconds(pattern: str, path: str) -> float:
    started = process_time()
    assert not matches(path, [pattern])
    assert not DockerIgnore.parse(pattern.encode()).ignored(path)
    return process_time() - started


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*a" * 60 + "b", "a" * 250),
        ("**/x/" * 40 + "y", "x/" * 500 + "x"),
        ("**/*x*/" * 40 + "y", "xx/" * 500 + "x"),
        ("*[a-z]" * 60 + "B", "a" * 250),
        ("*?" * 60 + "b", "a" * 250),
    ],
)
def test_a_pattern_made_to_take_for_ever_does_not(pattern: str, path: str) -> None:
    assert _seconds(pattern, path) < 5


@pytest.mark.parametrize("pieces", [[STAR, "[^a]"] * 4, ["a", GO[0]] * 4])
def test_what_must_look_back_too_often_is_refused(pieces: list[str]) -> None:
    with pytest.raises(re.error, match="too many"):
        joined(pieces, *GO)


def test_what_people_write_is_taken() -> None:
    for pattern in ("**/*.test.*", "apps/*/src/**/*-*.stories.*", "a*[!b]*c", "**/.cache/**/x", "**/**/a"):
        assert not matches("nothing", [pattern])
        assert not DockerIgnore.parse(pattern.encode()).ignored("nothing")
