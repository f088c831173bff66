"""The images of a run: one builder per commit and environment, all sharing its threads' limit."""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from alecia_pipeline.images.checks.check import NAMES, Check
from alecia_pipeline.images.layers import MEGABYTE, ImageLayer
from alecia_pipeline.images.reference import DIGEST_DIGITS
from alecia_pipeline.operations.building import ImageBuilder
from alecia_pipeline.operations.outcome import Fact, Outcome, Table, Verdict
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.operations.stages.plans import Plans
from alecia_pipeline.release.model import Cause, ImageResult


class BuiltImages:
    """The builder of a run. Leaving it ends the builds that still run."""

    def __init__(self, runner: Runner, plans: Plans) -> None:
        self._runner = runner
        self._plans = plans
        self._builders: dict[tuple[str, str | None], ImageBuilder] = {}
        self._open = ExitStack()
        self._results: dict[tuple[str, str, str | None], ImageResult] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def start(self, commit: str, images: Iterable[tuple[str, str | None]]) -> None:
        """Begin these images, those of one environment side by side."""
        wanted: dict[str | None, list[str]] = {}
        for app, environment in images:
            wanted.setdefault(environment, []).append(app)
        for environment, apps in wanted.items():
            self._builder(commit, environment, apps).start(apps)

    def result(self, commit: str, app: str, environment: str | None, since: str | None = None) -> Outcome:
        """Wait for one image. Raises what its build raised."""
        found = self._builder(commit, environment, [app]).result(app)
        if not found.accepted:
            return Outcome(None, {**_facts(found, commit), **_checks(found)}, _verdicts(found))
        self._results[commit, app, environment] = found
        causes = (self._plans.causes(commit, since, environment, app) if since else ()) or found.causes
        # Causes first: in a run's log Dagster shows the beginning, and the rest on demand.
        facts = {"causes": _causes(causes), **_facts(found, commit), **_figures(found), **_checks(found)}
        return Outcome(found.key, facts, _verdicts(found))

    def reference(self, commit: str, app: str, environment: str) -> tuple[str, str] | None:
        """Return the build key and the reference by digest of an image that is there, built in this run or before."""
        found = self._results.get((commit, app, self._plans.variant(environment, app)))
        if found:
            return found.key, found.reference
        planned = self._plans.app(commit, environment, app)
        return (planned.key, planned.image) if planned.image else None

    def _builder(self, commit: str, environment: str | None, apps: Sequence[str]) -> ImageBuilder:
        plan = self._plans.plan(commit, environment, apps)
        if (commit, environment) not in self._builders:
            self._builders[commit, environment] = self._open.enter_context(ImageBuilder(self._runner, plan))
        builder = self._builders[commit, environment]
        builder.extend(plan)
        return builder


def _facts(image: ImageResult, commit: str) -> dict[str, Fact]:
    return {
        "reused": image.reused,
        "image": image.reference,
        "commit": commit,
        "build_key": image.key,
        "digest": image.digest,
    }


def _figures(image: ImageResult) -> dict[str, Fact]:
    """Return what is counted; of an image that is reused, the registry was asked for its digest alone."""
    names = ("seconds", "cached_steps", "executed_steps", "size_bytes", "layers")
    figures: dict[str, Fact] = {name: value for name in names if (value := getattr(image, name)) is not None}
    return figures | ({"layer_table": _layers(image.layer_table)} if image.layer_table else {})


def _causes(causes: Iterable[Cause]) -> Table:
    return Table(tuple(cause.model_dump() for cause in causes))


def _layers(layers: Iterable[ImageLayer]) -> Table:
    rows = (
        {
            "layer": number,
            "size_mb": round(layer.size_bytes / MEGABYTE, 2),
            "from": "base" if layer.from_base else "app",
            "instruction": layer.instruction,
            "digest": layer.digest[:DIGEST_DIGITS],
        }
        for number, layer in enumerate(layers, start=1)
    )
    return Table(tuple(rows))


def _checks(image: ImageResult) -> dict[str, Fact]:
    rows = (each.model_dump(include={"what", "found", "fix"}) | {"verdict": each.verdict} for each in image.checks)
    return {"checks": Table(tuple(rows))} if image.checks else {}


def _verdicts(image: ImageResult) -> tuple[Verdict, ...]:
    """Return the answer of every check. A reused image has its key tag: it passed them when it was built."""
    if image.reused:
        return tuple(Verdict(name, passed=True, text="its key tag says that it passed") for name in NAMES)
    return tuple(map(_verdict, image.checks))


def _verdict(check: Check) -> Verdict:
    facts: dict[str, Fact] = {"verdict": check.verdict, **({"fix": check.fix} if check.fix else {})}
    passed = check.ok or check.severity == "info"
    return Verdict(check.what, passed, check.found, facts, warning=not check.refuses)
