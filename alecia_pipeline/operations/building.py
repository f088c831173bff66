"""Building images: one thread pool, each image built once, pushed by digest, then tagged with its key."""

import shutil
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

from alecia_pipeline.adapters.base_layers import BaseLayers
from alecia_pipeline.adapters.buildkit import BuildKit
from alecia_pipeline.adapters.reproducible import ReproducibleImage
from alecia_pipeline.adapters.state import cache_folder
from alecia_pipeline.errors import OutsideError, RefusedError, ReleaseFailedError, UsageError
from alecia_pipeline.images.bases import Base, bases_of
from alecia_pipeline.images.command import BUILD_ID, BUILD_ID_DIGITS, EPOCH, BuildRequest, build_command
from alecia_pipeline.images.context import context_files
from alecia_pipeline.images.ports import Archive, Builder, ImageRegistry
from alecia_pipeline.images.reference import Repository, image_repository, key_tag
from alecia_pipeline.images.tar import TarFile, pack
from alecia_pipeline.operations.planning import (
    build_arguments,
    docker_config,
    keyed_app,
    open_registry,
    read_commit,
    registry_name,
)
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.release.model import AppPlan, ImageResult, Plan
from alecia_pipeline.release.plan import Keyed
from alecia_pipeline.source.tree import REGULAR

LEFT_SECONDS = 24 * 3600
"""No build takes a day."""


class ImageBuilder:
    """Builds or reuses the images of one plan. Use it as a context manager: leaving it ends what still runs."""

    def __init__(
        self, runner: Runner, plan: Plan, *, builder: Builder | None = None, registry: ImageRegistry | None = None
    ) -> None:
        self._runner = runner
        self._plan = plan
        self._view = read_commit(runner, plan.commit)
        self._registry_name = _required(registry_name(runner, self._view))
        self._resources = ExitStack()
        self._registry = registry or self._resources.enter_context(open_registry(runner, self._registry_name))
        self._builder = builder or BuildKit(runner.log)
        self._bases = BaseLayers.below(cache_folder() / "bases", self._export)
        self._pool = ThreadPoolExecutor(runner.config.builder.parallel, thread_name_prefix="build")
        self._jobs: dict[str, Future[ImageResult]] = {}
        self._reading = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self, apps: Iterable[str]) -> None:
        """Begin the images of these apps, as many at a time as the configuration allows. Each is begun once."""
        for name in apps:
            if name not in self._jobs:
                app = _planned(self._plan, name)
                self._jobs[name] = self._pool.submit(self._image, app)

    def result(self, app: str) -> ImageResult:
        """Wait for one app's image and return it. Raises what its build raised."""
        self.start([app])
        return self._jobs[app].result()

    def close(self) -> None:
        """End every build that still runs, and the connections."""
        unfinished = [job for job in self._jobs.values() if not job.done()]
        if unfinished:
            self._builder.cancel()
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
        self._runner.log(f"{app.name} | building {app.key[:12]}")
        with build_folder() as folder:
            exported = folder / "image"
            request, base, context = self._prepare(app)
            layers = self._bases.of(base) if base else ()
            if base:
                self._bases.lend(base, exported)
            self._builder.build(app.name, build_command(request, folder=str(exported)), context)
            archive = ReproducibleImage(self._builder.open(exported), EPOCH, folder, layers)
            self._registry.push(repository, archive)
            digest = self._registry.tag(repository, archive.digest, key_tag(app.key))
            result = _result(app, repository, digest, started, archive)
        self._runner.log(
            f"{app.name} | built in {result.seconds:.1f} s, {(result.size_bytes or 0) / 1e6:.1f} MB: {result.reference}"
        )
        return result

    def _export(self, base: Base, folder: Path) -> None:
        """Have the builder leave a base image in a folder. Raises OutsideError when it cannot."""
        request = self._request("Dockerfile", [base])
        context = pack([TarFile("Dockerfile", REGULAR, f"FROM {base.name}\n".encode())])
        try:
            self._builder.build(base.name, build_command(request, folder=str(folder)), context)
        except ReleaseFailedError as error:
            raise OutsideError(
                f"the base image {base.name} cannot be had",
                where=base.source or base.name,
                why=error.why or "",
                fix="`docker pull` says more; name an image that is there in FROM, then `alecia lock --update`",
            ) from error

    def _prepare(self, app: AppPlan) -> tuple[BuildRequest, Base | None, bytes]:
        """Return the request, its base and the packed context, one app at a time: the repository has one reader."""
        with self._reading:
            source = self._view.app(app.name)
            keyed = keyed_app(self._runner, self._view, source, self._plan.environment)
            _check_key(self._plan, app, keyed)
            context = keyed.context
            files = pack(context_files(self._view.snapshot, context))
        arguments = dict(build_arguments(self._runner, source, self._plan.environment))
        if BUILD_ID in context.reads.arguments:
            arguments.setdefault(BUILD_ID, app.key[:BUILD_ID_DIGITS])
        bases = bases_of(context.reads.bases, self._view.bases.images, self._runner.config.builder.contexts)
        request = replace(self._request(app.dockerfile, bases), target=app.target, build_args=arguments)
        return request, next((base for base in bases if base.name == context.reads.base), None), files

    def _request(self, dockerfile: str, bases: Iterable[Base]) -> BuildRequest:
        logins = docker_config(self._runner)
        return BuildRequest(
            dockerfile=dockerfile,
            target=None,
            build_args={},
            contexts={base.name: base.source for base in bases if base.source},
            builder=self._runner.config.builder.name,
            docker_config=str(logins) if logins else None,
        )


@contextmanager
def build_folder() -> Iterator[Path]:
    """Make a folder for one build, beside the bases that it is lent: a link does not cross file systems.

    What a killed build left there for a day goes.
    """
    folder = cache_folder() / "builds"
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.iterdir():
        if time.time() - left.stat().st_mtime > LEFT_SECONDS:
            shutil.rmtree(left, ignore_errors=True)
    with TemporaryDirectory(prefix="build-", dir=folder) as name:
        yield Path(name)


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


def _result(app: AppPlan, repository: Repository, digest: str, started: float, archive: Archive | None) -> ImageResult:
    blobs = archive.blobs if archive else None
    return ImageResult(
        app=app.name,
        key=app.key,
        digest=digest,
        reference=repository.at(digest),
        size_bytes=sum(blob.size for blob in blobs) if blobs else None,
        layers=len(blobs) - 1 if blobs else None,
        seconds=round(time.monotonic() - started, 3),
        reused=archive is None,
        causes=app.causes,
    )
