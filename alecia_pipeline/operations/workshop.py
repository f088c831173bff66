"""Where one image is made: context, base layers and build command come together, and what is left is reproducible."""

import shutil
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from alecia_pipeline.adapters.base_layers import BaseImage, BaseLayers
from alecia_pipeline.adapters.buildkit import builder_version
from alecia_pipeline.adapters.reproducible import ReproducibleImage
from alecia_pipeline.adapters.state import cache_folder
from alecia_pipeline.errors import OutsideError, ReleaseFailedError
from alecia_pipeline.images.bases import Base, bases_of
from alecia_pipeline.images.command import (
    BUILD_ID,
    BUILD_ID_DIGITS,
    EPOCH,
    NO_CACHE,
    BuildRequest,
    LayerCache,
    build_command,
)
from alecia_pipeline.images.context import context_files
from alecia_pipeline.images.ports import Builder
from alecia_pipeline.images.reads import SYNTAX_ARG
from alecia_pipeline.images.refusals import missing_sources
from alecia_pipeline.images.steps import Steps
from alecia_pipeline.images.tar import TarFile, pack
from alecia_pipeline.operations.build_secrets import build_secrets
from alecia_pipeline.operations.layer_cache import written_cache
from alecia_pipeline.operations.planning import CommitView
from alecia_pipeline.operations.registries import docker_config
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.release.plan import Keyed
from alecia_pipeline.source.tree import REGULAR

LEFT_SECONDS = 24 * 3600
"""No build takes a day."""

_FAILED_STEP = "did not complete successfully: exit code"
"""BuildKit's words for a program that ended with an error: no cache makes it end otherwise."""


@dataclass(frozen=True)
class Variation:
    """How a build differs from a plain one, to see whether that makes a difference. `cold`: no step from the cache.

    `disordered`: the context's files in another order and with other dates.
    """

    cold: bool = False
    disordered: bool = False


PLAIN = Variation()


@dataclass(frozen=True)
class Made:
    """An image with the steps it took. `base_config`: of the image that it starts from, empty for one from scratch."""

    image: ReproducibleImage
    steps: Steps
    base_config: Mapping[str, Any] = field(default_factory=dict)


class Workshop:
    """Makes images of one commit; several at a time from several threads."""

    def __init__(self, runner: Runner, view: CommitView, builder: Builder) -> None:
        self._runner = runner
        self._view = view
        self._builder = builder
        self._bases = BaseLayers.below(cache_folder() / "bases", self._export)
        self._reading = threading.Lock()
        self._locked_builder = view.bases.builder

    def make(
        self,
        keyed: Keyed,
        arguments: Mapping[str, str],
        folder: Path,
        variation: Variation = PLAIN,
        *,
        cache: LayerCache = NO_CACHE,
    ) -> Made:
        """Build an app's image into `folder`, where it stays as long as the folder does.

        `arguments`: its build arguments; `cache`: the registry's. Raises ReleaseFailedError when the build fails,
        OutsideError for a builder or a base image that cannot be had, UsageError for a Dockerfile that copies what is
        not there and for a secret that cannot be had.
        """
        self._compare_builders()
        refused = missing_sources(keyed.app.dockerfile, keyed.context.missing)
        if refused:
            raise refused
        bases = self._bases_of(keyed)
        base = _named(keyed.context.reads.base, bases)
        below = self._bases.of(base) if base else BaseImage()
        exported = folder / "image"
        if base:
            self._bases.lend(base, exported)
        request = replace(
            self._request(keyed.app.dockerfile, bases),
            target=keyed.app.target,
            build_args=_all_arguments(keyed, arguments, bases),
            cold=variation.cold,
            secrets=build_secrets(self._runner, keyed.app.name, keyed.context.reads),
            cache=cache,
        )
        context = self._packed(keyed, disordered=variation.disordered)
        steps = self._build(keyed.app.name, request, exported, context)
        return Made(ReproducibleImage(self._builder.open(exported), EPOCH, folder, below.diff_ids), steps, below.config)

    def _build(self, label: str, request: BuildRequest, folder: Path, context: bytes) -> Steps:
        """Build; once more without what the layer cache has, writing it anew, unless a step has failed by itself.

        A registry that lost one of its layers makes a build fail that reads it (tried).
        """
        suspect = request.cache.read
        try:
            return self._builder.build(label, build_command(request, folder=str(folder)), context)
        except ReleaseFailedError as error:
            if suspect is None or _FAILED_STEP in (error.why or ""):
                raise
        self._runner.log(f"{label} | warning: the build is done again, without the layers of {suspect}")
        again = replace(request, cache=written_cache(self._runner, label, suspect, self._builder))
        return self._builder.build(label, build_command(again, folder=str(folder)), context)

    def _compare_builders(self) -> None:
        """Warn once when another builder is at work than alecia.lock names: its images may differ in bytes."""
        with self._reading:
            locked, self._locked_builder = self._locked_builder, None
        found = builder_version(self._runner.config.builder.name) if locked else None
        if found and found != locked:
            self._runner.log(
                f"warning: alecia.lock names the builder {locked}, and this one is {found}: images may differ from "
                "those of other runners (`alecia lock --update` takes this one)"
            )

    def _bases_of(self, keyed: Keyed) -> tuple[Base, ...]:
        return bases_of(keyed.context.reads.bases, self._view.bases.images, self._runner.config.builder.contexts)

    def _packed(self, keyed: Keyed, *, disordered: bool) -> bytes:
        """Return the packed context, one at a time: the repository has one reader."""
        with self._reading:
            return pack(context_files(self._view.snapshot, keyed.context), disordered=disordered)

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


def _named(name: str | None, bases: Iterable[Base]) -> Base | None:
    return next((each for each in bases if each.name == name), None)


def _all_arguments(keyed: Keyed, arguments: Mapping[str, str], bases: Iterable[Base]) -> dict[str, str]:
    """Return the build arguments with a build id, where one is declared, and the frontend as it is pinned."""
    reads = keyed.context.reads
    own = {BUILD_ID: keyed.key[:BUILD_ID_DIGITS]} if BUILD_ID in reads.arguments else {}
    frontend = _named(reads.frontend, bases)
    return {**own, **arguments, **({SYNTAX_ARG: frontend.reference} if frontend else {})}


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
