"""What a command begins before Dagster is there: only what passes its gates, told to the run, ended with it."""

import pytest

from alecia_pipeline.config import Config
from alecia_pipeline.defs.ahead import Ahead, HeldLog
from alecia_pipeline.defs.step_log import STEP_LOG
from alecia_pipeline.images.reference import key_tag
from alecia_pipeline.operations.planning import make_plan
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline_tests.conftest import Repository
from alecia_pipeline_tests.monorepo import mini
from alecia_pipeline_tests.registry_server import HOST, RegistryServer

IMAGES = (("cms", None), ("website", None))


@pytest.fixture
def runner(repository: Repository) -> Runner:
    return Runner(repository(mini()), Config(registry=f"{HOST}/mini"), lambda _: None)


def has(server: RegistryServer, runner: Runner, app: str) -> None:
    """Let the registry have an image of the app as it is."""
    key = make_plan(runner, since="HEAD", apps=[app]).app(app).key
    server.manifests[f"mini/{app}", key_tag(key)] = app.encode()


def test_lines_wait_in_order_for_somebody_to_listen() -> None:
    told: list[str] = []
    log = HeldLog(told.append)
    log("one")
    log("two")
    assert told == []
    log.release()
    log("three")
    log.release()
    assert told == ["one", "two", "three"]


def test_a_run_takes_over_what_was_begun(server: RegistryServer, runner: Runner) -> None:
    has(server, runner, "cms")
    ahead = Ahead()
    told: list[str] = []
    with STEP_LOG.to(told.append), ahead.begun(runner, "HEAD", IMAGES[:1]):
        assert ahead.redactor is runner.redactor
        begun = ahead.take()
        assert begun is not None
        assert ahead.take() is None
        asked = list(server.requests)
        with begun.images as images:
            assert told == []
            images.start("HEAD", IMAGES[:1])
            assert images.result("HEAD", "cms", None).facts["reused"]
            assert [line.partition(":")[0] for line in told] == ["cms | reused"]
        assert [request for request in server.requests if "/manifests/" in request] == asked


def test_what_fails_its_audit_is_not_begun(server: RegistryServer, repository: Repository) -> None:
    files = mini({"apps/cms/src/server.ts": "import 'left-pad';\n"})
    runner = Runner(repository(files), Config(registry=f"{HOST}/mini"), lambda _: None)
    has(server, runner, "website")
    ahead = Ahead()
    with ahead.begun(runner, "HEAD", IMAGES):
        begun = ahead.take()
        assert begun is not None
        assert begun.images.result("HEAD", "website", None).facts["reused"]
        assert not any("mini/cms" in request for request in server.requests)


def test_trouble_is_left_to_the_run(server: RegistryServer, runner: Runner) -> None:
    server.scheme = "basic"
    ahead = Ahead()
    with ahead.begun(runner, "HEAD", IMAGES):
        assert ahead.redactor is not None
    assert ahead.take() is None


def test_an_interrupt_ends_what_was_begun(server: RegistryServer, runner: Runner) -> None:
    has(server, runner, "cms")
    ahead = Ahead()
    with pytest.raises(KeyboardInterrupt), ahead.begun(runner, "HEAD", IMAGES[:1]):
        raise KeyboardInterrupt
    assert (ahead.take(), ahead.redactor) == (None, None)
