"""Switch an environment to a release, confirm it, or go back."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from alecia_pipeline.adapters.host import RemoteHost
from alecia_pipeline.operations.containers import healthy_services
from alecia_pipeline.operations.host_files import unpack
from alecia_pipeline.operations.rendering import Rendering, render
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.operations.sessions import Session, settled_session
from alecia_pipeline.operations.stacks import pinned_stack
from alecia_pipeline.operations.staging import ensure_image
from alecia_pipeline.release.draft import Draft, Entry, Origin, Project, ReleaseFacts, assemble, kept_entry
from alecia_pipeline.release.history import later_id, parse_records, release_id, same_effect
from alecia_pipeline.release.model import AppRelease, ReleaseRecord
from alecia_pipeline.rollout.mounts import placed_top
from alecia_pipeline.rollout.static import static_apps
from alecia_pipeline.rollout.switch import Staging
from alecia_pipeline.source.tree import SYMLINK


@dataclass(frozen=True, slots=True)
class AppImage:
    """The image that an app moves to: the commit it was built from, its build key, the reference by digest."""

    commit: str
    key: str
    image: str


def switch_release(
    runner: Runner, environment: str, commit: str, images: Mapping[str, AppImage], facts: ReleaseFacts
) -> ReleaseRecord:
    """Make a release of `images` live; other apps keep what the live release runs. The host's timer is armed.

    Returns the live record, and does nothing, when nothing would change. Raises ReleaseFailedError (the old release
    serves on), RefusedError while another run is at work.
    """
    with settled_session(runner, environment) as held:
        rendering = render(runner, environment, commit, held.host)
        draft = _draft(rendering, environment, images, facts, kept_records(held.host))
        parent = rendering.state.live
        if same_effect(parent, draft.record) and parent:
            _start_missing(runner, held, parent, frozenset(), parent.id)
            return parent
        make_live(runner, held, draft, parent, rendering.config.confirm_seconds)
        return draft.record


def make_live(runner: Runner, held: Session, draft: Draft, parent: ReleaseRecord | None, seconds: int) -> None:
    """Publish a release, start what is missing, switch to it; the host reverts it unless confirmed in `seconds`."""
    record = draft.record
    publish(held.host, draft, parent)
    later = frozenset(new for _, new in draft.hand_overs(parent))
    for image in sorted(app.image for app in record.apps.values() if app.service in later):
        ensure_image(runner, held.rollout, image)
    _start_missing(runner, held, record, later, record.id)
    _keep_static(runner, held, draft)
    held.rollout.switch(record.id, record.parent, seconds)
    runner.log(f"{record.environment}/release: {record.id} is live, to be confirmed")


def publish(host: RemoteHost, draft: Draft, parent: ReleaseRecord | None) -> None:
    """Put a release's folder on the host, complete or not at all."""
    folder = f"{host.agent.root}/releases/{draft.record.id}"
    unpack(host, folder, {**draft.files(parent), ".env": b"../../.env"}, {".env": SYMLINK})


def _start_missing(runner: Runner, held: Session, record: ReleaseRecord, later: frozenset[str], release: str) -> None:
    """Stage the services that are not healthy now, except those that start at the switch."""
    wanted = {app.service: name for name, app in record.apps.items() if app.service not in later}
    healthy = healthy_services(held.host, runner.config.environment(record.environment).project)
    for service in sorted(set(wanted) - healthy):
        app = record.apps[wanted[service]]
        ensure_image(runner, held.rollout, app.image)
        file = f"{held.host.agent.root}/releases/{release}/compose.yaml"
        held.rollout.stage(Staging(file, wanted[service], service, app.image, None, "/"))


def _keep_static(runner: Runner, held: Session, draft: Draft) -> None:
    """Put the static files of the apps whose sites serve them beside those of the releases before."""
    apps = draft.record.apps
    wanted = {app: apps[app].image for app in static_apps(json.loads(draft.caddy)) if app in apps}
    found = held.rollout.keep_static(wanted) if wanted else {}
    for app, files in sorted(found.items()):
        what = f"{files} static files of {app} are kept" if files else f"{app} has no .next/static in its image"
        runner.log(f"{draft.record.environment}/release: {what}")


def _draft(
    rendering: Rendering,
    environment: str,
    images: Mapping[str, AppImage],
    facts: ReleaseFacts,
    records: tuple[ReleaseRecord, ...],
) -> Draft:
    parent = rendering.state.live
    entries = {name: _entry(rendering, name, image, parent) for name, image in images.items()}
    for name in parent.apps if parent else ():
        if parent and name not in entries and name in rendering.apps:
            entries[name] = kept_entry(name, parent, rendering.state.services)
    wanted = release_id(datetime.now(UTC), rendering.commit)
    identity = later_id(wanted, [record.id for record in records])
    project = Project(
        rendering.config.project,
        pinned_stack(rendering),
        placed_top(rendering.compose, rendering.places),
        json.dumps(rendering.caddy.document, indent=1).encode(),
    )
    origin = Origin(identity, environment, rendering.commit, parent)
    return assemble(origin, entries, project, facts, rendering.state.fingerprints)


def _entry(rendering: Rendering, name: str, image: AppImage, parent: ReleaseRecord | None) -> Entry:
    rendered = rendering.app(name, image.image)
    app = AppRelease(
        commit=image.commit,
        key=image.key,
        digest=image.image.partition("@")[2],
        image=image.image,
        service=rendered.service,
        rollout=rendered.rollout,
    )
    before = parent.apps.get(name) if parent else None
    same = before is not None and before.model_copy(update={"commit": app.commit}) == app
    return Entry(before if same and before else app, rendered.definition)


def kept_records(host: RemoteHost) -> tuple[ReleaseRecord, ...]:
    """Return the records of the releases that the host keeps, oldest first."""
    return parse_records(host.run(host.agent.command("records")).text, host.where)
