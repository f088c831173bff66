import pytest
from hypothesis import given
from hypothesis import strategies as st

from alecia_pipeline.audit.sources.markup import EXTENSIONS, read_markup


def places(text: str, extension: str) -> list[tuple[str, int]]:
    return [(item.specifier, item.line) for item in read_markup(text.encode(), extension).found]


def test_mdx_is_read_outside_of_fences() -> None:
    text = """---
title: a
---
import A from "a"
export * from "b"

import your data from there.

```ts
import C from "c"
```
~~~
import D from "d"
~~~

export const e = await import("e")
"""
    assert places(text, ".mdx") == [("a", 4), ("b", 5), ("e", 16)]


def test_vue_scripts_and_styles_keep_their_lines() -> None:
    text = """<template><p>import "no"</p></template>
<script>
import a from "a"
</script>
<script setup lang="ts" generic="T extends Record<string, string>">
const b = <T>c
import "b"
</script>
<script src="./c.js"></script>
<style lang="scss">
@use "d";
</style>
<style>
@import "e";
</style>
"""
    assert places(text, ".vue") == [("a", 3), ("b", 7), ("./c.js", 9), ("d", 11), ("e", 14)]


def test_commented_blocks_say_nothing_and_open_ones_reach_to_the_end() -> None:
    assert places('<!-- <script>import "a"</script> -->\n<script>\nimport "b"', ".svelte") == [("b", 3)]


def test_astro_has_frontmatter() -> None:
    text = '---\nimport A from "a"\n---\n<p>---</p>\n<script>\nimport "b"\n</script>\n'
    assert places(text, ".astro") == [("a", 2), ("b", 6)]
    assert places('<script>import "b"</script>', ".astro") == [("b", 1)]


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_nothing_is_in_an_empty_file(extension: str) -> None:
    assert places("", extension) == []


PARTS = [
    "<script>",
    "</script>",
    "<style>",
    "<!--",
    "-->",
    "---\n",
    "```\n",
    'import "x"\n',
    "<script a='",
    "\n\n",
    "é",
]


@given(st.lists(st.sampled_from(PARTS)), st.binary(max_size=50), st.sampled_from(EXTENSIONS))
def test_no_input_raises(parts: list[str], data: bytes, extension: str) -> None:
    read_markup("".join(parts).encode() + data, extension)


def test_code_that_mdx_shows_in_a_template_is_text() -> None:
    shown = '<Code>\n{`first\nimport C from "c";\n`}\n</Code>'
    text = f'import A from "a"\nimport B from "b"\n\n{shown}\n\nexport {{ D }} from "d"\n'
    assert places(text, ".mdx") == [("a", 1), ("b", 2), ("d", 10)]
