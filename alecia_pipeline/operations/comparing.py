"""A plan against what an environment runs. It looks at the host and changes nothing there."""

import secrets
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from alecia_pipeline.adapters.cache import default_cache
from alecia_pipeline.adapters.git import open_commit
from alecia_pipeline.adapters.host import RemoteHost
from alecia_pipeline.adapters.image_layers import ImageLayers
from alecia_pipeline.errors import OutsideError
from alecia_pipeline.images.ports import Blob
from alecia_pipeline.images.reference import pinned_image
from alecia_pipeline.operations.asking import QUESTIONS_AT_A_TIME
from alecia_pipeline.operations.environment import SECRET_BYTES, fingerprint_key, read_environment
from alecia_pipeline.operations.host_files import HostState, read_host_state
from alecia_pipeline.operations.hosts import connect
from alecia_pipeline.operations.inspecting import live_record
from alecia_pipeline.operations.planning import make_plan
from alecia_pipeline.operations.registries import registry_at
from alecia_pipeline.operations.rendering import Rendering, preview
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.operations.secrets import given_values
from alecia_pipeline.operations.stacks import stack_file, unpinned
from alecia_pipeline.release.model import Plan, ReleaseRecord
from alecia_pipeline.release.outlook import Running, beside, images_to_compare
from alecia_pipeline.rollout.environment_file import complete_environment, fingerprints
from alecia_pipeline.rollout.interpolation import references
from alecia_pipeline.rollout.project import read_services
from alecia_pipeline.rollout.switch import look


def plan_for(runner: Runner, environment: str, rev: str) -> Plan:
    """Plan a release of `rev` to an environment: with the bytes to pull, and the services that start anew.

    Raises as `make_plan` does for a plan to look at, OutsideError when the host cannot be reached, UsageError for files
    of the environment that a release could not use.
    """
    with connect(runner, environment) as host:
        live = live_record(host, look(host, host.agent))
        plan = make_plan(runner, rev, environment=environment, live=live, to_look=True)
        layers = _layers(runner, images_to_compare(plan, live))
        if live is None:
            return beside(plan, Running(None, layers, {app.name: True for app in plan.apps}, plan.services))
        rendering = preview(runner, environment, plan.commit, host, _coming(runner, environment, plan.commit, host))
    restarts = {app.name: _restarts(rendering, app.name, app.image, live) for app in plan.apps}
    return beside(plan, Running(live, layers, restarts, _changed_stack(rendering, live)))


def _coming(runner: Runner, environment: str, commit: str, host: RemoteHost) -> HostState:
    """Return the host's state as the release will find it: with the values that it completes first."""
    config = runner.config.environment(environment)
    state = read_host_state(host, config, runner.redactor)
    before = read_environment(host, config, runner.redactor)
    given = given_values(open_commit(runner.repo, commit), config)
    done = complete_environment(before.values, given, config.secrets, _any_secret, before.own)
    marks = fingerprints(done.values, fingerprint_key(host, config))
    return replace(state, values=done.values, fingerprints=marks)


def _any_secret() -> str:
    """Return what only has to differ from the value that is not there."""
    return secrets.token_hex(SECRET_BYTES)


def _restarts(rendering: Rendering, app: str, image: str | None, live: ReleaseRecord) -> bool | None:
    """Tell whether an app's service starts anew; None where its definition is the same and its image is not known."""
    entry = live.apps.get(app)
    if entry is None or rendering.app(app, image or entry.image).service != entry.service:
        return True
    return False if image else None


def _changed_stack(rendering: Rendering, live: ReleaseRecord) -> tuple[str, ...]:
    """Return the third-party services that a release brings up anew, sorted."""
    pins = {reference: reference for reference in unpinned(rendering)}
    document = rendering.document(rendering.stack({**rendering.state.pins, **pins}))
    if rendering.state.stack == stack_file(rendering.config.root, document):
        return ()
    services = read_services(document, rendering.config.compose)
    return tuple(
        sorted(
            name
            for name, definition in services.items()
            if not definition.get("profiles")
            and (definition != rendering.state.services.get(name) or _values_differ(definition, rendering, live))
        )
    )


def _values_differ(definition: Mapping[str, object], rendering: Rendering, live: ReleaseRecord) -> bool:
    now, then = rendering.state.fingerprints, live.environment_keys
    return any(now.get(key) != then.get(key) for key in references(dict(definition)))


def _layers(runner: Runner, images: tuple[str, ...]) -> dict[str, tuple[Blob, ...]]:
    """Return image -> its layers, remembered or asked for. What no registry tells is left out, and logged once."""
    known = ImageLayers(default_cache())
    found = {image: known.kept(pinned_image(image)[1]) for image in images}
    try:
        found |= _asked(runner, known, [image for image, layers in found.items() if layers is None])
    except OutsideError as error:
        runner.log(f"warning: how much is to pull is not known for certain: {error.what}: {error.why}")
    return {image: layers for image, layers in found.items() if layers is not None}


def _asked(runner: Runner, known: ImageLayers, images: list[str]) -> dict[str, tuple[Blob, ...] | None]:
    """Ask for images' layers, once each, at every registry that they are in."""
    found: dict[str, tuple[Blob, ...] | None] = {}
    for host in sorted({pinned_image(image)[0].host for image in images}):
        here = [image for image in images if pinned_image(image)[0].host == host]
        with registry_at(runner, host, attempts=1) as registry, ThreadPoolExecutor(QUESTIONS_AT_A_TIME) as pool:
            answers = pool.map(lambda image: known.ask(registry, *pinned_image(image)), here)
            found |= dict(zip(here, answers, strict=True))
    return found
