import base64
import itertools
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alecia_pipeline.images.checks.needles import MASKED, Known, KnownSecrets, Needles, needles
from alecia_pipeline.redaction import Secret

VALUE = 'k3y-"w/th+s%gns&9'


def sought(value: str = VALUE) -> Needles:
    return needles(KnownSecrets(build={"the build secret t": Secret(value)}))


def names(found: Needles, data: bytes, *, shapes: bool = False) -> set[str]:
    return {each.name if isinstance(each, Known) else each for each in found.find(data, len(data), shapes=shapes)}


@pytest.mark.parametrize("before", ["", "a", "ab", "abc"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_a_value_shows_within_base64_of_a_longer_text(before: str, encode: object) -> None:
    assert callable(encode)
    assert names(sought(), encode(f"{before}{VALUE}, and more".encode())) == {"the build secret t"}


@pytest.mark.parametrize("text", [VALUE, quote(VALUE, safe=""), json.dumps({"a": VALUE})])
def test_a_value_shows_as_it_is_and_as_addresses_and_json_write_it(text: str) -> None:
    assert names(sought(), f"x {text} y".encode()) == {"the build secret t"}


def test_nothing_else_is_found() -> None:
    assert names(sought(), f"{VALUE[:-1]} {VALUE.upper()} {VALUE[::-1]}".encode()) == set()


@pytest.mark.parametrize("value", ["short1", "only-letters", "with a space 123", "-----BEGIN PRIVATE KEY-----", ""])
def test_values_that_would_be_found_by_chance_are_not_looked_for(value: str) -> None:
    assert sought(value).known == {}


@pytest.mark.parametrize("value", ["hunter22", "onlylettersandlong"])
def test_values_that_tell(value: str) -> None:
    assert names(sought(value), value.encode()) == {"the build secret t"}


def test_each_line_of_a_value_is_looked_for() -> None:
    assert names(sought("-----BEGIN X-----\nMIIEvQ1BADANBg\n"), b"..MIIEvQ1BADANBg..") == {"the build secret t"}


def test_the_apps_own_key_is_no_secret() -> None:
    assert needles(KnownSecrets(own=Secret(VALUE), masked=(Secret(VALUE),))).known == {}


def test_but_not_when_the_runner_knows_it_by_another_name() -> None:
    shared = KnownSecrets(own=Secret(VALUE), others=(("the environment variable AUTH_SECRET", Secret(VALUE)),))
    assert names(needles(shared), VALUE.encode()) == {"the environment variable AUTH_SECRET"}


def test_a_build_secret_that_is_another_one_too_goes_by_the_other_name() -> None:
    known = KnownSecrets(build={"b": Secret(VALUE)}, others=(("o", Secret(VALUE)),), masked=(Secret(VALUE),))
    assert set(needles(known).known.values()) == {Known("o", for_build=False)}


def test_what_is_masked_has_no_name() -> None:
    assert names(needles(KnownSecrets(masked=(Secret(VALUE),))), VALUE.encode()) == {MASKED}


@given(pieces=st.lists(st.integers(1, 700), max_size=8), place=st.integers(0, 3000))
def test_pieces_change_nothing(pieces: list[int], place: int) -> None:
    token = b"=AKIAZ2Y3X4W5V6U7T8S9 "
    data = bytearray(b"." * 4000)
    data[place : place + len(VALUE)] = VALUE.encode()
    data[place + 100 : place + 100 + len(token)] = token
    cuts = [0, *(sum(pieces[:n]) for n in range(1, len(pieces) + 1)), len(data)]
    parts = [bytes(data[start:end]) for start, end in itertools.pairwise(cuts) if start < len(data)]
    whole = list(sought().find(bytes(data), len(data), shapes=True))
    assert sorted(map(str, sought().stream(parts, shapes=True))) == sorted(map(str, whole))
    assert len(whole) > 1
