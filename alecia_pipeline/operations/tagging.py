"""Tags that people read, and that keep a registry's clean-up from what runs: by commit, by environment.

Nothing is decided by them, so one that cannot be set is told and stops nothing. A tag is a manifest under a further
name: no layer is sent. They are set when an image is built and when a release is confirmed, never by a run that changes
nothing (docs/decisions/0013-tags.md).
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from alecia_pipeline.errors import AleciaError
from alecia_pipeline.images.ports import ImageRegistry
from alecia_pipeline.images.reference import Repository, commit_tag, environment_tag, pinned_image
from alecia_pipeline.operations.asking import QUESTIONS_AT_A_TIME
from alecia_pipeline.operations.registries import registry_at
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.release.model import ReleaseRecord


@dataclass(frozen=True, slots=True)
class Tagging:
    """A tag that an image shall have."""

    repository: Repository
    digest: str
    tag: str


def tag_commit(runner: Runner, registry: ImageRegistry, wanted: Tagging) -> None:
    """Set the tag of an image that was just built; a failure is logged."""
    with _told(runner, [wanted]):
        _point(registry, wanted)


def tag_release(runner: Runner, record: ReleaseRecord) -> None:
    """Let the environment's tags name the images of a confirmed release, and the commits' tags those that moved.

    An image that has its tag costs one question. A registry that does not answer is asked once, and that is logged.
    """
    wanted = list(_of_release(runner, record))
    for host in sorted({tagging.repository.host for tagging in wanted}):
        first, *rest = here = [tagging for tagging in wanted if tagging.repository.host == host]
        with _told(runner, here), registry_at(runner, host, attempts=1) as registry:
            _point(registry, first)  # a silent registry is waited for once
            with ThreadPoolExecutor(QUESTIONS_AT_A_TIME) as pool:
                list(pool.map(partial(_point, registry), rest))


def _of_release(runner: Runner, record: ReleaseRecord) -> Iterator[Tagging]:
    own = runner.config.environment(record.environment).build_args
    for name, app in record.apps.items():
        repository, digest = pinned_image(app.image)
        yield Tagging(repository, digest, environment_tag(record.environment))
        if name in record.moved:
            yield Tagging(repository, digest, commit_tag(app.commit, record.environment if name in own else None))


@contextmanager
def _told(runner: Runner, wanted: Sequence[Tagging]) -> Iterator[None]:
    """Log why tags cannot be set: the image is there, the release is confirmed, and stays so."""
    try:
        yield
    except AleciaError as error:
        tags = ", ".join(sorted({tagging.tag for tagging in wanted}))
        runner.log(f"warning: not every image has its tag ({tags}): {error.what}: {error.why}")


def _point(registry: ImageRegistry, tagging: Tagging) -> None:
    registry.point(tagging.repository, tagging.digest, tagging.tag)
