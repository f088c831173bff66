"""The plans of one run, each made once: keys are pure, and asking the registry twice could give two answers."""

from alecia_pipeline.errors import OutsideError, UsageError
from alecia_pipeline.operations.planning import Planner
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.release.model import AppPlan, Cause, Plan


class Plans:
    """Plans by commit and environment. An environment matters only to the apps that have build arguments there."""

    def __init__(self, runner: Runner) -> None:
        self._plans: dict[tuple[str, str | None], Plan] = {}
        self._failed: dict[tuple[str, str | None], OutsideError] = {}
        self._planner = Planner(runner)
        self._compared: dict[tuple[str, str, str | None], Plan | None] = {}

    def plan(self, commit: str, environment: str | None) -> Plan:
        """Return the plan of a commit. Raises as the planner does."""
        key = (commit, environment)
        if key in self._failed:
            # Each image of a run asks for it; a registry that is silent would be waited for as many times.
            raise self._failed[key]
        if key not in self._plans:
            try:
                self._plans[key] = self._planner.plan(commit, environment=environment)
            except OutsideError as error:
                self._failed[key] = error
                raise
        return self._plans[key]

    def app(self, commit: str, environment: str, app: str) -> AppPlan:
        """Return one app's plan for an environment. Raises UsageError when the commit has no such app."""
        return self.plan(commit, environment).app(app)

    def causes(self, commit: str, since: str, environment: str | None, app: str) -> tuple[Cause, ...]:
        """Return why an app's key is another than at an earlier commit: nothing for the same key.

        Nothing either when that commit is not in this clone any more: its history was rewritten, or is cut.
        """
        key = (commit, since, environment)
        if key not in self._compared:
            try:
                self._compared[key] = self._planner.plan(commit, since=since, environment=environment)
            except UsageError:
                self._compared[key] = None
        compared = self._compared[key]
        return compared.app(app).causes if compared else ()
