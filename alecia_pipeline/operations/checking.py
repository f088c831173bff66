"""The checks of one image between its push and its tag: what no file shows is tried, what no run shows is read."""

import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property

from alecia_pipeline.adapters.git import first_parents
from alecia_pipeline.adapters.reproducible import ReproducibleImage
from alecia_pipeline.errors import OutsideError, ReleaseFailedError, UsageError
from alecia_pipeline.images.app_key import APP_KEY
from alecia_pipeline.images.checks.boot import Trial, judge_boot
from alecia_pipeline.images.checks.check import BOOTS, SIZE, Check, not_judged
from alecia_pipeline.images.checks.dependencies import judge_dependencies
from alecia_pipeline.images.checks.layers import Contents
from alecia_pipeline.images.checks.needles import KnownSecrets, Needles, needles
from alecia_pipeline.images.checks.secrets import NEXT_NAMES, Described, judge_secrets
from alecia_pipeline.images.checks.service import Service
from alecia_pipeline.images.checks.size import Earlier, judge_size
from alecia_pipeline.images.checks.user import judge_user
from alecia_pipeline.images.manifest import pulled_bytes
from alecia_pipeline.images.ports import ImageRegistry, TrialEngine
from alecia_pipeline.images.reads import Reads
from alecia_pipeline.images.reference import Repository, environment_tag, key_tag
from alecia_pipeline.operations.build_secrets import build_secrets
from alecia_pipeline.operations.planning import CommitView, Planner
from alecia_pipeline.operations.rendering import health_path
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.operations.starting import app_service
from alecia_pipeline.operations.workshop import Made
from alecia_pipeline.redaction import Secret
from alecia_pipeline.release.plan import Keyed
from alecia_pipeline.source.secret_forms import is_secret

SEARCHED = 5
"""How many commits back an image is looked for to compare sizes with, where none was released."""

NAME_DIGITS = 12


@dataclass(frozen=True)
class ImageChecks:
    """Checks the images of one commit, several at a time. `engine`: None where none is at hand: no image is started."""

    runner: Runner
    view: CommitView
    environment: str | None
    registry: ImageRegistry
    engine: TrialEngine | None
    _reading: threading.Lock = field(default_factory=threading.Lock)
    _cancelled: threading.Event = field(default_factory=threading.Event)

    def cancel(self) -> None:
        """End what runs: its containers are gone when `check` has raised."""
        self._cancelled.set()
        if self.engine:
            self.engine.cancel()

    def check(self, keyed: Keyed, made: Made, repository: Repository) -> tuple[Check, ...]:
        """Return every verdict on an image that was just built; each is logged. What cannot be judged is told.

        Raises UsageError for a build secret that cannot be read, ReleaseFailedError when it was cancelled.
        """
        app, archive = keyed.app, made.image
        described = Described(archive.config, made.base_config)
        service = app_service(self.runner, self.view, app.name, self.environment, described)
        sought = needles(known_secrets(self.runner, app.name, keyed.context.reads))
        with ThreadPoolExecutor(2, thread_name_prefix="check") as aside:
            boots = aside.submit(self._boots, keyed, archive, service)
            size = aside.submit(self._size, keyed, archive, repository)
            contents = read_contents(archive, sought, app.config.checks.not_secret)
            dependencies = self.view.snapshot.workspace.package(app.dir).manifest.dependencies
            checks = (
                judge_secrets(contents, described, sought),
                judge_user(service.user or described.run("User"), contents, root_allowed=app.config.checks.root),
                boots.result(),
                judge_dependencies(app.package, dependencies, contents),
                size.result(),
            )
        if self._cancelled.is_set():  # what was not judged for that reason may not pass for one that never could be
            raise _cancelled(app.name)
        return tuple(self._told(app.name, check) for check in checks)

    def _told(self, app: str, check: Check) -> Check:
        masked = check.model_copy(update={"found": self.runner.redactor(check.found)})
        for line in masked.found.splitlines():
            self.runner.log(f"{app} | check {masked.what}, {masked.verdict}: {line}")
        return masked

    def _boots(self, keyed: Keyed, archive: ReproducibleImage, service: Service) -> Check:
        config = keyed.app.config.checks
        if not config.boot:
            return not_judged(BOOTS, "alecia.yaml says not to start it", severity="info")
        if self.engine is None:
            return not_judged(BOOTS, "there is no engine to start it on")
        digits = archive.digest.partition(":")[2][:NAME_DIGITS]
        base = frozenset(blob.digest for blob in archive.blobs[1 : archive.below + 1])
        trial = Trial(keyed.app.name, f"alecia-check/{keyed.app.name}:{digits}", service, config.boot_seconds, base)
        try:
            outcome = self.engine.attempt(trial, archive)
        except OutsideError as error:
            return not_judged(BOOTS, f"{error.what}: {error.why}", fix=error.fix)
        return judge_boot(trial, outcome, health_path({"healthcheck": {"test": service.health or ()}}))

    def _size(self, keyed: Keyed, archive: ReproducibleImage, repository: Repository) -> Check:
        size = sum(blob.size for blob in archive.blobs)
        try:
            return judge_size(archive.digest, size, self._earlier(keyed, repository))
        except OutsideError as error:
            return not_judged(SIZE, f"{error.what}: {error.why}")

    def _earlier(self, keyed: Keyed, repository: Repository) -> Earlier | None:
        """Return the image before, None where the registry has none."""
        for tag, what in self._before(keyed):
            digest = self.registry.digest(repository, tag)
            manifest = self.registry.manifest(repository, digest) if digest else None
            size = pulled_bytes(manifest.data) if manifest else None
            if digest and size is not None:
                return Earlier(digest, size, what)
        return None

    def _before(self, keyed: Keyed) -> Iterator[tuple[str, str]]:
        """Yield the tags that the image before may have: a release's, else that of the nearest earlier commit."""
        known = sorted(self.runner.config.environments or self.view.config.environments)
        for environment in [self.environment] if self.environment else known:
            yield environment_tag(environment), f"the last release of {environment}"
        for commit in first_parents(self.runner.repo, self.view.commit, SEARCHED + 1)[1:]:
            key = self._key(commit, keyed.app.name)
            if key and key != keyed.key:
                yield key_tag(key), f"commit {commit[:12]}"

    @cached_property
    def _planner(self) -> Planner:
        return Planner(self.runner)

    def _key(self, commit: str, app: str) -> str | None:
        """Return an app's build key at another commit, None where it is none there, or the commit is not here."""
        with self._reading:  # a repository has one reader
            try:
                view = self._planner.read(commit)
                return self._planner.keyed(view, view.app(app), self.environment).key
            except UsageError:
                return None


def _cancelled(app: str) -> ReleaseFailedError:
    return ReleaseFailedError(
        f"the checks of {app} were cancelled",
        where=app,
        why="the run was interrupted, or another build of it failed",
        fix="start again: what is built already is reused",
    )


def read_contents(archive: ReproducibleImage, sought: Needles, pardoned: Sequence[str]) -> Contents:
    """Read the layers above the base once. Those of the base are what every image of it has."""
    contents = Contents(pardoned=pardoned)
    for number, layer in enumerate(archive.layers(archive.below), start=archive.below + 1):
        with layer:
            contents.add(number, layer, sought)
    return contents


def known_secrets(runner: Runner, app: str, reads: Reads) -> KnownSecrets:
    """Return the values that must not be in an image: of this build, of the runner's environment, and what it masks.

    Raises UsageError for a build secret that cannot be read.
    """
    quiet = replace(runner, sink=lambda _: None)  # the build has said already which are not configured
    build = build_secrets(quiet, app, reads)
    own = build.pop(APP_KEY, None)
    configured = runner.config.builder.secrets
    sources = {configured[name].env for name in reads.secrets if name in configured}
    others = tuple(
        (f"the environment variable {name}", Secret(value))
        for name, value in os.environ.items()
        if name not in sources | NEXT_NAMES and is_secret(name, value)
    )
    named = {f"the build secret {name}": value for name, value in build.items()}
    return KnownSecrets(named, own, others, runner.redactor.known)
