from dataclasses import replace

import dagster as dg
import pytest

from alecia_pipeline.errors import OutsideError
from alecia_pipeline.operations.affected import Affected
from alecia_pipeline_tests.defs.suite import GRAPH, HEAD, Suite


def _tick(suite: Suite, cursor: str | None = None) -> dg.SensorResult:
    sensor = suite.repository.get_sensor_def("staging_push")
    with dg.build_sensor_context(suite.instance, cursor=cursor, repository_def=suite.repository) as context:
        found = sensor(context)
    if isinstance(found, dg.SkipReason):
        return dg.SensorResult(skip_reason=found, cursor=cursor)
    assert isinstance(found, dg.SensorResult)
    return found


def _selected(request: dg.RunRequest) -> set[str]:
    return {key.to_user_string() for key in request.asset_selection or ()}


def test_a_new_commit_is_one_run_of_what_it_affects_and_then_none(suite: Suite) -> None:
    first = _tick(suite)
    (request,) = first.run_requests or []
    assert request.run_key == f"staging:{HEAD}:1"
    assert request.tags == {"alecia/commit": HEAD, "alecia/environment": "staging"}
    assert _selected(request) == {
        "source/apps/website",
        "lockfile",
        "audit/website",
        "image/website",
        *(f"staging/{s}" for s in ("host", "secrets", "stack", "migrations", "website", "release", "smoke")),
    }
    second = _tick(suite, first.cursor)
    assert not second.run_requests
    assert "nothing new" in str(second.skip_reason)
    assert second.cursor == HEAD


def test_the_requested_run_moves_the_affected_app_only(suite: Suite) -> None:
    suite.stages.moves = Affected(("colab",), (), common=False)
    (request,) = _tick(suite).run_requests or []
    keys = [key.to_user_string() for key in request.asset_selection or ()]
    assert suite.run("staging_release", *keys, tags=request.tags).success
    assert suite.stages.named("switch") == [("staging", HEAD, "colab")]
    assert suite.stages.named("image") == [(HEAD, "colab", "staging")]
    assert suite.stages.named("migrate") == [("staging", HEAD)]


def test_a_commit_that_affects_nothing_is_skipped_and_remembered(suite: Suite) -> None:
    suite.stages.moves = Affected((), (".",), common=False)
    result = _tick(suite)
    assert not result.run_requests
    assert result.cursor == HEAD
    assert "affects nothing" in str(result.skip_reason)


def test_a_new_app_reloads_the_definitions_and_leaves_the_cursor(suite: Suite) -> None:
    suite.graph = replace(GRAPH, apps={**GRAPH.apps, "flows": "apps/flows"})
    result = _tick(suite, "before")
    assert suite.reloads == ["reload"]
    assert not result.run_requests
    assert result.cursor == "before"
    assert "new: app flows" in str(result.skip_reason)


@pytest.mark.parametrize(
    ("packages", "words"),
    [
        ({k: v for k, v in GRAPH.packages.items() if k != "packages/ui"}, "gone: package packages/ui"),
        ({**GRAPH.packages, "apps/cms": ("packages/ui",)}, "dependencies changed"),
    ],
)
def test_what_changed_in_the_graph_is_named(suite: Suite, packages: dict[str, tuple[str, ...]], words: str) -> None:
    suite.graph = replace(GRAPH, packages=packages)
    assert words in str(_tick(suite).skip_reason)


def test_a_host_that_does_not_answer_is_a_failed_tick_that_comes_again(suite: Suite) -> None:
    suite.stages.broken["affected"] = OutsideError("the host does not answer", fix="`alecia doctor`")
    with pytest.raises(dg.Failure, match="does not answer"):
        _tick(suite)
    suite.stages.broken.clear()
    assert len(_tick(suite).run_requests or []) == 1


def test_a_failed_run_is_told_of(suite: Suite, capsys: pytest.CaptureFixture[str]) -> None:
    suite.stages.broken["host"] = OutsideError("the host does not answer")
    result = suite.run("staging_release")
    run = suite.instance.get_run_by_id(result.run_id)
    assert run is not None
    failed, cancelled = (suite.repository.get_sensor_def(name) for name in ("failed", "cancelled"))
    event = suite.instance.get_records_for_run(run.run_id, of_type=dg.DagsterEventType.RUN_FAILURE).records[0]
    happened = event.event_log_entry.dagster_event
    assert happened is not None
    context = dg.build_run_status_sensor_context(failed.name, happened, suite.instance, run)
    failed(context.for_run_failure())
    cancelled(context)
    said = capsys.readouterr().err
    assert f"staging_release ({run.run_id[:8]}, {HEAD[:12]}) failed." in said
    assert "was cancelled" in said
