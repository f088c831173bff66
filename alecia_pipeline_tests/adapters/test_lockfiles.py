from pathlib import Path

import pytest

from alecia_pipeline.adapters import lockfiles
from alecia_pipeline.adapters.cache import Cache
from alecia_pipeline.adapters.lockfiles import RememberedLockfile
from alecia_pipeline.errors import UsageError
from alecia_pipeline.source.lockfile import parse_lockfile
from alecia_pipeline_tests.incidents.suite import LOCKFILE

DATA = LOCKFILE.encode()


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache.sqlite")


def forbid_yaml(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("the lockfile was parsed again")

    monkeypatch.setattr(lockfiles, "load_yaml", fail)


def test_the_same_bytes_are_parsed_once(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    first = RememberedLockfile(cache)(DATA, "pnpm-lock.yaml")
    forbid_yaml(monkeypatch)
    again = RememberedLockfile(cache)(DATA, "pnpm-lock.yaml")
    assert first == again == parse_lockfile(DATA, "pnpm-lock.yaml")
    assert again.raw == first.raw
    with pytest.raises(AssertionError, match="parsed again"):
        RememberedLockfile(cache)(DATA + b"\n", "pnpm-lock.yaml")


@pytest.mark.parametrize(
    "text", ["settings: {a: .nan}", "settings: {a: 0o17, b: .inf, c: 1.0}", "settings: {é: \U0001f600}"]
)
def test_values_come_back_as_they_were(cache: Cache, text: str) -> None:
    data = f"lockfileVersion: '9.0'\n{text}\nimporters: {{.: {{}}}}\n".encode()
    parsed = [RememberedLockfile(cache)(data, "l") for _ in range(2)]
    assert repr(parsed[0].settings) == repr(parsed[1].settings)


def test_what_expands_without_measure_is_not_kept(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lockfiles, "MAX_KEPT", len(DATA) // 100)
    RememberedLockfile(cache)(DATA, "l")
    forbid_yaml(monkeypatch)
    with pytest.raises(AssertionError, match="parsed again"):
        RememberedLockfile(cache)(DATA, "l")


@pytest.mark.parametrize("data", [b"- a\n", b"a: [\n", b"lockfileVersion: '99'\n"])
def test_what_is_no_lockfile_is_an_error_each_time(cache: Cache, data: bytes) -> None:
    for _ in range(2):
        with pytest.raises(UsageError) as caught:
            RememberedLockfile(cache)(data, "some/pnpm-lock.yaml")
        assert "some/pnpm-lock.yaml" in str(caught.value.where)
