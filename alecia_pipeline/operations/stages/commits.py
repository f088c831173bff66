"""What the repository says: heads of branches, hashes of folders, what a commit moves."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from alecia_pipeline.adapters.git import first_parents, folder_ids, open_commit, resolve
from alecia_pipeline.errors import RefusedError, UsageError
from alecia_pipeline.operations.affected import Affected
from alecia_pipeline.operations.inspecting import live_release
from alecia_pipeline.operations.migrating import migrations_config
from alecia_pipeline.operations.planning import make_plan
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.operations.stages.plans import Plans
from alecia_pipeline.release.model import AppPlan, Plan, ReleaseRecord
from alecia_pipeline.source.manifest import MANIFEST_FILE
from alecia_pipeline.source.tree import Tree
from alecia_pipeline.source.workspace import Workspace, read_workspace

SEARCHED = 20
"""How many commits back a release that builds nothing looks for images."""


@dataclass(frozen=True)
class RepositoryCommits:
    """The commits of the runner's repository. `rev` stands for every branch when one is named on the command line."""

    runner: Runner
    plans: Plans
    rev: str | None = None
    refresh: Callable[[], None] = lambda: None

    def head(self, environment: str | None) -> str:
        """Return the newest commit of the environment's branch, or of HEAD. Raises UsageError for an unknown one."""
        self.refresh()
        branch = self.runner.config.environment(environment).branch if environment else "HEAD"
        return resolve(self.runner.repo, self.rev or branch)

    def newest_good(self, environment: str, apps: tuple[str, ...]) -> str:
        """Return the newest commit whose images of `apps` are in the registry. RefusedError when there is none."""
        head = self.head(environment)
        for commit in first_parents(self.runner.repo, head, SEARCHED):
            if self._has_images(commit, environment, apps):
                if commit != head:
                    self.runner.log(
                        f"{environment}: commit {commit[:12]}; {head[:12]} lacks images of {', '.join(apps)}"
                    )
                return commit
        raise RefusedError(
            f"no commit has the images of {', '.join(apps)}",
            where=f"the last {SEARCHED} commits up to {head[:12]}",
            why="the registry has none of their build keys",
            fix="`alecia build`, or materialize image/<app> first",
        )

    def _has_images(self, commit: str, environment: str, apps: tuple[str, ...]) -> bool:
        try:
            return all(app.image for app in self.plans.apps(commit, environment, apps))
        except UsageError as error:
            self.runner.log(f"{commit[:12]} is left out: {error.what}")
            return False

    def versions(self, commit: str) -> Mapping[str, str]:
        """Return folder -> git's id of its tree; `.` is a hash of the root's own files and every manifest."""
        tree = open_commit(self.runner.repo, commit)
        workspace = read_workspace(tree)
        return {".": root_version(tree, workspace), **folder_ids(self.runner.repo, commit, workspace.packages)}

    def affected(self, environment: str, commit: str) -> Affected:
        """Return what a release would move, compared with what is live on the host; all of it on a fresh host."""
        live = live_release(self.runner, environment)
        plan = make_plan(self.runner, commit, environment=environment, live=live)
        tree = open_commit(self.runner.repo, commit)
        folders = {package.name: folder for folder, package in read_workspace(tree).packages.items()}
        packages = tuple(folders[name] for name in plan.packages_affected if name in folders)
        return Affected(_moving(plan, live), (".", *packages), self._common(environment, tree, live))

    def _common(self, environment: str, tree: Tree, live: ReleaseRecord | None) -> bool:
        """Whether SQL, third-party services, routes or committed values differ from those of the live release."""
        if live is None:
            return True
        config = self.runner.config.environment(environment)
        migrations = migrations_config(self.runner, tree)
        names = (config.compose, config.caddyfile, config.env_file, migrations.dir if migrations else None)
        watched = tuple(name for name in names if name)
        before = open_commit(self.runner.repo, live.commit)
        return _watched(tree, watched) != _watched(before, watched)


def root_version(tree: Tree, workspace: Workspace) -> str:
    """Return the SHA-256 of what no package holds, and of every manifest: one line `<mode> <blob id> <path>` per file.

    No tree of git's: the root's own holds every package, and would change with each.
    """
    digest = hashlib.sha256()
    for path, entry in tree.entries.items():
        owner = workspace.owner(path).dir
        if owner == "." or path == f"{owner}/{MANIFEST_FILE}":
            digest.update(f"{entry.mode:o} {entry.oid} {path}\n".encode())
    return digest.hexdigest()


def _moving(plan: Plan, live: ReleaseRecord | None) -> tuple[str, ...]:
    return tuple(app.name for app in plan.apps if not _runs(app, live) or app.name in plan.services)


def _runs(app: AppPlan, live: ReleaseRecord | None) -> bool:
    return live is not None and app.name in live.apps and live.apps[app.name].key == app.key


def _watched(tree: Tree, names: tuple[str, ...]) -> list[tuple[str, str]]:
    folders = tuple(f"{name}/" for name in names)
    return [(path, e.oid) for path, e in tree.entries.items() if path in names or path.startswith(folders)]
