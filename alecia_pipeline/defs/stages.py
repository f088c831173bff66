"""What the assets call: one small Protocol per part of a release. `operations.stages` is the real thing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from alecia_pipeline.audit.manifests.regeneration import Regeneration
from alecia_pipeline.operations.affected import Affected
from alecia_pipeline.operations.outcome import Outcome


class Commits(Protocol):
    """What the repository says."""

    def head(self, environment: str | None) -> str:
        """Return the newest commit of the environment's branch, or of the repository."""
        ...

    def newest_good(self, environment: str, apps: tuple[str, ...]) -> str:
        """Return the newest commit of the branch whose images of `apps` are in the registry."""
        ...

    def versions(self, commit: str) -> Mapping[str, str]:
        """Return folder -> git's id of its tree, for every workspace package; `.` is the root with every manifest."""
        ...

    def affected(self, environment: str, commit: str) -> Affected:
        """Return what a release of `commit` would move, compared with what the environment runs."""
        ...


class Gates(Protocol):
    """What must pass before an image is built."""

    def audit(self, commit: str, app: str) -> Outcome:
        """Audit one app's closure. Verdicts: `dependencies`, `lockfile`."""
        ...

    def lockfile(self, commit: str) -> Outcome:
        """Judge the whole lockfile. Verdict: `settings`, which only fails on what concerns every app."""
        ...

    def regeneration(self, commit: str) -> Regeneration | None:
        """Return how pnpm would write a stale lockfile anew; None when it is not stale. Raises UsageError."""
        ...

    @property
    def docker_config(self) -> Path | None:
        """The folder with the logins for images; None: the docker client's own."""
        ...


class Images(Protocol):
    """The builder. An image is built for an environment only where its build arguments differ there."""

    def start(self, commit: str, images: Iterable[tuple[str, str | None]]) -> None:
        """Begin these (app, environment) in parallel."""
        ...

    def result(self, commit: str, app: str, environment: str | None, since: str | None = None) -> Outcome:
        """Wait for one image, built or reused. Its version is the build key. Verdicts: one for each image check.

        `since`: an earlier commit; the causes are the differences from the image there.
        """
        ...


class Preparation(Protocol):
    """What an environment needs before an app moves."""

    def host(self, environment: str) -> Outcome:
        """Check the host and install what the rollout needs there."""
        ...

    def secrets(self, environment: str, commit: str) -> Outcome:
        """Complete the environment file on the host."""
        ...

    def stack(self, environment: str, commit: str) -> Outcome:
        """Bring third-party services and Caddy to the commit's state."""
        ...

    def migrate(self, environment: str, commit: str) -> Outcome:
        """Apply the commit's pending migrations."""
        ...

    def pending(self, environment: str, commit: str) -> tuple[str, ...]:
        """Return the names of the migrations that the database has not seen."""
        ...


class Releases(Protocol):
    """Moving apps, and judging the result."""

    def stage(self, environment: str, commit: str, app: str) -> Outcome:
        """Start the app's new container beside the old one, and see it healthy."""
        ...

    def verify(self, environment: str, app: str) -> Outcome:
        """Check that an app that does not move runs the digest of its release."""
        ...

    def switch(self, environment: str, commit: str, apps: tuple[str, ...]) -> Outcome:
        """Make these apps live as one release; other entries are copied. Restages what is missing."""
        ...

    def judge(self, environment: str, release: str | None) -> Outcome:
        """Smoke-test the live release; confirm it, or revert it and raise. One that was reverted is not judged.

        `release`: the one that must be live; None for whatever is.
        """
        ...

    def rollback(self, environment: str, release: str | None) -> Outcome:
        """Restore an earlier release, by default the one before."""
        ...


@dataclass(frozen=True)
class Stages:
    """Everything a run can ask for."""

    commits: Commits
    gates: Gates
    images: Images
    preparation: Preparation
    releases: Releases
