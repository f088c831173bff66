"""Build an image twice and compare.

`--verify` asks whether the build repeats itself, `--verify-context` whether pruning the context made a difference.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace

from alecia_pipeline.adapters.buildkit import BuildKit
from alecia_pipeline.adapters.reproducible import ReproducibleImage
from alecia_pipeline.images.context import pruned_context
from alecia_pipeline.images.differences import Difference, differences
from alecia_pipeline.images.ports import Builder
from alecia_pipeline.operations.planning import CommitView, build_arguments, keyed_app, read_commit
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.operations.workshop import PLAIN, Variation, Workshop, build_folder
from alecia_pipeline.release.plan import Keyed

AGAIN = Variation(cold=True, disordered=True)


@dataclass(frozen=True)
class Verdict:
    """The digests of two builds of one app. `question`: what the second did otherwise."""

    app: str
    environment: str | None
    question: str
    digest: str
    again: str
    differences: tuple[Difference, ...]

    @property
    def same(self) -> bool:
        """Whether both builds gave the same image."""
        return self.digest == self.again


@dataclass(frozen=True)
class Verification:
    """Builds the images of one commit again. Nothing is pushed."""

    runner: Runner
    view: CommitView
    workshop: Workshop

    def repeats(self, app: str, environment: str | None) -> Verdict:
        """Build an app as it is, then cold: no step from the cache, the context backwards and dated another day."""
        keyed, arguments = self._keyed(app, environment)
        return self._compared("a cold build", environment, (keyed, PLAIN), (keyed, AGAIN), arguments)

    def needs_no_more(self, app: str, environment: str | None) -> Verdict:
        """Build an app from its pruned context, then from the whole commit (cold: the cache knows the first)."""
        keyed, arguments = self._keyed(app, environment)
        whole = replace(keyed.app, config=keyed.app.config.model_copy(update={"context": "full"}))
        full = replace(keyed, context=pruned_context(self.view.snapshot, whole, arguments))
        return self._compared("the full context", environment, (keyed, PLAIN), (full, Variation(cold=True)), arguments)

    def _keyed(self, app: str, environment: str | None) -> tuple[Keyed, Mapping[str, str]]:
        found = self.view.app(app)
        arguments = build_arguments(self.runner, found, environment)
        return keyed_app(self.runner, self.view, found, environment), arguments

    def _compared(
        self,
        question: str,
        environment: str | None,
        first: tuple[Keyed, Variation],
        second: tuple[Keyed, Variation],
        arguments: Mapping[str, str],
    ) -> Verdict:
        with build_folder() as one, build_folder() as two:
            made = self.workshop.make(first[0], arguments, one, first[1]).image
            again = self.workshop.make(second[0], arguments, two, second[1]).image
            found = tuple(_differences(made, again)) if made.digest != again.digest else ()
        return Verdict(first[0].app.name, environment, question, made.digest, again.digest, found)


def verification(runner: Runner, rev: str, builder: Builder | None = None) -> Verification:
    """Return what verifies the images of a revision. Raises UsageError for one that is not known."""
    view = read_commit(runner, rev)
    return Verification(runner, view, Workshop(runner, view, builder or BuildKit(runner.log)))


def _differences(first: ReproducibleImage, second: ReproducibleImage) -> Iterator[Difference]:
    configs = [json.loads(b"".join(image.chunks(image.blobs[0].digest))) for image in (first, second)]
    with ExitStack() as opened:
        layers = [[opened.enter_context(layer) for layer in image.layers()] for image in (first, second)]
        yield from differences(configs, *layers)
