"""Runs of the command line: seen by the UI like any other, and told to the terminal while they go on."""

import json
import socket
from pathlib import Path

import dagster as dg
import pytest

from alecia_pipeline.cli.progress import RunView
from alecia_pipeline.defs import recording
from alecia_pipeline.defs.instance import INSTANCE_FILE, dagster_home, limit_pools, open_instance
from alecia_pipeline.defs.recording import Launch, Recorded, redeploy_run, release_run
from alecia_pipeline.defs.site import Location
from alecia_pipeline.errors import RefusedError, ReleaseFailedError
from alecia_pipeline_tests.defs.recorded_location import MODULE

COMMIT = "e" * 40


@pytest.fixture
def launch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Launch:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    monkeypatch.setattr(recording, "MODULE", MODULE)
    for name in ("ALECIA_REPO", "ALECIA_REV"):
        monkeypatch.setenv(name, "")
    return Launch(Location("/nowhere", rev=COMMIT), "staging", COMMIT)


def _view() -> RunView:
    return RunView("staging", COMMIT, 8443)


def _ignore(_: str) -> None:
    """Take a log line and drop it."""


def _recorded(done: Recorded) -> dg.DagsterRun:
    with open_instance() as instance:
        run = instance.get_run_by_id(done.run_id)
    assert run is not None
    return run


def test_a_release_is_recorded_where_the_ui_finds_it(launch: Launch, capsys: pytest.CaptureFixture[str]) -> None:
    view = _view()
    done = release_run(launch, view, _ignore)
    assert done.error is None
    run = _recorded(done)
    assert run.is_success
    assert run.job_name == "staging_release"
    assert run.tags["alecia/commit"] == COMMIT
    assert run.remote_job_origin is not None
    assert run.remote_job_origin.location_name == MODULE
    capsys.readouterr()
    view.finish(done.run_id, "json")
    document = json.loads(capsys.readouterr().out)
    assert document["moved"] == ["cms", "colab", "website"]
    assert document["release"] == "r1"
    assert document["images"]["website"]["digest"] == "sha256:1"
    assert {step["state"] for step in document["steps"]} == {"done"}


def test_progress_and_summary_for_people(launch: Launch, capsys: pytest.CaptureFixture[str]) -> None:
    view = _view()
    done = redeploy_run(launch, {"website": None}, view, _ignore)
    told = capsys.readouterr().err
    assert "start   image/website" in told
    assert "done    staging/website" in told
    view.finish(done.run_id, "text")
    summary = capsys.readouterr().out
    assert "release r1 is live on staging" in summary
    assert "1 built (0.0 MB), 0 reused; moved: website" in summary


def test_a_redeploy_plans_the_named_app_only(launch: Launch) -> None:
    view = _view()
    assert redeploy_run(launch, {"colab": "staging"}, view, _ignore).error is None
    assert {key for key in view.steps if key.startswith("staging/")} == {
        "staging/colab",
        "staging/release",
        "staging/smoke",
    }
    assert "image/colab/staging" in view.steps


def test_the_error_of_the_step_comes_back_as_it_was(launch: Launch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALECIA_TEST_BROKEN", "stack")
    view = _view()
    done = release_run(launch, view, _ignore)
    assert isinstance(done.error, RefusedError)
    assert (done.error.what, done.error.where, done.error.why, done.error.fix) == (
        "the lease is held",
        "staging",
        "run 12 holds it",
        "wait",
    )
    assert view.steps["staging/stack"]["state"] == "failed"
    assert not _recorded(done).is_success


def test_a_gate_that_did_not_pass_is_the_error(launch: Launch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALECIA_TEST_BROKEN", "audit")
    done = release_run(launch, _view(), _ignore)
    assert isinstance(done.error, ReleaseFailedError)
    assert done.error.what == "audit/colab did not pass: dependencies"
    assert done.error.why == "1 error"


def test_a_run_whose_process_died_is_ended_by_the_next(launch: Launch) -> None:
    first = release_run(launch, _view(), _ignore)
    with open_instance() as instance:
        left = instance.create_run_for_job(
            _job(), status=dg.DagsterRunStatus.STARTED, tags={recording.PROCESS_TAG: f"{socket.gethostname()}:1:0"}
        )
    second = release_run(launch, _view(), _ignore)
    assert _recorded(Recorded(left.run_id, None)).status is dg.DagsterRunStatus.FAILURE
    assert _recorded(first).is_success
    assert _recorded(second).is_success


def _job() -> dg.JobDefinition:
    @dg.job
    def staging_release() -> None:
        """Do nothing."""

    return staging_release


def test_the_home_is_made_once_and_an_edited_file_stays(launch: Launch, tmp_path: Path) -> None:
    home = dagster_home()
    assert home == tmp_path / "alecia" / "dagster"
    assert "granularity: run" in (home / INSTANCE_FILE).read_text()
    (home / INSTANCE_FILE).write_text("telemetry: {enabled: false}\n")
    assert (dagster_home() / INSTANCE_FILE).read_text() == "telemetry: {enabled: false}\n"


def test_pools_let_one_run_act_on_an_environment(launch: Launch) -> None:
    with open_instance() as instance:
        limit_pools(instance, ["staging"])
        assert instance.event_log_storage.get_concurrency_info("staging").slot_count == 1
        assert not instance.telemetry_enabled
