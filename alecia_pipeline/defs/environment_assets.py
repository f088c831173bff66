"""The assets of an environment: preparation, staged services, the switch, the verdict."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import dagster as dg

from alecia_pipeline.defs.commit_assets import FIRST
from alecia_pipeline.defs.graph import EnvironmentGraph, Graph
from alecia_pipeline.defs.keys import environment_key, image_key, source_key
from alecia_pipeline.defs.planned import APPS, RELEASE_TAG
from alecia_pipeline.defs.step import AssetPlan, Body, Step, define
from alecia_pipeline.errors import RefusedError
from alecia_pipeline.operations.outcome import Outcome
from alecia_pipeline.redaction import Redactor

MOVE = "move"
"""Configuration of `<env>/<app>`: false verifies that the live container runs what the record says."""


def environment_assets(graph: Graph, redactor: Redactor, environment: EnvironmentGraph) -> list[dg.AssetsDefinition]:
    """Return the assets of one environment, in the order they run."""
    plans = [*_preparation(environment), *_services(environment), *_verdict(environment)]
    return [define(plan, graph, redactor, body) for plan, body in plans]


def _preparation(environment: EnvironmentGraph) -> Iterator[tuple[AssetPlan, Body]]:
    name = environment.name
    images = [image_key(app, variant) for app, variant in environment.images.items()]
    sql = [] if environment.sql is None else [source_key(environment.sql)]
    # The preflight runs before the builds: minutes are not spent on a host that cannot take the release.
    host = _plan(name, "host", "Preflight of the host", ())
    yield replace(host, priority=FIRST // 2), lambda step: step.stages.preparation.host(name)
    # And the first step that changes something waits for every build of the run, though no edge says so.
    secrets = _plan(name, "secrets", "The environment file on the host, complete", ["host"])
    yield replace(secrets, priority=-FIRST), lambda step: _secrets(step, name)
    stack = _plan(name, "stack", "Third-party services and Caddy", ["secrets"], images)
    yield stack, lambda step: step.stages.preparation.stack(name, step.commit)
    migrations = _plan(name, "migrations", "The SQL that is not applied yet", ["stack"], sql)
    yield migrations, lambda step: step.stages.preparation.migrate(name, step.commit)


def _secrets(step: Step, environment: str) -> Outcome:
    missing = sorted(key.to_user_string() for key in step.planned - step.made if key.path[0] == "image")
    if missing:
        raise RefusedError(
            "the environment is not touched: the run has not made all of its images",
            where=environment,
            why=", ".join(missing),
            fix="mend what stopped them, or redeploy the other apps alone",
        )
    return step.stages.preparation.secrets(environment, step.commit)


def _services(environment: EnvironmentGraph) -> Iterator[tuple[AssetPlan, Body]]:
    schema = {MOVE: dg.Field(bool, default_value=True, description="false: verify the live digest only")}
    for app, variant in environment.images.items():
        text = f"{app}: the new container, healthy beside the old"
        plan = _plan(environment.name, app, text, ["migrations"], [image_key(app, variant)])
        yield replace(plan, config_schema=schema), _service(environment.name, app)


def _verdict(environment: EnvironmentGraph) -> Iterator[tuple[AssetPlan, Body]]:
    name = environment.name
    schema = {APPS: dg.Field([str], default_value=[], description="Apps to move; none: those that the run stages")}
    release = _plan(name, "release", "The switch, and the record of the release", environment.images)
    yield replace(release, config_schema=schema), lambda step: _release(step, name)
    smoke = _plan(name, "smoke", "Public smoke: confirms the release, or reverts it", ["release"])
    yield smoke, lambda step: step.stages.releases.judge(name, step.release)


def _plan(
    environment: str, step: str, description: str, after: Iterable[str], more: Iterable[dg.AssetKey] = ()
) -> AssetPlan:
    deps = [*(environment_key(environment, name) for name in after), *more]
    return AssetPlan(environment_key(environment, step), environment, description, deps, pool=environment)


def _service(environment: str, app: str) -> Body:
    def body(step: Step) -> Outcome:
        if not step.config[MOVE]:
            return step.stages.releases.verify(environment, app)
        refuse_pending(step, environment)
        outcome = step.stages.releases.stage(environment, step.commit, app)
        if environment_key(environment, "release") not in step.planned:
            step.further.update(whole_release(step, environment, (app,)))
        return outcome

    return body


def _release(step: Step, environment: str) -> Outcome:
    refuse_pending(step, environment)
    apps = tuple(step.config[APPS]) or step.planned_apps(environment) or tuple(step.graph.apps)
    outcome = _switch(step, environment, apps)
    smoke = environment_key(environment, "smoke")
    if smoke not in step.planned:
        step.further[smoke] = step.stages.releases.judge(environment, outcome.version)
    return outcome


def whole_release(step: Step, environment: str, apps: tuple[str, ...]) -> dict[dg.AssetKey, Outcome]:
    """Switch and judge what the step has staged: one click on `staging/website` is a release of website alone."""
    switched = _switch(step, environment, apps)
    judged = step.stages.releases.judge(environment, switched.version)
    return {environment_key(environment, "release"): switched, environment_key(environment, "smoke"): judged}


def _switch(step: Step, environment: str, apps: tuple[str, ...]) -> Outcome:
    """Switch, and tag the run with the release: smoke, also of a re-execution, judges that one and no other."""
    outcome = step.stages.releases.switch(environment, step.commit, apps)
    step.tag(RELEASE_TAG, outcome.version or "")
    return outcome


def refuse_pending(step: Step, environment: str) -> None:
    """Raise RefusedError when the commit brings SQL that this run does not apply: the code may need it."""
    if environment_key(environment, "migrations") in step.planned:
        return
    pending = step.stages.preparation.pending(environment, step.commit)
    if pending:
        raise RefusedError(
            "the commit has migrations that are not applied",
            where=f"{environment}, commit {step.commit[:12]}",
            why=", ".join(pending),
            fix=f"release everything: `alecia release --env {environment}`, or the job {environment}_release",
        )
