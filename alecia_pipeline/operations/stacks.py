"""The third-party services and Caddy of an environment: pinned by digest, only what changed is recreated."""

import json
import shlex
import time
from collections.abc import Collection
from typing import Any

from alecia_pipeline.adapters.host import RemoteHost
from alecia_pipeline.adapters.registry import stored_login
from alecia_pipeline.config import Model
from alecia_pipeline.errors import OutsideError, RefusedError
from alecia_pipeline.operations.containers import healthy_services
from alecia_pipeline.operations.host_files import PINS_FILE, STACK_FILE
from alecia_pipeline.operations.registries import docker_config
from alecia_pipeline.operations.rendering import Rendering, render
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.operations.sessions import Session, settled_session
from alecia_pipeline.rollout.ports import Command, Host
from alecia_pipeline.rollout.project import caddy_service, content_hash


class StackReport(Model):
    """The third-party services: service -> image by digest, and which images were pinned just now."""

    services: dict[str, str]
    pinned: tuple[str, ...]
    seconds: float


def apply_stack(runner: Runner, environment: str, commit: str) -> StackReport:
    """Bring the commit's third-party services and Caddy up, healthy. Raises ReleaseFailedError when they do not come.

    RefusedError while another run is at work, OutsideError when an image cannot be pulled.
    """
    started = time.monotonic()
    with settled_session(runner, environment) as held:
        rendering = render(runner, environment, commit, held.host)
        pins, new = pin_images(runner, rendering, held)
        services = rendering.stack(pins)
        file = _write(held.host, rendering, rendering.document(services))
        wanted = [name for name, service in services.items() if not service.get("profiles")]
        if _stands(rendering, held, file, wanted):
            runner.log(f"{environment}/stack: {len(wanted)} services stand as they are")
        else:
            runner.log(f"{environment}/stack: bringing {len(wanted)} services up")
            log_in(runner, held.host, [str(services[name]["image"]) for name in wanted])
            held.rollout.up(file, sorted(wanted))
            held.host.write(f"{rendering.config.root}/{STACK_FILE}", file.encode(), mode=0o644)
    images = {name: str(service["image"]) for name, service in services.items()}
    return StackReport(services=images, pinned=new, seconds=round(time.monotonic() - started, 2))


def pin_images(runner: Runner, rendering: Rendering, held: Session) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return reference -> reference by digest for the stack; a pin once made stays until the reference changes."""
    new = unpinned(rendering)
    pins = dict(rendering.state.pins)
    if new:
        log_in(runner, held.host, new)
        pins |= held.rollout.pull(new)
        held.host.write(
            f"{rendering.config.root}/{PINS_FILE}", json.dumps(pins, indent=1, sort_keys=True).encode(), mode=0o644
        )
    return pins, tuple(new)


def pinned_stack(rendering: Rendering) -> dict[str, dict[str, Any]]:
    """Return the third-party services as `apply_stack` pinned them. RefusedError when it never ran for this commit."""
    missing = unpinned(rendering)
    if rendering.state.stack is None or missing:
        raise RefusedError(
            "the third-party services of this commit are not on the host yet",
            where=rendering.config.compose,
            why=f"not pinned: {', '.join(missing)}" if missing else "they were never brought up",
            fix="materialize the stack first; `alecia release` does",
        )
    return rendering.stack(rendering.state.pins)


def log_in(runner: Runner, host: Host, references: Collection[str]) -> None:
    """Log the host's engine in to the registries of these images that the runner is logged in to."""
    for registry in sorted({reference.partition("/")[0] for reference in references if "/" in reference}):
        login = stored_login(registry, docker_config(runner))
        if login is None:
            continue
        runner.redactor.learn([login.password])
        command = Command.of("docker", "login", "--username", login.user, "--password-stdin", registry)
        done = host.run(command, stdin=login.password.reveal().encode())
        if done.status:
            raise OutsideError(
                "the host cannot log in to the registry",
                where=registry,
                why=done.stderr.decode(errors="replace").strip()[-300:],
                fix=f"docker login {registry} on this machine with a token that still holds",
            )


def stack_file(root: str, document: bytes) -> str:
    """Return where the rendered third-party services are on the host: a name that says what they are."""
    return f"{root}/staged/stack-{content_hash(document)[:12]}.yaml"


def unpinned(rendering: Rendering) -> list[str]:
    """Return the images of the third-party services that have no digest yet, sorted."""
    references = {rendering.image_reference(name) for name in rendering.stack_names}
    return sorted(ref for ref in references if "@sha256:" not in ref and ref not in rendering.state.pins)


def _stands(rendering: Rendering, held: Session, file: str, services: Collection[str]) -> bool:
    """Tell whether this very file was applied last, and all its services are healthy.

    Before the first release Caddy may still need a configuration that was mended since: then nothing is skipped.
    """
    fresh = rendering.state.live is not None and rendering.state.stack == file
    return fresh and set(services) <= healthy_services(held.host, rendering.config.project)


def _write(host: RemoteHost, rendering: Rendering, document: bytes) -> str:
    """Write what the agent needs: the compose file, names, and Caddy's configuration for a first start."""
    root = host.agent.root
    file = stack_file(root, document)
    names = {"project": rendering.config.project, "caddy": caddy_service(rendering.compose)}
    host.write(file, document, mode=0o644)
    host.write(f"{root}/settings", "".join(f"{k}={shlex.quote(v)}\n" for k, v in names.items()).encode(), mode=0o644)
    if rendering.state.live is None:
        configuration = json.dumps(rendering.caddy.document, indent=1).encode()
        host.write(f"{root}/caddy/next.json", configuration, mode=0o644)
    return file
