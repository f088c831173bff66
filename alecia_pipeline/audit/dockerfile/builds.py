"""One app with its Dockerfile, simulated against what the builder is sent."""

from dataclasses import dataclass

from alecia_pipeline.audit.dockerfile.layout import Layout
from alecia_pipeline.audit.finding import Finding
from alecia_pipeline.source.apps import App
from alecia_pipeline.source.ignore import DockerIgnore


@dataclass(frozen=True)
class Build:
    """One app's build; `closure` holds the folders of the workspace packages that its image needs."""

    app: App
    closure: tuple[str, ...]
    ignore: DockerIgnore
    layout: Layout

    def finding(self, rule: str, line: int | None, message: str, fix: str, dependency: str | None = None) -> Finding:
        """Return a finding at a line of the app's Dockerfile."""
        return Finding(
            rule=rule,
            package=self.app.package if self.app.package != self.app.dir else None,
            dir=self.app.dir,
            file=self.app.dockerfile,
            line=line,
            dependency=dependency,
            message=message,
            fix=fix,
        )
