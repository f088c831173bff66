"""Images in compose files that have no version: the next pull may bring another one.

A version tag counts as pinned, as does a digest: a stack's digests are pinned by the release that is rendered from it.
"""

import re
from collections.abc import Iterable

from alecia_pipeline.audit.finding import Finding
from alecia_pipeline.audit.snapshot import Snapshot

_MOVING = re.compile(
    r"(?:latest|edge|main|master|nightly|canary|stable|develop|unstable|snapshot)(?:-[a-z]+)*|[a-z]+-latest"
)


def findings(snapshot: Snapshot) -> Iterable[Finding]:
    """Return every service whose image has no tag or one that moves; files for development may have such."""
    own = {f"{snapshot.config.registry}/{app.name}" for app in snapshot.apps if snapshot.config.registry}
    for file in snapshot.compose:
        for name, service in file.services.items():
            image = service.get("image")
            if file.is_for_development or "build" in service or not isinstance(image, str):
                continue
            untagged, tag = split_image(image)
            if is_unpinned(image) and untagged not in own:
                message = f"service {name} runs {image}, {f'a tag that moves: {tag}' if tag else 'which has no tag'}"
                fix = f"image: {untagged}:<version>, or {untagged}@sha256:…"
                yield file.finding("compose-image-unpinned", file.line(name, "image"), message, fix)


def split_image(image: str) -> tuple[str, str]:
    """Return an image without its tag, and the tag (empty without one)."""
    folder, slash, last = image.rpartition("/")
    name, _, tag = last.partition(":")
    return folder + slash + name, tag


def is_unpinned(image: str) -> bool:
    """Tell whether an image surely has no version. A variable may hold one."""
    tag = split_image(image)[1]
    last = image.rpartition("/")[2]
    return "$" not in last and "}" not in last and "@" not in image and (not tag or _MOVING.fullmatch(tag) is not None)
