"""What Dagster records of a commit: data versions that anyone can check with git, and the build keys.

The stages are the real ones; a registry that knows every image stands behind them, so nothing is built.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest

from alecia_pipeline.defs.assembly import assemble
from alecia_pipeline.defs.site import Location, open_site
from alecia_pipeline.images.reference import key_tag
from alecia_pipeline.operations.planning import make_plan
from alecia_pipeline.operations.runner import Runner, load_config
from alecia_pipeline_tests.conftest import Repository, git, write
from alecia_pipeline_tests.monorepo import mini
from alecia_pipeline_tests.registry_server import HOST, RegistryServer, digest_of

MaterializeAll = Callable[[], dict[str, dg.AssetMaterialization]]

IMAGE = b"an image"


@pytest.fixture
def repo(repository: Repository) -> Path:
    return repository(mini({"alecia.yaml": f"registry: {HOST}/mini\n"}))


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture
def materialize_all(repo: Path, server: RegistryServer, instance: dg.DagsterInstance) -> MaterializeAll:
    """Run what "Materialize all" runs, with every image in the registry."""

    def run() -> dict[str, dg.AssetMaterialization]:
        for app, key in keys(repo).items():
            server.manifests[f"mini/{app}", key_tag(key)] = IMAGE
        return materialized(repo, instance)

    return run


def keys(repo: Path) -> dict[str, str]:
    return {app.name: app.key for app in make_plan(Runner(repo, load_config(None, repo), print)).apps}


def materialized(repo: Path, instance: dg.DagsterInstance) -> dict[str, dg.AssetMaterialization]:
    definitions = assemble(open_site(Location(str(repo)))).get_repository_def()
    result = definitions.get_job("__ASSET_JOB").execute_in_process(instance=instance)
    assert result.success
    made = [event.materialization for event in result.get_asset_materialization_events()]
    return {each.asset_key.to_user_string(): each for each in made}


def version(instance: dg.DagsterInstance, key: str) -> str | None:
    event = instance.get_latest_materialization_event(dg.AssetKey(key.split("/")))
    tags = event.asset_materialization.tags if event and event.asset_materialization else None
    return tags["dagster/data_version"] if tags else None


def test_a_source_has_the_id_of_its_tree_in_git(
    repo: Path, instance: dg.DagsterInstance, materialize_all: MaterializeAll
) -> None:
    materialize_all()
    for folder in ("apps/cms", "apps/website", "packages/db", "packages/ui"):
        assert version(instance, f"source/{folder}") == git(repo, "rev-parse", f"HEAD:{folder}")


def test_the_root_has_a_version_of_its_own_files_and_of_every_manifest(
    repo: Path, instance: dg.DagsterInstance, materialize_all: MaterializeAll
) -> None:
    def changed(files: dict[str, str]) -> set[str]:
        keys = ["source/root", *(f"source/{each}" for each in ("apps/cms", "apps/website", "packages/db"))]
        materialize_all()
        before = {key: version(instance, key) for key in keys}
        write(repo, files)
        git(repo, "commit", "--quiet", "--all", "--message=change")
        materialize_all()
        return {key for key in keys if version(instance, key) != before[key]}

    assert changed({"apps/cms/src/server.ts": "import '@mini/db'; run();\n"}) == {"source/apps/cms"}
    assert changed({"tsconfig.base.json": '{"files": []}'}) == {"source/root"}
    manifest = (repo / "packages/db/package.json").read_text().replace("{", '{"version": "1.0.1", ', 1)
    assert changed({"packages/db/package.json": manifest}) == {"source/root", "source/packages/db"}


def test_an_image_has_its_build_key_and_is_shown_each_time(
    repo: Path, instance: dg.DagsterInstance, materialize_all: MaterializeAll
) -> None:
    for _ in range(2):
        made = materialize_all()
        for app, key in keys(repo).items():
            assert version(instance, f"image/{app}") == key
            facts = {name: value.value for name, value in made[f"image/{app}"].metadata.items()}
            assert (facts["reused"], facts["digest"], facts["build_key"]) == (True, digest_of(IMAGE), key)
            assert facts["commit"] == git(repo, "rev-parse", "HEAD")


def test_what_is_reused_costs_one_question_each(
    repo: Path, server: RegistryServer, instance: dg.DagsterInstance, materialize_all: MaterializeAll
) -> None:
    materialize_all()
    server.requests.clear()
    materialized(repo, instance)
    asked = {f"HEAD /v2/mini/{app}/manifests/{key_tag(key)}" for app, key in keys(repo).items()}
    assert len(server.requests) == 2 * len(asked)  # the run's, then those of the plan just made here
    assert set(server.requests) == asked


def test_an_image_is_told_apart_from_the_one_before(
    repo: Path, instance: dg.DagsterInstance, materialize_all: MaterializeAll
) -> None:
    first = materialize_all()
    assert first["image/cms"].metadata["causes"].value == "none"
    write(repo, {"apps/cms/src/server.ts": "import '@mini/db'; run();\n"})
    git(repo, "commit", "--quiet", "--all", "--message=change")
    second = materialize_all()
    assert causes(second["image/cms"]) == [("file", "apps/cms/src/server.ts", "changed")]
    assert second["image/website"].metadata["causes"].value == "none"
    third = materialize_all()
    assert third["image/cms"].metadata["causes"].value == "none"


def test_a_past_that_is_gone_tells_no_cause(
    repo: Path, instance: dg.DagsterInstance, materialize_all: MaterializeAll
) -> None:
    lost = dg.AssetMaterialization(["image", "cms"], metadata={"commit": "f" * 40})
    instance.report_runless_asset_event(lost)
    assert materialize_all()["image/cms"].metadata["causes"].value == "none"


def causes(made: dg.AssetMaterialization) -> list[tuple[object, ...]]:
    table = made.metadata["causes"]
    assert isinstance(table, dg.TableMetadataValue)
    return [tuple(record.data[name] for name in ("kind", "what", "detail")) for record in table.records]
