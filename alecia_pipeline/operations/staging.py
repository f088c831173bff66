"""Start an app's new version beside the old one, and know that it is healthy before anybody is sent there."""

import time
from typing import Literal

from alecia_pipeline.adapters.host import RemoteHost
from alecia_pipeline.config import Model
from alecia_pipeline.operations.containers import healthy_services
from alecia_pipeline.operations.hosts import connect
from alecia_pipeline.operations.rendering import RenderedApp, Rendering, render
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.operations.sessions import settled_session
from alecia_pipeline.operations.stacks import log_in, pinned_stack
from alecia_pipeline.rollout.ports import Command
from alecia_pipeline.rollout.switch import Rollout, Staging


class StagedApp(Model):
    """What staging did. `moved` is False when this very version is live already; then nothing was touched."""

    app: str
    service: str
    image: str
    rollout: Literal["overlap", "exclusive"]
    moved: bool
    seconds: float


def stage_app(runner: Runner, environment: str, commit: str, app: str, image: str) -> StagedApp:
    """Stage one app with `image` (reference by digest). An exclusive app is only pulled: it starts at the switch.

    Raises ReleaseFailedError when it does not become healthy and stay so; the container is taken away again and the
    old version serves on.
    """
    started = time.monotonic()
    with connect(runner, environment) as host:
        rendering = render(runner, environment, commit, host)
        rendered = rendering.app(app, image)
        moved = not _live(rendering, app, rendered, host)
    if moved:
        with settled_session(runner, environment) as held:
            _stage(runner, held.rollout, rendering, rendered, app)
    runner.log(f"{environment}/{app}: {rendered.service} {'is staged' if moved else 'is live already'}")
    return StagedApp(
        app=app,
        service=rendered.service,
        image=image,
        rollout=rendered.rollout,
        moved=moved,
        seconds=round(time.monotonic() - started, 2),
    )


def ensure_image(runner: Runner, rollout: Rollout, image: str) -> None:
    """Pull an image unless the host has it; the login is needed only then."""
    if rollout.host.run(Command.of("docker", "image", "inspect", "--format", "{{.Id}}", image)).status:
        log_in(runner, rollout.host, [image])
        rollout.pull([image])


def _live(rendering: Rendering, app: str, rendered: RenderedApp, host: RemoteHost) -> bool:
    live = rendering.state.live
    same = live is not None and app in live.apps and live.apps[app].service == rendered.service
    return same and rendered.service in healthy_services(host, rendering.config.project)


def _stage(runner: Runner, rollout: Rollout, rendering: Rendering, rendered: RenderedApp, app: str) -> None:
    image = str(rendered.definition["image"])
    ensure_image(runner, rollout, image)
    if rendered.rollout == "exclusive":
        return
    services = {**pinned_stack(rendering), rendered.service: rendered.definition}
    file = f"{rollout.agent.root}/staged/{rendered.service}.yaml"
    rollout.host.write(file, rendering.document(services), mode=0o644)
    rollout.stage(Staging(file, app, rendered.service, image, rendered.port, rendered.path))
