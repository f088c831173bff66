"""The site that definitions are for: a repository, a configuration, and the real stages on them."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from alecia_pipeline.adapters.git import resolve
from alecia_pipeline.adapters.mirror import is_remote, refresh
from alecia_pipeline.adapters.state import state_folder
from alecia_pipeline.adapters.webserver import reload_location
from alecia_pipeline.defs.ahead import AHEAD
from alecia_pipeline.defs.assembly import Site
from alecia_pipeline.defs.graph import Graph, read_graph
from alecia_pipeline.defs.stages import Stages
from alecia_pipeline.defs.step_log import STEP_LOG
from alecia_pipeline.errors import UsageError
from alecia_pipeline.operations.hosts import kept_connections
from alecia_pipeline.operations.runner import Runner, load_config
from alecia_pipeline.operations.stages.commits import RepositoryCommits
from alecia_pipeline.operations.stages.gates import AuditGates
from alecia_pipeline.operations.stages.images import BuiltImages
from alecia_pipeline.operations.stages.plans import Plans
from alecia_pipeline.operations.stages.preparation import PreparedHost
from alecia_pipeline.operations.stages.releases import HostReleases
from alecia_pipeline.redaction import Redactor

MODULE = "alecia_pipeline.definitions"
"""The code location: its module, and its name in Dagster."""

REPO, CONFIG, REV, UI = "ALECIA_REPO", "ALECIA_CONFIG", "ALECIA_REV", "ALECIA_UI"


@dataclass(frozen=True)
class Location:
    """What the environment variables say. `rev`: the commit of a command; `ui`: the webserver's URL."""

    repo: str
    config_file: str | None = None
    rev: str | None = None
    ui: str | None = None

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> "Location":
        """Read `ALECIA_REPO` (a folder or a URL; default: the current folder), `ALECIA_CONFIG` and the rest."""
        found = [variables.get(name) or None for name in (CONFIG, REV, UI)]
        return cls(variables.get(REPO) or ".", *found)

    def environment(self) -> dict[str, str]:
        """Return the variables that say the same, for a process to be started."""
        values = {REPO: self.repo, CONFIG: self.config_file, REV: self.rev, UI: self.ui}
        return {name: value for name, value in values.items() if value}

    @property
    def folder(self) -> Path:
        """The repository, or the local copy of a remote one."""
        if not is_remote(self.repo):
            return Path(self.repo)
        return state_folder() / "mirrors" / f"{hashlib.sha256(self.repo.encode()).hexdigest()[:16]}.git"

    def refresh(self) -> None:
        """Bring the copy of a remote repository up to date. Raises OutsideError."""
        if is_remote(self.repo):
            refresh(self.repo, self.folder)


def open_site(location: Location) -> Site:
    """Read the repository and return its site. Raises UsageError for a bad repository or configuration."""
    location.refresh()
    config = load_config(location.config_file, location.folder)
    runner = Runner(location.folder, config, STEP_LOG, AHEAD.redactor or Redactor())

    def fresh() -> Graph:
        return read_graph(runner, _heads(runner, location.rev))

    def reload() -> str:
        if location.ui is None:
            return f"reload {MODULE} in the UI (Deployment); until then nothing is released"
        reload_location(location.ui, MODULE)
        return "the definitions are loaded again; the next tick releases it"

    return Site(fresh(), runner.redactor, lambda: _open_stages(runner, location), fresh, reload)


@contextmanager
def _open_stages(runner: Runner, location: Location) -> Iterator[Stages]:
    begun, gates = AHEAD.take(), AuditGates(runner)
    plans = begun.plans if begun else Plans(runner)
    with kept_connections(), begun.images if begun else BuiltImages(runner, plans) as images:
        yield Stages(
            RepositoryCommits(runner, plans, location.rev, location.refresh),
            gates,
            images,
            PreparedHost(runner),
            HostReleases(runner, gates, images),
        )


def _heads(runner: Runner, rev: str | None) -> list[str]:
    """Return the commits whose apps and packages are shown: the branch of every environment, and HEAD."""
    branches = [environment.branch for environment in runner.config.environments.values()]
    heads = []
    for branch in [] if rev else branches:
        try:
            heads.append(resolve(runner.repo, branch))
        except UsageError as error:
            # The environment's push sensor says so at each tick; the other environments still work.
            runner.log(str(error))
    return heads or [resolve(runner.repo, rev or "HEAD")]
