"""A run's plans: made once, and failed once."""

import functools
from pathlib import Path

import httpx
import pytest

from alecia_pipeline.adapters.registry_http import RegistryClient
from alecia_pipeline.config import Config
from alecia_pipeline.errors import OutsideError
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.operations.stages.plans import Plans
from alecia_pipeline_tests.conftest import Repository
from alecia_pipeline_tests.monorepo import mini


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
        plans.plan("HEAD", None)
    questions = len(asked)
    with pytest.raises(OutsideError) as second:
        plans.plan("HEAD", None)
    assert second.value is first.value
    assert len(asked) == questions


def test_a_plan_is_made_once(repository: Repository) -> None:
    plans = Plans(Runner(repository(mini()), Config(), print))
    assert plans.plan("HEAD", None) is plans.plan("HEAD", None)
