"""Dagster's real UI in Chromium, on recorded stages: what a person sees and clicks."""

import os
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from alecia_pipeline.adapters.dagster_services import DagsterServices
from alecia_pipeline.defs import recording
from alecia_pipeline.defs.instance import dagster_home, limit_pools, open_instance
from alecia_pipeline.defs.recording import Launch
from alecia_pipeline.defs.site import Location
from alecia_pipeline_tests.conftest import free_port
from alecia_pipeline_tests.defs.recorded_location import MODULE
from alecia_pipeline_tests.ui.browser import Page, chromium

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def services(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DagsterServices]:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(recording, "MODULE", MODULE)
    for name in ("ALECIA_REPO", "ALECIA_REV"):
        monkeypatch.setenv(name, "")
    # The UI asks "are you sure?" while what an app stands on was never made.
    released = recording.release_run(Launch(Location("."), "staging", "a" * 40), lambda _: None, lambda _: None)
    assert released.error is None
    with open_instance() as instance:
        limit_pools(instance, ["staging", "production"])
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    services = DagsterServices(MODULE, dagster_home(), free_port(), {"PYTHONPATH": path})
    try:
        services.wait_ready()
        yield services
    finally:
        services.stop()


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    with chromium(tmp_path / "profile") as page:
        yield page


def _materialized(run: dg.DagsterRun) -> set[str]:
    with open_instance() as instance:
        kind = dg.DagsterEventType.ASSET_MATERIALIZATION
        records = instance.get_records_for_run(run.run_id, of_type=kind).records
    return {record.asset_key.to_user_string() for record in records if record.asset_key}


def test_one_click_on_an_app_is_a_green_release_of_it(services: DagsterServices, page: Page) -> None:
    page.open(f"{services.url}/asset-groups")
    for group in ("source", "gate", "images", "staging", "production"):
        page.wait_for_text(group)
    page.open(f"{services.url}/assets/staging/website")
    page.click("Materialize")
    page.wait_for_text("Launched run")
    with open_instance() as instance:
        (clicked,) = [run for run in instance.get_runs() if run.job_name == "__ASSET_JOB"]
    page.open(f"{services.url}/runs/{clicked.run_id}")
    page.wait_for_text("Success")
    assert _materialized(clicked) == {"staging/website", "staging/release", "staging/smoke"}
