"""The graph of docs/design.md: exact keys, groups, edges, checks, jobs, sensors."""

import dagster as dg
import pytest

from alecia_pipeline.images.checks.check import NAMES
from alecia_pipeline_tests.defs.suite import Suite

STAGING = {
    "staging/host": [],
    "staging/secrets": ["staging/host"],
    "staging/stack": ["image/cms", "image/colab/staging", "image/website", "staging/secrets"],
    "staging/migrations": ["source/packages/db", "staging/stack"],
    "staging/cms": ["image/cms", "staging/migrations"],
    "staging/colab": ["image/colab/staging", "staging/migrations"],
    "staging/website": ["image/website", "staging/migrations"],
    "staging/release": ["staging/cms", "staging/colab", "staging/website"],
    "staging/smoke": ["staging/release"],
}

COMMON = {
    "source/root": [],
    "source/apps/cms": ["source/packages/db"],
    "source/apps/colab": ["source/packages/db", "source/packages/ui"],
    "source/apps/website": ["source/packages/ui"],
    "source/packages/db": [],
    "source/packages/ui": [],
    "lockfile": ["source/root"],
    "audit/cms": ["source/apps/cms"],
    "audit/colab": ["source/apps/colab"],
    "audit/website": ["source/apps/website"],
    "image/cms": ["audit/cms", "lockfile"],
    "image/colab/production": ["audit/colab", "lockfile"],
    "image/colab/staging": ["audit/colab", "lockfile"],
    "image/website": ["audit/website", "lockfile"],
}


def _edges(repository: dg.RepositoryDefinition) -> dict[str, list[str]]:
    graph = repository.asset_graph
    keys = graph.get_all_asset_keys()
    return {k.to_user_string(): sorted(p.to_user_string() for p in graph.get(k).parent_keys) for k in keys}


def test_keys_and_edges_are_exactly_those_of_the_design(suite: Suite) -> None:
    production = {
        key.replace("staging", "production"): sorted(parent.replace("staging", "production") for parent in parents)
        for key, parents in STAGING.items()
    }
    assert _edges(suite.repository) == {**COMMON, **STAGING, **production}


@pytest.mark.parametrize(
    ("key", "group"),
    [
        ("source/packages/ui", "source"),
        ("audit/colab", "gate"),
        ("lockfile", "gate"),
        ("image/colab/staging", "images"),
        ("staging/website", "staging"),
        ("production/smoke", "production"),
    ],
)
def test_groups(suite: Suite, key: str, group: str) -> None:
    assert suite.repository.asset_graph.get(dg.AssetKey(key.split("/"))).group_name == group


def test_only_audits_and_images_have_checks_and_all_of_them_block(suite: Suite) -> None:
    graph = suite.repository.asset_graph
    names = {(key.asset_key.to_user_string(), key.name) for key in graph.asset_check_keys}
    audits = {(f"audit/{app}", gate) for app in suite.graph.apps for gate in ("dependencies", "lockfile")}
    images = {"/".join(filter(None, ("image", *pair))) for pair in suite.graph.images}
    assert names == audits | {(image, name) for image in images for name in NAMES}
    assert all(graph.get_check_spec(key).blocking for key in graph.asset_check_keys)


def test_jobs_and_running_sensors(suite: Suite) -> None:
    jobs = {job.name for job in suite.repository.get_all_jobs() if not job.name.startswith("__")}
    steps = ("release", "redeploy", "rollback")
    assert jobs == {"audit", "build", *(f"{e}_{step}" for e in ("production", "staging") for step in steps)}
    sensors = suite.repository.sensor_defs
    assert {sensor.name for sensor in sensors} == {"production_push", "staging_push", "failed", "cancelled"}
    assert all(sensor.default_status is dg.DefaultSensorStatus.RUNNING for sensor in sensors)


def test_steps_of_an_environment_share_its_pool(suite: Suite) -> None:
    job = suite.repository.get_job("staging_release")
    pools = {node.name: node.definition.pools for node in job.nodes}
    assert pools["staging__website"] == {"staging"}
    assert pools["image__website"] == set()


def test_jobs_run_in_one_process_by_default(suite: Suite) -> None:
    result = suite.run("audit")
    assert result.success
    assert suite.definitions.executor is not None
    assert suite.stages.closed == 1
