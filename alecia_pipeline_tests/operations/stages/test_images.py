"""The images of a run in which nothing changed: no builder, no upload, one question per image."""

import pytest

from alecia_pipeline.config import Config
from alecia_pipeline.errors import UsageError
from alecia_pipeline.images.reference import key_tag
from alecia_pipeline.operations.planning import make_plan
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.operations.stages.images import BuiltImages
from alecia_pipeline.operations.stages.plans import Plans
from alecia_pipeline_tests.conftest import Repository
from alecia_pipeline_tests.local_link import login
from alecia_pipeline_tests.monorepo import mini
from alecia_pipeline_tests.registry_server import HOST, RegistryServer, digest_of

ENVIRONMENT = {"domain": "d", "caddyfile": "C", "hosts": [login().model_dump()], "build_args": {"website": {"A": "b"}}}
CONFIG = Config.model_validate({"registry": f"{HOST}/mini", "environments": {"staging": ENVIRONMENT}})
IMAGES = (("cms", None), ("website", "staging"))


def built(runner: Runner, server: RegistryServer, app: str, environment: str | None) -> str:
    """Put an image into the registry under the key it has, and return its digest."""
    key = make_plan(runner, since="HEAD", environment=environment, apps=[app]).app(app).key
    server.manifests[f"mini/{app}", key_tag(key)] = app.encode()
    return digest_of(app.encode())


def test_a_run_without_a_change_asks_once_for_each_image_and_sends_nothing(
    repository: Repository, server: RegistryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner = Runner(repository(mini()), CONFIG, lambda _: None)
    monkeypatch.setenv("PATH", "/nowhere")  # a builder would not be found
    digests = {app: built(runner, server, app, environment) for app, environment in IMAGES}
    plans = Plans(runner)
    with BuiltImages(runner, plans) as images:
        for app, environment in IMAGES:  # as each image's step does
            images.start("HEAD", IMAGES)
            outcome = images.result("HEAD", app, environment)
            assert (outcome.facts["reused"], outcome.facts["digest"]) == (True, digests[app])
        for app, _ in IMAGES:  # as staging and the switch do
            for _ in range(2):
                found = images.reference("HEAD", app, "staging")
                assert found is not None
                assert found[1] == f"{HOST}/mini/{app}@{digests[app]}"
    assert sorted(request.split("key-")[0] for request in server.requests) == [
        "HEAD /v2/mini/cms/manifests/",
        "HEAD /v2/mini/website/manifests/",
    ]


def test_a_run_that_moves_one_app_asks_for_that_one_alone(repository: Repository, server: RegistryServer) -> None:
    repo = repository(mini({"apps/cms/Dockerfile": "FETCH it\n"}))
    runner = Runner(repo, CONFIG, lambda _: None)
    digest = built(runner, server, "website", "staging")
    with BuiltImages(runner, Plans(runner)) as images:
        assert images.reference("HEAD", "website", "staging") == (
            make_plan(runner, since="HEAD", environment="staging", apps=["website"]).app("website").key,
            f"{HOST}/mini/website@{digest}",
        )
        with pytest.raises(UsageError, match="apps/cms/Dockerfile"):
            images.start("HEAD", [("cms", None)])
        images.start("HEAD", [("website", "staging")])
        assert images.result("HEAD", "website", "staging").facts["reused"]
    assert len(server.requests) == 1


def test_an_image_that_is_nowhere_has_no_reference(repository: Repository, server: RegistryServer) -> None:
    runner = Runner(repository(mini()), CONFIG, lambda _: None)
    with BuiltImages(runner, Plans(runner)) as images:
        assert images.reference("HEAD", "cms", "staging") is None
