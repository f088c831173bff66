"""A run's plans: made once, and failed once."""

import functools
from pathlib import Path

import httpx
import pytest

from alecia_pipeline.adapters.registry_http import RegistryClient
from alecia_pipeline.config import Config
from alecia_pipeline.errors import OutsideError, UsageError
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.operations.stages.plans import Plans
from alecia_pipeline_tests.conftest import Repository, git, write
from alecia_pipeline_tests.monorepo import mini
from alecia_pipeline_tests.registry_server import HOST, RegistryServer


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Return what a registry was asked that nobody answers for."""
    questions: list[str] = []

    def silent(request: httpx.Request) -> httpx.Response:
        questions.append(str(request.url))
        raise httpx.ConnectError("nobody listens")

    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    client = functools.partial(RegistryClient, transport=httpx.MockTransport(silent), pause=lambda _: None)
    monkeypatch.setattr("alecia_pipeline.operations.registries.RegistryClient", client)
    return questions


def test_a_silent_registry_is_waited_for_once_a_run(repository: Repository, asked: list[str]) -> None:
    plans = Plans(Runner(repository(mini()), Config(registry="registry.example/mini"), print))
    with pytest.raises(OutsideError, match="does not answer") as first:
        plans.plan("HEAD", None, ["cms"])
    questions = len(asked)
    with pytest.raises(OutsideError) as second:
        plans.plan("HEAD", None, ["website"])
    assert second.value is first.value
    assert len(asked) == questions


def test_a_plan_is_made_once(repository: Repository) -> None:
    plans = Plans(Runner(repository(mini()), Config(), print))
    assert plans.plan("HEAD", None, ["cms"]) is plans.plan("HEAD", None, ["cms"])


HOSTS = [{"address": "h", "user": "u", "identity_file": "i", "host_key": "SHA256:" + "A" * 43}]
STAGING = {"domain": "d", "caddyfile": "C", "hosts": HOSTS, "build_args": {"website": {"KIND": "staging"}}}


def test_each_image_costs_one_question_whoever_asks_for_it(repository: Repository, server: RegistryServer) -> None:
    config = Config.model_validate({"registry": f"{HOST}/mini", "environments": {"staging": STAGING}})
    plans = Plans(Runner(repository(mini()), config, print))
    plans.plan("HEAD", None, ["cms"])
    plans.plan("HEAD", "staging", ["website"])
    both = plans.apps("HEAD", "staging", ["website", "cms"])
    assert [app.name for app in both] == ["website", "cms"]
    assert plans.app("HEAD", "staging", "website") is both[0]
    assert [(request.split("/")[0], request.split("/")[3]) for request in server.requests] == [
        ("HEAD ", "cms"),
        ("HEAD ", "website"),
    ]


@pytest.mark.parametrize("path", ["apps/cms/Dockerfile", "apps/cms/package.json"])
def test_what_is_wrong_with_one_app_stops_no_other(repository: Repository, path: str) -> None:
    repo = repository(mini({path: '{"name": "@mini/cms", '}))
    plans = Plans(Runner(repo, Config(), print))
    assert [app.name for app in plans.plan("HEAD", None, ["website"]).apps] == ["website"]
    with pytest.raises(UsageError, match=path):
        plans.plan("HEAD", None, ["cms"])
    assert [app.name for app in plans.plan("HEAD", None, ["website"]).apps] == ["website"]


def test_causes_are_those_of_one_app_since_a_commit(repository: Repository) -> None:
    repo = repository(mini())
    write(repo, {"apps/cms/src/server.ts": "// other\n"})
    git(repo, "commit", "--quiet", "--all", "--message=next")
    plans = Plans(Runner(repo, Config(), print))
    assert [cause.what for cause in plans.causes("HEAD", "HEAD~1", None, "cms")] == ["apps/cms/src/server.ts"]
    assert plans.causes("HEAD", "HEAD~1", None, "website") == ()
    assert plans.causes("HEAD", "0" * 40, None, "cms") == ()
