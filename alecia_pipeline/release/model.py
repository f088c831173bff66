"""The values a release is made of: the plan before it, the record after it. JSON as docs/design.md fixes it."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from alecia_pipeline.images.checks.check import Check, accepted
from alecia_pipeline.images.layers import ImageLayer

CauseKind = Literal[
    "file", "lockfile", "dockerfile", "ignore", "build_arg", "secret", "base_image", "patch", "closure", "tool",
    "platform", "new", "unknown",
]  # fmt: skip


class Value(BaseModel):
    """A frozen value that serialises to JSON and back."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Cause(Value):
    """One reason why an app's key differs. `what` names the thing (a path, a package), `detail` how it differs."""

    kind: CauseKind
    what: str
    detail: str


class Problem(Value):
    """Why an app cannot be planned, and so not be built, as the commit is. The parts are an error's."""

    what: str
    where: str | None
    why: str | None
    fix: str | None


class AppPlan(Value):
    """What happens to one app's image, and every cause of it."""

    name: str
    package: str
    dir: str
    dockerfile: str
    target: str | None
    key: str = Field(description="Build key, 64 hex digits; empty where a problem leaves it unknown")
    previous_key: str | None
    action: Literal["build", "reuse"]
    causes: tuple[Cause, ...]
    image: str | None = Field(description="<registry>/<app>@sha256:… where it is known")
    problem: Problem | None = Field(None, description="The action is `build` then: nobody may take it for done")
    deployed: str | None = Field(None, description="The image that the environment runs: <registry>/<app>@sha256:…")
    pull_bytes: int | None = Field(
        None, description="Compressed bytes of its layers that the host has not; null where nobody knows yet"
    )
    restarts: bool | None = Field(
        None, description="null: not compared with an environment, or the build has to show whether the digest differs"
    )


class Plan(Value):
    """What a release of `commit` would do. With `since`, `action` compares keys; else it asks the registry."""

    schema_version: Literal[1] = Field(1, alias="schema")
    commit: str
    since: str | None
    environment: str | None
    apps: tuple[AppPlan, ...]
    packages_affected: tuple[str, ...]
    migrations: tuple[str, ...]
    services: tuple[str, ...]
    seconds: float
    subject: str = Field("", description="First line of the commit's message")
    release: str | None = Field(None, description="The release that the environment runs")
    pull_bytes: int | None = Field(
        None, description="As the apps' own, but each layer once; null where no image to pull is known"
    )

    def app(self, name: str) -> AppPlan:
        """Return one app's plan. Raises KeyError for an app that the plan does not have."""
        return {app.name: app for app in self.apps}[name]


class ImageResult(Value):
    """One app's image after its stage: built now, or found by its key."""

    app: str
    key: str
    digest: str
    reference: str = Field(description="<registry>/<app>@sha256:…")
    size_bytes: int | None = Field(description="Compressed, config and layers; None for a reused image")
    layers: int | None
    seconds: float
    reused: bool
    causes: tuple[Cause, ...]
    layer_table: tuple[ImageLayer, ...] = Field((), description="The lowest first; empty for a reused image")
    cached_steps: int | None = Field(None, description="Instructions that a cache had; None for a reused image")
    executed_steps: int | None = None
    checks: tuple[Check, ...] = Field((), description="Of one that was built now; a reused one passed them before")

    @property
    def accepted(self) -> bool:
        """Whether it has its key tag: every check that refuses an image has passed."""
        return accepted(self.checks)


class AppRelease(Value):
    """One app of a release: which commit and image it runs, and as which compose service."""

    commit: str
    key: str
    digest: str
    image: str = Field(description="<registry>/<app>@sha256:…")
    service: str = Field(description="Compose service name: <app>-<8 hex of the rendered definition>")
    rollout: Literal["overlap", "exclusive"]


class MigrationState(Value):
    """Which files the database had after this release, in order, and whether one can go back past it."""

    applied: tuple[str, ...]
    new: tuple[str, ...] = Field(description="Applied by this release itself")
    revertible: bool = Field(description="True when every new file only adds")


class ReleaseRecord(Value):
    """One release as it is stored on the host, immutable. Its state (switched, confirmed …) is the journal's."""

    schema_version: Literal[1] = Field(1, alias="schema")
    id: str = Field(description="<UTC yyyymmdd-hhmmss>-<8 hex of the commit>, sortable")
    environment: str
    commit: str
    parent: str | None = Field(description="The release that was live before")
    moved: tuple[str, ...] = Field(description="Apps whose entry differs from the parent's")
    apps: dict[str, AppRelease]
    compose_sha256: str
    caddy_sha256: str
    migrations: MigrationState
    environment_keys: dict[str, str] = Field(description="Key -> keyed fingerprint of its value (HMAC-SHA-256, 16 hex)")
    tools: dict[str, str] = Field(description="Versions of builder, compose, pipeline")
    gates: dict[str, str] = Field(description="Gate -> verdict, e.g. audit/website -> passed")
