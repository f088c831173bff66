"""Whatever the bytes, a parser answers or raises a UsageError that says where."""

import contextlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alecia_pipeline.errors import UsageError
from alecia_pipeline.source.dockerfile import parse_dockerfile, stages_needed
from alecia_pipeline.source.glob import matches
from alecia_pipeline.source.ignore import DockerIgnore
from alecia_pipeline.source.jsonc import parse_jsonc
from alecia_pipeline.source.lockfile import parse_lockfile
from alecia_pipeline.source.manifest import parse_manifest
from alecia_pipeline.source.slice import render_slice
from alecia_pipeline.source.words import expand, split_words

Parser = Callable[[bytes, str], object]

LOCKFILE = b"""\
lockfileVersion: '9.0'
catalogs: {default: {a: {specifier: ^1, version: 1.0.0}}}
importers: {.: {dependencies: {a: {specifier: 'catalog:', version: 1.0.0(b@2.0.0)}}}}
packages: {a@1.0.0: {resolution: {integrity: sha512-x}}, b@2.0.0: {}}
snapshots: {a@1.0.0(b@2.0.0): {dependencies: {b: 2.0.0}}, b@2.0.0: {}}
"""
MANIFEST = b'{"name": "a", "dependencies": {"b": "1"}, "scripts": {"x": "y"}, "exports": {".": null}}'
DOCKERFILE = b"""\
# escape=`
ARG A=1
FROM --platform=x a:${A:-b} AS base
RUN --mount=type=bind,from=base <<-"E" cat `
 # comment
 x
\tE
COPY ["a", "b"]
ENV a b
"""


def _lockfile(data: bytes, path: str) -> object:
    return render_slice(parse_lockfile(data, path), ["."])


def _dockerfile(data: bytes, path: str) -> object:
    return stages_needed(parse_dockerfile(data, path), None)


def _ignore(data: bytes, path: str) -> object:
    return DockerIgnore.parse(data, path).reason("apps/web/x.ts")


SIGNS = [b"{", b"[", b"]", b"*", b"&a", b'"', b"\n", b": ", b"1"]

CASES = [
    pytest.param(_lockfile, LOCKFILE, id="lockfile"),
    pytest.param(parse_manifest, MANIFEST, id="manifest"),
    pytest.param(parse_jsonc, b'{"a": [1, /* x */ "b"],} // c', id="jsonc"),
    pytest.param(_dockerfile, DOCKERFILE, id="dockerfile"),
    pytest.param(_ignore, b"# x\n**/a*\n!b/[a-z]?\n\\*.log\n", id="ignore"),
]


@pytest.mark.parametrize(("parser", "valid"), CASES)
@given(st.data())
def test_damaged_bytes(parser: Parser, valid: bytes, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(valid)))
    end = data.draw(st.integers(start, min(len(valid), start + 12)))
    piece = data.draw(
        st.binary(max_size=6) | st.sampled_from([b"{", b"[", b"]", b"*", b"&a", b'"', b"\n", b": ", b"1"])
    )
    with contextlib.suppress(UsageError):
        parser(valid[:start] + piece + valid[end:], "p")


@pytest.mark.parametrize(("parser", "valid"), CASES)
def test_every_beginning(parser: Parser, valid: bytes) -> None:
    parser(valid, "p")
    for length in range(len(valid)):
        with contextlib.suppress(UsageError):
            parser(valid[:length], "p")


@pytest.mark.parametrize(("parser", "valid"), CASES)
@pytest.mark.parametrize("line_end", [b"\r\n", b"\n"])
def test_windows_line_ends_and_a_byte_order_mark_change_nothing(parser: Parser, valid: bytes, line_end: bytes) -> None:
    assert parser(b"\xef\xbb\xbf" + valid.replace(b"\n", line_end), "p") == parser(valid, "p")


@given(st.text(max_size=30))
def test_any_text_is_a_glob_and_words(text: str) -> None:
    matches("a/b", [text])
    expand(" ".join(split_words(text)), {"a": "1"})
