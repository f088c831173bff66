"""What an environment needs before an app moves."""

from dataclasses import dataclass

from alecia_pipeline.operations.hosts import prepare_host
from alecia_pipeline.operations.migrating import apply_migrations, pending_migrations
from alecia_pipeline.operations.outcome import Fact, Outcome, Table
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.operations.secrets import ensure_secrets
from alecia_pipeline.operations.stacks import apply_stack


@dataclass(frozen=True)
class PreparedHost:
    """The steps between a green build and the first staged app."""

    runner: Runner

    def host(self, environment: str) -> Outcome:
        """Run the preflight. Raises OutsideError naming all that is missing."""
        report = prepare_host(self.runner, environment)
        facts: dict[str, Fact] = report.model_dump(exclude={"warnings"})
        return Outcome(facts={**facts, "warnings": "; ".join(report.warnings) or "none"})

    def secrets(self, environment: str, commit: str) -> Outcome:
        """Complete the environment file; key names are told, values never."""
        report = ensure_secrets(self.runner, environment, commit)
        facts: dict[str, Fact] = {"keys": len(report.keys), "generated": ", ".join(report.generated) or "none"}
        return Outcome(facts={**facts, "changed": ", ".join(report.changed) or "none", "path": report.path})

    def stack(self, environment: str, commit: str) -> Outcome:
        """Bring third-party services up."""
        report = apply_stack(self.runner, environment, commit)
        rows = tuple({"service": name, "image": image} for name, image in sorted(report.services.items()))
        return Outcome(facts={"services": Table(rows), "pinned": len(report.pinned), "seconds": report.seconds})

    def migrate(self, environment: str, commit: str) -> Outcome:
        """Apply what is pending."""
        report = apply_migrations(self.runner, environment, commit)
        facts: dict[str, Fact] = {
            "applied_now": ", ".join(report.applied_now) or "none",
            "applied": len(report.applied),
        }
        return Outcome(facts={**facts, "revertible": report.revertible, "seconds": report.seconds})

    def pending(self, environment: str, commit: str) -> tuple[str, ...]:
        """Return the names of the files that the database has not seen."""
        return tuple(file.name for file in pending_migrations(self.runner, environment, commit))
