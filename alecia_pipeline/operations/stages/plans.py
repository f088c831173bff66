"""The plans of one run, each made once: keys are pure, and asking the registry twice could give two answers."""

from collections.abc import Sequence
from functools import cached_property

from alecia_pipeline.errors import OutsideError, UsageError
from alecia_pipeline.operations.planning import Planner
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.release.model import AppPlan, Cause, Plan


class Plans:
    """Plans by commit and environment, of the apps that are asked for: each costs one question to the registry.

    An environment matters only to the apps that have build arguments there.
    """

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._plans: dict[tuple[str, str | None], Plan] = {}
        self._failed: dict[tuple[str, str | None], OutsideError] = {}
        self._compared: dict[tuple[str, str, str | None, str], tuple[Cause, ...]] = {}

    @cached_property
    def _planner(self) -> Planner:
        """Made when it is asked for: a rollback plans nothing."""
        return Planner(self._runner)

    def plan(self, commit: str, environment: str | None, apps: Sequence[str]) -> Plan:
        """Return the plan of these apps, and of those that were asked for before. Raises as the planner does."""
        key = (commit, environment)
        if key in self._failed:
            # Each image of a run asks for it; a registry that is silent would be waited for as many times.
            raise self._failed[key]
        known = self._plans.get(key)
        planned = {app.name for app in known.apps} if known else set()
        new = [app for app in dict.fromkeys(apps) if app not in planned]
        if known is None or new:
            try:
                found = self._planner.plan(commit, environment=environment, apps=new)
            except OutsideError as error:
                self._failed[key] = error
                raise
            known = known.model_copy(update={"apps": (*known.apps, *found.apps)}) if known else found
            self._plans[key] = known
        return known

    def variant(self, environment: str, app: str) -> str | None:
        """Return the environment that an app's image is made for; None where all environments share it."""
        return environment if app in self._runner.config.environment(environment).build_args else None

    def app(self, commit: str, environment: str, app: str) -> AppPlan:
        """Return one app's plan for an environment. Raises UsageError when the commit has no such app."""
        return self.apps(commit, environment, [app])[0]

    def apps(self, commit: str, environment: str, apps: Sequence[str]) -> list[AppPlan]:
        """Return some apps' plans for an environment, in their order. Raises UsageError for one the commit has not."""
        wanted: dict[str | None, list[str]] = {}
        for app in apps:
            wanted.setdefault(self.variant(environment, app), []).append(app)
        found = [app for variant, names in wanted.items() for app in self.plan(commit, variant, names).apps]
        return [next(plan for plan in found if plan.name == app) for app in apps]

    def causes(self, commit: str, since: str, environment: str | None, app: str) -> tuple[Cause, ...]:
        """Return why an app's key is another than at an earlier commit: nothing for the same key.

        Nothing either when that commit is not in this clone any more: its history was rewritten, or is cut.
        """
        key = (commit, since, environment, app)
        if key not in self._compared:
            try:
                compared = self._planner.plan(commit, since=since, environment=environment, apps=[app])
                self._compared[key] = compared.app(app).causes
            except UsageError:
                self._compared[key] = ()
        return self._compared[key]
