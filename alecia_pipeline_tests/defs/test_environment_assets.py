"""Runs on recorded stages: what happens in which order, what stops what, and what one click does."""

import dagster as dg
import pytest

from alecia_pipeline.errors import OutsideError, RefusedError, ReleaseFailedError
from alecia_pipeline_tests.defs.suite import GOOD, HEAD, SECRET, Suite

IMPLICIT = "__ASSET_JOB"
"""The job of a plain Materialize in the UI."""


def test_a_release_does_everything_in_order_for_one_commit(suite: Suite) -> None:
    result = suite.run("staging_release")
    assert result.success
    names = suite.stages.names()
    environment = ["stack", "migrate", "stage", "stage", "stage", "switch", "judge"]
    assert [name for name in names if name in environment] == environment
    assert names.index("lockfile") < names.index("host") < names.index("start")
    assert suite.stages.named("switch") == [("staging", HEAD, "cms", "colab", "website")]
    assert suite.stages.named("judge") == [("staging", "r1")]
    assert suite.stages.named("head") == [("staging",)]
    assert len(suite.materialized(result)) == len(suite.graph.packages) + 4 + 3 + 6 + 3


def test_the_first_image_step_starts_every_build(suite: Suite) -> None:
    suite.run("staging_release")
    assert suite.stages.named("start")[0] == (HEAD, "cms/", "colab/staging", "website/")


def test_a_failed_audit_builds_the_others_and_touches_no_service_of_the_environment(suite: Suite) -> None:
    suite.stages.failing_audits = {"colab"}
    result = suite.run("staging_release")
    assert not result.success
    assert suite.stages.named("start")[0] == (HEAD, "cms/", "website/")
    assert [call[1] for call in suite.stages.named("image")] == ["cms", "website"]
    assert not {"secrets", "stack", "migrate", "stage", "switch", "judge"} & set(suite.stages.names())


def test_an_image_that_fails_a_check_stops_what_comes_after_it(suite: Suite) -> None:
    suite.stages.failing_images = {"cms"}
    result = suite.run("staging_release")
    assert not result.success
    assert not {"stack", "migrate", "stage", "switch", "judge"} & set(suite.stages.names())


def test_an_image_with_a_warning_is_released(suite: Suite) -> None:
    suite.stages.grown_images = {"cms"}
    result = suite.run("staging_release")
    assert result.success
    warned = [each for each in result.get_asset_check_evaluations() if not each.passed]
    assert [(each.check_name, each.severity.value) for each in warned] == [("size", "WARN")]


def test_a_broken_app_elsewhere_does_not_stop_a_partial_release(suite: Suite) -> None:
    suite.stages.failing_audits = {"colab"}
    result = suite.run(IMPLICIT, "staging/website")
    assert result.success
    assert suite.stages.named("switch") == [("staging", GOOD, "website")]


@pytest.mark.parametrize("stage", ["stack", "migrate", "stage", "switch"])
def test_what_fails_stops_everything_after_it(suite: Suite, stage: str) -> None:
    suite.stages.broken[stage] = ReleaseFailedError("it broke", why="because", fix="mend it")
    result = suite.run("staging_release")
    assert not result.success
    assert "judge" not in suite.stages.names()
    assert "staging/smoke" not in suite.materialized(result)
    order = ["host", "secrets", "stack", "migrate", "stage", "switch", "judge"]
    assert not set(order[order.index(stage) + 1 :]) & set(suite.stages.names())


def test_a_lockfile_that_concerns_every_app_stops_every_build(suite: Suite) -> None:
    suite.stages.lockfile_passes = False
    result = suite.run("build")
    assert not result.success
    assert "image" not in suite.stages.names()
    assert "overrides differ" in suite.errors(result)[0]


def test_a_red_smoke_turns_the_run_red(suite: Suite) -> None:
    suite.stages.broken["judge"] = ReleaseFailedError("the public smoke failed")
    result = suite.run("staging_release")
    assert not result.success
    assert "staging/release" in suite.materialized(result)
    assert "staging/smoke" not in suite.materialized(result)


def test_one_click_on_an_app_is_a_whole_release_of_it(suite: Suite) -> None:
    result = suite.run(IMPLICIT, "staging/website")
    assert result.success
    assert suite.stages.calls == [
        ("newest_good", "staging", "website"),
        ("pending", "staging", GOOD),
        ("stage", "staging", GOOD, "website"),
        ("switch", "staging", GOOD, "website"),
        ("judge", "staging", "r1"),
    ]
    assert suite.materialized(result) == {"staging/website", "staging/release", "staging/smoke"}


def test_one_click_that_is_reverted_shows_nothing_as_made(suite: Suite) -> None:
    suite.stages.broken["judge"] = ReleaseFailedError("the public smoke failed")
    result = suite.run(IMPLICIT, "staging/website")
    assert not result.success
    assert suite.materialized(result) == set()


def test_one_click_refuses_while_migrations_are_pending(suite: Suite) -> None:
    suite.stages.pending_files = ("0014_more.sql",)
    result = suite.run(IMPLICIT, "staging/website")
    assert not result.success
    assert "0014_more.sql" in suite.errors(result)[0]
    assert "stage" not in suite.stages.names()


def test_an_app_with_its_release_is_only_staged_by_its_own_step(suite: Suite) -> None:
    assert suite.run(IMPLICIT, "staging/website", "staging/cms", "staging/release").success
    assert suite.stages.named("switch") == [("staging", GOOD, "cms", "website")]
    assert len(suite.stages.named("judge")) == 1


def test_a_release_alone_moves_every_app_and_is_judged(suite: Suite) -> None:
    result = suite.run(IMPLICIT, "staging/release")
    assert suite.stages.named("switch") == [("staging", GOOD, "cms", "colab", "website")]
    assert suite.stages.named("judge") == [("staging", "r1")]
    assert suite.materialized(result) == {"staging/release", "staging/smoke"}


def test_a_smoke_alone_judges_what_is_live(suite: Suite) -> None:
    assert suite.run(IMPLICIT, "staging/smoke").success
    assert suite.stages.calls == [("judge", "staging", "")]


def test_a_run_of_two_environments_is_refused_before_it_touches_one(suite: Suite) -> None:
    result = suite.run(IMPLICIT, "staging/host", "production/host")
    assert not result.success
    assert suite.stages.calls == []
    assert all("one environment only" in error for error in suite.errors(result))


def test_redeploy_moves_the_named_apps_and_verifies_the_others(suite: Suite) -> None:
    result = suite.run("staging_redeploy", config={"apps": ["website"]})
    assert result.success
    assert suite.stages.named("newest_good") == [("staging", "website")]
    assert suite.stages.named("stage") == [("staging", GOOD, "website")]
    assert suite.stages.named("verify") == [("staging", "cms"), ("staging", "colab")]
    assert suite.stages.named("switch") == [("staging", GOOD, "website")]
    assert {"staging/cms", "staging/colab"} < suite.materialized(result)


def test_redeploy_knows_its_apps(suite: Suite) -> None:
    with pytest.raises(dg.DagsterInvalidConfigError, match="wibsite"):
        suite.run("staging_redeploy", config={"apps": ["wibsite"]})


def test_a_rollback_restores_and_shows_the_release(suite: Suite) -> None:
    result = suite.run("staging_rollback", config={"ops": {"staging__rollback": {"config": {"to": "r0"}}}})
    assert result.success
    assert suite.stages.calls == [("rollback", "staging", "r0")]
    assert suite.materialized(result) == {"staging/release"}


def test_a_refused_rollback_is_red_with_its_fix(suite: Suite) -> None:
    suite.stages.broken["rollback"] = RefusedError("past a migration", fix="restore a backup")
    result = suite.run("staging_rollback")
    assert not result.success
    assert "restore a backup" in suite.errors(result)[0]


def test_secrets_are_masked_in_errors_of_both_kinds(suite: Suite) -> None:
    for error in (OutsideError("login failed", why=f"with {SECRET}"), ValueError(SECRET)):
        suite.stages.broken["secrets"] = error
        result = suite.run(IMPLICIT, "staging/secrets")
        assert not result.success
        (text,) = suite.errors(result)
        assert "[redacted]" in text
        assert SECRET not in text


def test_an_image_alone_is_audited_by_its_own_step(suite: Suite) -> None:
    suite.stages.failing_audits = {"website"}
    result = suite.run(IMPLICIT, "image/website")
    assert not result.success
    assert "image" not in suite.stages.names()
    suite.stages.failing_audits = set()
    assert suite.run(IMPLICIT, "image/website").success
    assert suite.stages.named("image") == [(HEAD, "website", "")]


def test_a_subset_of_the_sources_is_made_alone(suite: Suite) -> None:
    result = suite.run(IMPLICIT, "source/packages/ui", "source/apps/website")
    assert suite.materialized(result) == {"source/packages/ui", "source/apps/website"}
