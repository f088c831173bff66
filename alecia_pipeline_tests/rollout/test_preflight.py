import pytest

from alecia_pipeline.errors import OutsideError
from alecia_pipeline.rollout.preflight import judge_preflight

GOOD = "docker=26.1.5+dfsg1\ncompose=v2.26.1-4\ndisk=9000000\nmemory=4000000\ntime=1000.5\n"


def test_a_ready_host() -> None:
    report = judge_preflight(GOOD, runner_time=1000.0, where="vps")
    assert (report.disk_free, report.memory_available) == (9_216_000_000, 4_096_000_000)
    assert (report.clock_skew, report.warnings) == (0.5, ())


def test_little_memory_and_a_wrong_clock_are_warnings() -> None:
    text = GOOD.replace("memory=4000000", "memory=1000")
    report = judge_preflight(text, runner_time=900.0, where="vps")
    assert [line.split()[0] for line in report.warnings] == ["only", "the"]


def test_everything_missing_is_named_at_once() -> None:
    text = "docker=permission denied\ncompose=unknown command\ndisk=1000\nmemory=?\ntime=0\nmissing=flock\n"
    with pytest.raises(OutsideError) as caught:
        judge_preflight(text, runner_time=0.0, where="vps")
    for part in ("flock is not installed", "docker 23.0", "permission denied", "docker compose 2.20", "MB of disk"):
        assert part in str(caught.value)


def test_a_host_that_says_nothing_is_not_ready() -> None:
    with pytest.raises(OutsideError):
        judge_preflight("", runner_time=0.0, where="vps")
