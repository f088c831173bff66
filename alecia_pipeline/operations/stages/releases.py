"""Moving apps and judging the result: stage, switch, smoke, confirm or revert."""

import importlib.metadata
from dataclasses import dataclass

from alecia_pipeline.adapters.git import open_commit
from alecia_pipeline.errors import RefusedError, ReleaseFailedError
from alecia_pipeline.migrations.files import collect_migrations
from alecia_pipeline.operations.confirming import confirm_release, revert_release
from alecia_pipeline.operations.inspecting import live_release, status, verify_app
from alecia_pipeline.operations.migrating import migrations_config
from alecia_pipeline.operations.outcome import Cell, Fact, Outcome, Table
from alecia_pipeline.operations.releasing import AppImage, switch_release
from alecia_pipeline.operations.rollback import switch_back
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.operations.smoking import smoke
from alecia_pipeline.operations.stages.gates import AuditGates
from alecia_pipeline.operations.stages.images import BuiltImages
from alecia_pipeline.operations.staging import stage_app
from alecia_pipeline.operations.tagging import tag_release
from alecia_pipeline.release.draft import ReleaseFacts
from alecia_pipeline.release.model import MigrationState
from alecia_pipeline.smoke.verdict import SmokeReport


@dataclass(frozen=True)
class HostReleases:
    """The releases of environments, on their hosts."""

    runner: Runner
    gates: AuditGates
    images: BuiltImages

    def stage(self, environment: str, commit: str, app: str) -> Outcome:
        """Stage one app. Raises ReleaseFailedError when it does not become healthy; the old one serves on."""
        image = self._image(environment, commit, app)
        report = stage_app(self.runner, environment, commit, app, image.image)
        return Outcome(facts=report.model_dump(exclude={"app"}) | {"commit": commit})

    def verify(self, environment: str, app: str) -> Outcome:
        """See that an app that does not move runs the service of its release, healthy."""
        entry = verify_app(self.runner, environment, app)
        facts: dict[str, Fact] = {
            "moved": False,
            "image": entry.image,
            "service": entry.service,
            "commit": entry.commit,
        }
        return Outcome(facts=facts)

    def switch(self, environment: str, commit: str, apps: tuple[str, ...]) -> Outcome:
        """Make these apps live. Their audits are recomputed and their images must be there, for this commit."""
        gates = {f"audit/{app}": self._gate(commit, app) for app in apps}
        images = {app: self._image(environment, commit, app) for app in apps}
        facts = ReleaseFacts(self._migrations(environment, commit), _tools(), gates)
        record = switch_release(self.runner, environment, commit, images, facts)
        rows: tuple[dict[str, Cell], ...] = tuple(
            {"app": name, "moved": name in record.moved, "commit": app.commit, "image": app.image}
            for name, app in record.apps.items()
        )
        return Outcome(record.id, {"release": record.id, "parent": record.parent or "none", "apps": Table(rows)})

    def judge(self, environment: str, release: str | None) -> Outcome:
        """Smoke-test the live release, then confirm it; or revert it and raise ReleaseFailedError.

        A `release` that is not live any more was reverted: what serves now says nothing about it.
        """
        current = status(self.runner, environment)
        live = current.release
        if live is None:
            raise RefusedError(
                "no release is live",
                where=environment,
                why="nothing was released here, or the first release was reverted",
                fix=f"`alecia release --env {environment}`",
            )
        if release not in {None, live}:
            raise ReleaseFailedError(
                f"release {release} is not live any more",
                where=environment,
                why=f"it was reverted; {live} serves",
                fix=f"release again: `alecia release --env {environment}`",
            )
        report = smoke(self.runner, environment)
        if not report.passed:
            raise self._failed(environment, live, report, reverting=current.state != "confirmed")
        confirmed = confirm_release(self.runner, environment, live)
        if confirmed:
            tag_release(self.runner, confirmed)
        rows = tuple(probe.model_dump() for probe in report.probes)
        return Outcome(facts={"release": live, "probes": Table(rows), "seconds": report.seconds})

    def rollback(self, environment: str, release: str | None) -> Outcome:
        """Restore an earlier release, by default the one before; judged as every release is."""
        record = switch_back(self.runner, environment, release)
        judged = self.judge(environment, record.id)
        return Outcome(record.id, {**judged.facts, "moved": ", ".join(record.moved) or "nothing"})

    def _failed(self, environment: str, release: str, report: SmokeReport, *, reverting: bool) -> ReleaseFailedError:
        """Go back from an unconfirmed release, and say what failed. A confirmed one is not this run's: it stays."""
        failures = "; ".join(f"https://{f.host}{f.path}: {f.detail}" for f in report.failures)
        why = f"{len(report.failures)} of {len(report.probes)} probes failed: {failures}"
        if reverting:
            revert_release(self.runner, environment, release, why)
        end = "what was live before serves again" if reverting else "nothing was switched in this run"
        return ReleaseFailedError(
            f"the public smoke failed; {end}",
            where=f"{environment}, release {release}",
            why=why,
            fix=f"`alecia smoke --env {environment}` asks again; `alecia logs SERVICE --env {environment}`",
        )

    def _image(self, environment: str, commit: str, app: str) -> AppImage:
        found = self.images.reference(commit, app, environment)
        if found is None:
            raise RefusedError(
                f"{app} has no image for commit {commit[:12]}",
                where=environment,
                why="its build key is not in the registry: it was never built, or did not pass its gates",
                fix=f"`alecia build {app}`, or materialize image/{app} first",
            )
        return AppImage(commit, *found)

    def _gate(self, commit: str, app: str) -> str:
        refused = self.gates.audit(commit, app).refused
        if refused:
            why = "\n".join(verdict.text for verdict in refused)
            raise ReleaseFailedError(f"{app} does not pass its audit", where=commit[:12], why=why, fix="`alecia audit`")
        return "passed"

    def _migrations(self, environment: str, commit: str) -> MigrationState:
        """Return the database's files once every one of the commit is applied, which is seen to before a switch."""
        tree = open_commit(self.runner.repo, commit)
        config = migrations_config(self.runner, tree)
        files = collect_migrations(tree, config.dir) if config else ()
        live = live_release(self.runner, environment)
        before = live.migrations.applied if live else ()
        new = [file for file in files if file.name not in before]
        return MigrationState(
            applied=tuple(file.name for file in files),
            new=tuple(file.name for file in new),
            revertible=all(file.additive for file in new),
        )


def _tools() -> dict[str, str]:
    return {"alecia-pipeline": importlib.metadata.version("alecia-pipeline")}
