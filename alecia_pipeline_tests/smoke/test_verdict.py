import pytest

from alecia_pipeline.smoke.probes import Probe
from alecia_pipeline.smoke.verdict import Answer, Silence, SmokeReport, judge


@pytest.mark.parametrize(
    ("probe", "status", "verdict"),
    [
        (Probe("a"), 200, "passed"),
        (Probe("a"), 308, "passed"),
        (Probe("a"), 401, "passed"),
        (Probe("a"), 404, "failed"),
        (Probe("a"), 502, "failed"),
        (Probe("a", status=(301, 308)), 308, "passed"),
        (Probe("a", status=(301, 308)), 200, "failed"),
        (Probe("a", status=(404,)), 404, "passed"),
        (Probe("a", contains="Alecia"), 200, "passed"),
        (Probe("a", contains="Convex"), 200, "failed"),
    ],
)
def test_an_answer_is_judged_by_status_and_content(probe: Probe, status: int, verdict: str) -> None:
    result = judge(probe, Answer(status, 12, "<h1>Alecia</h1>", 80.5))
    assert (result.verdict, result.status, result.ms, result.certificate_days) == (verdict, status, 12, 80.5)
    assert (result.detail is None) == (verdict == "passed")


def test_details_say_what_was_wanted() -> None:
    assert judge(Probe("a"), Answer(502, 1, "", None)).detail == "status 502, wanted an answer below 400"
    assert judge(Probe("a", status=(200, 204)), Answer(502, 1, "", None)).detail == "status 502, wanted 200 or 204"


def test_silence_fails_with_its_reason() -> None:
    result = judge(Probe("a", "/x"), Silence("certificate has expired", 7))
    assert (result.verdict, result.status, result.detail) == ("failed", None, "certificate has expired")


def test_a_report_passes_only_if_something_was_asked() -> None:
    good, bad = judge(Probe("a"), Answer(200, 1, "", None)), judge(Probe("b"), Silence("refused", 1))
    assert SmokeReport(environment="staging", probes=(good,), seconds=1).passed
    mixed = SmokeReport(environment="staging", probes=(good, bad), seconds=1)
    assert not mixed.passed
    assert mixed.failures == (bad,)
    assert not SmokeReport(environment="staging", probes=(), seconds=1).passed
