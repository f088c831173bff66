"""A plan beside what an environment runs: the bytes a host would pull, and what would start anew there."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from alecia_pipeline.images.ports import Blob
from alecia_pipeline.release.model import AppPlan, Plan, ReleaseRecord

Layers = Mapping[str, Sequence[Blob]]
"""Image by digest -> its layers; an image of which nobody knows them is not in it."""


@dataclass(frozen=True)
class Running:
    """What an environment runs. `live` is None before the first release.

    `layers`: those of its images and of the plan's; `restarts`: app -> whether its service starts anew, None where the
    build has to show it; `services`: the third-party ones that do.
    """

    live: ReleaseRecord | None
    layers: Layers = field(default_factory=dict)
    restarts: Mapping[str, bool | None] = field(default_factory=dict)
    services: tuple[str, ...] = ()


def images_to_compare(plan: Plan, live: ReleaseRecord | None) -> tuple[str, ...]:
    """Return the images whose layers say how much is to pull: none where every known image runs already."""
    running = {name: app.image for name, app in live.apps.items()} if live else {}
    new = {app.image for app in plan.apps if app.image and app.image != running.get(app.name)}
    return tuple(sorted({*new, *running.values()})) if new else ()


def beside(plan: Plan, running: Running) -> Plan:
    """Return the plan with what it means for the environment."""
    live = running.live
    there = _layers_there(running)
    apps = tuple(_beside(app, running, there) for app in plan.apps)
    pulled = [app.image for app in apps if app.pull_bytes is not None and app.image]
    moving = {app.name for app in apps if app.restarts is not False}
    layers = [layer for image in pulled if image not in _images(live) for layer in running.layers.get(image, ())]
    return plan.model_copy(
        update={
            "apps": apps,
            "release": live.id if live else None,
            "pull_bytes": _new_bytes(layers, there) if pulled else None,
            "services": tuple(sorted({*running.services, *moving})),
        }
    )


def _beside(app: AppPlan, running: Running, there: frozenset[str]) -> AppPlan:
    entry = running.live.apps.get(app.name) if running.live else None
    deployed = entry.image if entry else None
    update = {
        "deployed": deployed,
        "pull_bytes": _to_pull(app.image, running, there),
        "restarts": running.restarts.get(app.name),
    }
    return app.model_copy(update=update)


def _to_pull(image: str | None, running: Running, there: frozenset[str]) -> int | None:
    if image in _images(running.live):
        return 0
    layers = running.layers.get(image or "")
    return None if layers is None else _new_bytes(layers, there)


def _images(live: ReleaseRecord | None) -> frozenset[str]:
    return frozenset(app.image for app in live.apps.values()) if live else frozenset()


def _layers_there(running: Running) -> frozenset[str]:
    """Return the layers that the host has for certain: those of every app that runs."""
    images = _images(running.live)
    return frozenset(layer.digest for image in images for layer in running.layers.get(image, ()))


def _new_bytes(layers: Iterable[Blob], there: frozenset[str]) -> int:
    return sum({layer.digest: layer.size for layer in layers if layer.digest not in there}.values())
