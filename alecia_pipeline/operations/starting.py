"""How an app is started: its compose service of the commit, with the values that are no secrets, and made-up ones."""

from collections.abc import Iterator, Mapping
from typing import Any

from alecia_pipeline.config import EnvironmentConfig
from alecia_pipeline.errors import UsageError
from alecia_pipeline.images.checks.secrets import Described
from alecia_pipeline.images.checks.service import Fill, Service, made_up_value, read_service
from alecia_pipeline.operations.planning import COMPOSE_FILE, CommitView
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.operations.secrets import given_values
from alecia_pipeline.rollout.compose_file import parse_compose
from alecia_pipeline.rollout.interpolation import interpolate, required


def app_service(runner: Runner, view: CommitView, app: str, environment: str | None, described: Described) -> Service:
    """Return how an app is started. Without an environment, as in the first that has a service of its name.

    A compose file that does not parse is for the release to refuse: here it is logged, and the image stands alone.
    """
    tree = view.snapshot.tree
    for path, config in _files(runner, view, environment):
        if path in tree.entries:
            try:
                definition = parse_compose(tree.read(path), path).services.get(app)
                if definition:
                    return read_service(definition, described, _fill(path, _given(view, config)))
            except UsageError as error:
                runner.log(f"{app} | {path} is left out of the check: {error.what}: {error.why}")
    return read_service({}, described, _fill("", {}))


def _files(runner: Runner, view: CommitView, environment: str | None) -> Iterator[tuple[str, EnvironmentConfig | None]]:
    """Yield compose files with their environment: the runner's, else the commit's, else the usual name."""
    known = runner.config.environments or view.config.environments
    for name in [environment] if environment in known else sorted(known):
        yield known[str(name)].compose, known[str(name)]
    yield COMPOSE_FILE, None


def _given(view: CommitView, config: EnvironmentConfig | None) -> Mapping[str, str]:
    return given_values(view.snapshot.tree, config) if config else {}


def _fill(where: str, known: Mapping[str, Any]) -> Fill:
    def fill(text: str) -> tuple[str, bool]:
        lacking = {key: made_up_value(key) for key in required(text) if not known.get(key)}
        return interpolate(text, {**known, **lacking}, where), bool(lacking)

    return fill
