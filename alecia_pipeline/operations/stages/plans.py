"""The plans of one run, each made once: keys are pure, and asking the registry twice could give two answers."""

from alecia_pipeline.errors import OutsideError
from alecia_pipeline.operations.planning import make_plan
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.release.model import AppPlan, Plan


class Plans:
    """Plans by commit and environment. An environment matters only to the apps that have build arguments there."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._plans: dict[tuple[str, str | None], Plan] = {}
        self._failed: dict[tuple[str, str | None], OutsideError] = {}

    def plan(self, commit: str, environment: str | None) -> Plan:
        """Return the plan of a commit. Raises as `make_plan` does."""
        key = (commit, environment)
        if key in self._failed:
            # Each image of a run asks for it; a registry that is silent would be waited for as many times.
            raise self._failed[key]
        if key not in self._plans:
            try:
                self._plans[key] = make_plan(self._runner, commit, environment=environment)
            except OutsideError as error:
                self._failed[key] = error
                raise
        return self._plans[key]

    def app(self, commit: str, environment: str, app: str) -> AppPlan:
        """Return one app's plan for an environment. Raises UsageError when the commit has no such app."""
        return self.plan(commit, environment).app(app)
