"""The plan: for every app build or reuse, with all causes. An error never means "nothing to do"."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from alecia_pipeline.images.context import Context
from alecia_pipeline.images.fields import BuildFields, build_key, context_facts
from alecia_pipeline.images.refusals import missing_sources
from alecia_pipeline.release.causes import explain
from alecia_pipeline.release.model import AppPlan, Cause, Plan, Problem
from alecia_pipeline.source.apps import App


@dataclass(frozen=True)
class Keyed:
    """One app with what its image depends on, at one commit."""

    context: Context
    fields: BuildFields

    @property
    def app(self) -> App:
        """The app."""
        return self.context.app

    @cached_property
    def key(self) -> str:
        """The build key."""
        return build_key(self.fields)


@dataclass(frozen=True)
class Unplanned:
    """One app that cannot be planned as the commit is."""

    app: App
    problem: Problem


COMMIT_DIGITS = 12
NOT_THERE = "the commit has no such file for it: the build would fail"
NOT_IN_CLONE = "this clone has no content for it: git fetch --refetch --no-filter"
NO_IMAGE = "the registry has no image for this key"
NO_REGISTRY = "no registry is configured, so no image is known"


@dataclass(frozen=True)
class Known:
    """What is known of an app's image. `image`: host/name@digest if the registry has the key.

    `before`: the app at the commit that is compared with; `lost`: why nothing is known of it there, if it is an app
    there at all; `unknown`: why no registry said whether it has the image, None when one did.
    """

    before: Keyed | None = None
    lost: str | None = None
    image: str | None = None
    unknown: str | None = NO_REGISTRY


@dataclass(frozen=True)
class Scope:
    """What the plan is about, and the parts that need no decision."""

    commit: str
    since: str | None
    environment: str | None
    packages_affected: tuple[str, ...] | None
    migrations: tuple[str, ...]
    services: tuple[str, ...]
    subject: str = ""


def assemble_plan(scope: Scope, apps: Sequence[Keyed | Unplanned], known: Mapping[str, Known], seconds: float) -> Plan:
    """Return the plan. With `since` the action compares keys; else what the registry has decides."""
    decided = tuple(_decided(app, known.get(app.app.name, Known()), scope.since) for app in apps)
    built = [app for app in decided if app.action == "build"]
    affected = scope.packages_affected
    return Plan(
        commit=scope.commit,
        since=scope.since,
        environment=scope.environment,
        apps=decided,
        packages_affected=tuple(sorted({app.package for app in built})) if affected is None else affected,
        migrations=scope.migrations,
        services=tuple(sorted({*scope.services, *(app.name for app in built)})),
        seconds=round(seconds, 3),
        subject=scope.subject,
    )


def _decided(app: Keyed | Unplanned, known: Known, since: str | None) -> AppPlan:
    return decide(app, known, since=since) if isinstance(app, Keyed) else refuse(app, known)


def refuse(unplanned: Unplanned, known: Known) -> AppPlan:
    """Return the plan of an app whose key nobody can tell: it counts as to be built, and says why it cannot be."""
    app, problem = unplanned.app, unplanned.problem
    return AppPlan(
        name=app.name,
        package=app.package,
        dir=app.dir,
        dockerfile=app.dockerfile,
        target=app.target,
        key="",
        previous_key=known.before.key if known.before else None,
        action="build",
        causes=(Cause(kind="unknown", what=app.name, detail=_sentence(problem)),),
        image=None,
        problem=problem,
    )


def _sentence(problem: Problem) -> str:
    place = f" ({problem.where})" if problem.where and problem.where not in problem.what else ""
    return f"{problem.what}{place}" + (f": {problem.why}" if problem.why else "")


def decide(keyed: Keyed, known: Known, *, since: str | None) -> AppPlan:
    """Decide for one app. What copies files that are not there is never reused because nothing has changed."""
    before = known.before
    problem = None if known.image else _problem(keyed)
    same = before is not None and before.key == keyed.key and problem is None
    reuse = same if since else known.image is not None
    return AppPlan(
        name=keyed.app.name,
        package=keyed.app.package,
        dir=keyed.app.dir,
        dockerfile=keyed.app.dockerfile,
        target=keyed.app.target,
        key=keyed.key,
        previous_key=before.key if before else None,
        action="reuse" if reuse else "build",
        causes=() if reuse else _causes(keyed, known, since),
        image=known.image,
        problem=problem,
    )


def _problem(keyed: Keyed) -> Problem | None:
    refused = missing_sources(keyed.app.dockerfile, keyed.context.missing)
    return Problem(what=refused.what, where=refused.where, why=refused.why, fix=refused.fix) if refused else None


def _causes(keyed: Keyed, known: Known, since: str | None) -> tuple[Cause, ...]:
    """Return at least one cause."""
    name = keyed.app.name
    unknown: tuple[Cause, ...] = (
        (Cause(kind="unknown", what=name, detail=known.unknown),) if known.unknown and not since else ()
    )
    unknown += tuple(Cause(kind="unknown", what=f"COPY {path}", detail=NOT_THERE) for path in keyed.context.missing)
    unknown += tuple(Cause(kind="unknown", what=path, detail=NOT_IN_CLONE) for path in keyed.context.absent)
    if known.before:
        different = known.before.key != keyed.key
        return (*_differences(known.before, keyed), *unknown) if different else unknown or (_new(name, NO_IMAGE),)
    if since:
        lost = Cause(kind="unknown", what=name, detail=f"at {since[:COMMIT_DIGITS]}: {known.lost}")
        return (lost if known.lost else _new(name, f"is no app at {since}"), *unknown)
    return unknown or (_new(name, NO_IMAGE),)


def _new(name: str, detail: str) -> Cause:
    return Cause(kind="new", what=name, detail=detail)


def _differences(before: Keyed, after: Keyed) -> tuple[Cause, ...]:
    old, new = context_facts(before.context, after.context), context_facts(after.context, before.context)
    return explain((before.fields, old), (after.fields, new))
