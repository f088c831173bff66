from alecia_pipeline.audit.sources.lines import Lines


def test_offsets_have_lines() -> None:
    lines = Lines(b"a\nbc\n\nd")
    assert [lines.at(offset) for offset in (0, 1, 2, 3, 5, 6)] == [1, 1, 2, 2, 3, 4]


def test_texts_have_lines_quoted_ones_first() -> None:
    lines = Lines(b"x y\n'x'\n\"x\"")
    assert (lines.of("x"), lines.of("y"), lines.of("z")) == (3, 1, 1)
