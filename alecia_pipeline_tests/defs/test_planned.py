import pytest

from alecia_pipeline.defs.planned import COMMIT_TAG, RELEASE_TAG, pinned_commit, planned_keys, run_tag
from alecia_pipeline_tests.defs.suite import GOOD, GRAPH, HEAD, Suite

OTHER = "d" * 40


def _planned(suite: Suite, run_id: str) -> set[str]:
    return {key.to_user_string() for key in planned_keys(suite.instance, run_id)}


def test_planned_keys_of_a_job_a_selection_and_a_reexecution(suite: Suite) -> None:
    whole = suite.run("audit")
    assert _planned(suite, whole.run_id) == {k for k in suite.materialized(whole) if "source" in k} | {
        "audit/cms",
        "audit/colab",
        "audit/website",
        "lockfile",
    }
    part = suite.run("staging_release", "staging/release", "staging/smoke")
    assert _planned(suite, part.run_id) == {"staging/release", "staging/smoke"}


def test_the_first_step_pins_the_commit_and_later_steps_keep_it(suite: Suite) -> None:
    result = suite.run("staging_release")
    run = suite.instance.get_run_by_id(result.run_id)
    assert run is not None
    assert run.tags[COMMIT_TAG] == HEAD
    assert run.tags["alecia/environment"] == "staging"
    assert run.tags[RELEASE_TAG] == "r1"
    assert len(suite.stages.named("head")) == 1


def test_a_commit_that_was_requested_is_used(suite: Suite) -> None:
    assert suite.run("staging_release", tags={COMMIT_TAG: OTHER}).success
    assert suite.stages.named("switch") == [("staging", OTHER, "cms", "colab", "website")]
    assert "head" not in suite.stages.names()


@pytest.mark.parametrize(("key", "commit"), [("staging/stack", HEAD), ("staging/release", GOOD), ("audit/cms", HEAD)])
def test_only_a_run_that_moves_apps_looks_for_images(suite: Suite, key: str, commit: str) -> None:
    result = suite.run("__ASSET_JOB", key)
    assert run_tag(suite.instance, result.run_id, COMMIT_TAG) == commit


def test_a_reexecution_inherits_what_steps_tagged(suite: Suite) -> None:
    suite.stages.broken["judge"] = RuntimeError("cut off")
    first = suite.run("staging_release")
    job = suite.repository.get_job("staging_release")
    again = suite.instance.create_run_for_job(job, parent_run_id=first.run_id, root_run_id=first.run_id)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(suite.stages, "head_commit", OTHER)
        assert pinned_commit(suite.instance, again.run_id, GRAPH, suite.stages) == HEAD
    assert run_tag(suite.instance, again.run_id, RELEASE_TAG) == "r1"
    assert run_tag(suite.instance, again.run_id, "absent") is None


def test_a_smoke_that_is_run_again_judges_the_release_of_its_run(suite: Suite) -> None:
    assert suite.run("staging_release", "staging/smoke", tags={RELEASE_TAG: "r1"}).success
    assert suite.stages.calls == [("judge", "staging", "r1")]
