"""Building images: one thread pool, each image built once, pushed by digest, then tagged with its key."""

import threading
import time
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import cached_property
from types import TracebackType
from typing import Self

from alecia_pipeline.adapters.buildkit import BuildKit
from alecia_pipeline.adapters.trial import Engine
from alecia_pipeline.errors import RefusedError, UsageError
from alecia_pipeline.images.checks.check import Check, accepted
from alecia_pipeline.images.layers import MEGABYTE
from alecia_pipeline.images.ports import Builder, ImageReferrers, ImageRegistry, TrialEngine
from alecia_pipeline.images.reference import Repository, commit_tag, image_repository, key_tag
from alecia_pipeline.operations.attaching import Evidence, Pushed, attach_evidence, evidence_of, open_referrers
from alecia_pipeline.operations.checking import ImageChecks
from alecia_pipeline.operations.layer_cache import layer_cache
from alecia_pipeline.operations.planning import build_arguments, keyed_app, read_commit, registry_name
from alecia_pipeline.operations.registries import docker_config, open_registry
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.operations.signing import ImageSigner, open_signer
from alecia_pipeline.operations.tagging import Tagging, tag_commit
from alecia_pipeline.operations.workshop import Made, Workshop, build_folder
from alecia_pipeline.release.model import AppPlan, ImageResult, Plan
from alecia_pipeline.release.plan import Keyed


class ImageBuilder:
    """Builds or reuses the images of one plan. Use it as a context manager: leaving it ends what still runs."""

    def __init__(  # noqa: PLR0913 - a runner and a plan; the rest, by keyword only, has defaults
        self,
        runner: Runner,
        plan: Plan,
        *,
        builder: Builder | None = None,
        registry: ImageRegistry | None = None,
        referrers: ImageReferrers | None = None,
        engine: TrialEngine | None = None,
    ) -> None:
        self._runner = runner
        self._plan = plan
        self._view = read_commit(runner, plan.commit)
        self._registry_name = _required(registry_name(runner, self._view))
        self._resources = ExitStack()
        self._registry = registry or self._resources.enter_context(open_registry(runner, self._registry_name))
        self._referrers = referrers or self._resources.enter_context(open_referrers(runner, self._registry_name))
        self._builder = builder or BuildKit(runner.log)
        self._workshop = Workshop(runner, self._view, self._builder)
        engine = engine or (None if builder else Engine(docker_config(runner)))
        if engine:
            self._resources.callback(engine.close)
        self._checks = ImageChecks(runner, self._view, plan.environment, self._registry, engine)
        self._pool = ThreadPoolExecutor(runner.config.builder.parallel, thread_name_prefix="build")
        self._jobs: dict[str, Future[ImageResult]] = {}
        self._reading = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def extend(self, plan: Plan) -> None:
        """Go on with a plan of the same commit and environment that has more apps."""
        self._plan = plan

    def start(self, apps: Iterable[str]) -> None:
        """Begin the images of these apps, as many at a time as the configuration allows. Each is begun once."""
        fresh = [_planned(self._plan, name) for name in dict.fromkeys(apps) if name not in self._jobs]
        if any(app.action == "build" for app in fresh) and self._signer:  # who cannot sign builds nothing
            self._runner.log("what is built is signed with the configured key")
        for app in fresh:
            self._jobs[app.name] = self._pool.submit(self._image, app)

    @cached_property
    def _signer(self) -> ImageSigner | None:
        return self._resources.enter_context(open_signer(self._runner, self._registry_name))

    def result(self, app: str) -> ImageResult:
        """Wait for one app's image and return it. Raises what its build raised."""
        self.start([app])
        return self._jobs[app].result()

    def close(self) -> None:
        """End every build that still runs, and the connections."""
        unfinished = [job for job in self._jobs.values() if not job.done()]
        if unfinished:
            self._builder.cancel()
            self._checks.cancel()
        self._pool.shutdown(cancel_futures=True)
        self._resources.close()

    def _image(self, app: AppPlan) -> ImageResult:
        started = time.monotonic()
        repository = image_repository(self._registry_name, app.name)
        digest = app.image.partition("@")[2] if app.image else self._registry.digest(repository, key_tag(app.key))
        if digest:
            self._runner.log(f"{app.name} | reused: {repository.at(digest)}")
            return _result(app, repository, digest, started, None)
        return self._build(app, repository, started)

    def _build(self, app: AppPlan, repository: Repository, started: float) -> ImageResult:
        begun = datetime.now(UTC)
        self._runner.log(f"{app.name} | building {app.key[:12]}")
        with build_folder() as folder:
            keyed = self._keyed(app)
            arguments = build_arguments(self._runner, keyed.app, self._plan.environment)
            cache = layer_cache(self._runner, keyed, repository, self._builder, self._registry)
            made = self._workshop.make(keyed, arguments, folder, cache=cache)
            pushed = Pushed(repository, made.image.digest, begun)
            digest = pushed.digest
            evidence, checks = self._pushed(keyed, made, pushed)
            if accepted(checks):
                self._vouch(pushed, evidence)
                digest = self._tagged(app, repository, digest)
            result = _result(app, repository, digest, started, made, checks)
        steps = f"{made.steps.executed} steps executed, {made.steps.cached} cached"
        size = f"{(result.size_bytes or 0) / MEGABYTE:.1f} MB"
        tagged = "" if result.accepted else ", without a tag: a check refuses it"
        self._runner.log(f"{app.name} | built in {result.seconds:.1f} s, {steps}, {size}: {result.reference}{tagged}")
        return result

    def _vouch(self, pushed: Pushed, evidence: Evidence) -> None:
        """Say in the registry where an image comes from, signed where a key is configured."""
        attach_evidence(evidence, pushed, self._referrers)
        if self._signer:
            self._signer.sign(pushed.repository, pushed.digest, evidence)

    def _tagged(self, app: AppPlan, repository: Repository, digest: str) -> str:
        """Tag an image that is there in whole; return the digest that its key has, another's if a race was lost."""
        digest = self._registry.tag(repository, digest, key_tag(app.key))
        commit = commit_tag(self._plan.commit, self._plan.environment)
        tag_commit(self._runner, self._registry, Tagging(repository, digest, commit))
        return digest

    def _pushed(self, keyed: Keyed, made: Made, pushed: Pushed) -> tuple[Evidence, tuple[Check, ...]]:
        """Push an image by digest, and check it meanwhile; the rest, without which nobody finds it, waits for both."""
        with ThreadPoolExecutor(1) as aside:
            checks = aside.submit(self._checks.check, keyed, made, pushed.repository)
            self._registry.push(pushed.repository, made.image)
            return evidence_of(self._runner, self._view, keyed, pushed), checks.result()

    def _keyed(self, app: AppPlan) -> Keyed:
        with self._reading:
            keyed = keyed_app(self._runner, self._view, self._view.app(app.name), self._plan.environment)
        _check_key(self._plan, app, keyed)
        return keyed


def _check_key(plan: Plan, app: AppPlan, keyed: Keyed) -> None:
    """Refuse to tag an image with a key that its context has not: the plan is from another configuration."""
    if keyed.key != app.key:
        raise RefusedError(
            f"the plan of {app.name} does not hold any more",
            where=plan.commit,
            why=f"its key was {app.key[:12]} and is {keyed.key[:12]}: the configuration changed in between",
            fix="plan again",
        )


def _planned(plan: Plan, name: str) -> AppPlan:
    for app in plan.apps:
        if app.name == name:
            return app
    known = ", ".join(app.name for app in plan.apps) or "none"
    raise UsageError(f"unknown app {name!r}", where=plan.commit[:12], why=f"apps here: {known}", fix="name one of them")


def _required(registry: str | None) -> str:
    if registry is None:
        raise UsageError(
            "no registry is configured",
            where="alecia.yaml: registry",
            why="images are pushed to <registry>/<app>",
            fix="add `registry: ghcr.io/<owner>` to alecia.yaml",
        )
    return registry


def _result(  # noqa: PLR0913, PLR0917 - what a result is made of
    app: AppPlan,
    repository: Repository,
    digest: str,
    started: float,
    made: Made | None,
    checks: tuple[Check, ...] = (),
) -> ImageResult:
    blobs = made.image.blobs if made else None
    return ImageResult(
        app=app.name,
        key=app.key,
        digest=digest,
        reference=repository.at(digest),
        size_bytes=sum(blob.size for blob in blobs) if blobs else None,
        layers=len(blobs) - 1 if blobs else None,
        seconds=round(time.monotonic() - started, 3),
        reused=made is None,
        causes=app.causes,
        layer_table=made.image.layer_table if made else (),
        cached_steps=made.steps.cached if made else None,
        executed_steps=made.steps.executed if made else None,
        checks=checks,
    )
