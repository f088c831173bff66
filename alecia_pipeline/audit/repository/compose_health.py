"""Deployed services without a health check: nobody, and no rollout, can tell when they are ready."""

import posixpath
from collections.abc import Iterable, Mapping
from typing import Any

from alecia_pipeline.audit.finding import Finding
from alecia_pipeline.audit.repository.compose import context_of
from alecia_pipeline.audit.repository.compose_files import ComposeFile
from alecia_pipeline.audit.snapshot import Snapshot

_FIX = 'add `healthcheck: {test: ["CMD", …], interval: 10s, retries: 3}` to the service'

Service = Mapping[str, Any]


def findings(snapshot: Snapshot) -> Iterable[Finding]:
    """Return the services of deployed files that have no health check, there, in the file below, or in their image."""
    for file in snapshot.compose:
        jobs = {name for service in file.services.values() for name in _awaited(service)}
        for name, service in file.services.items() if file.is_deployed else ():
            known = [service, *(base.services.get(name, {}) for base in snapshot.compose if _lies_below(base, file))]
            if not any(map(_is_unjudged, known)) and name not in jobs and not _has_own(snapshot, file, name, service):
                message = (
                    f"service {name} has no healthcheck: what waits for it, or replaces it, cannot tell if it runs"
                )
                line = file.line(name, "healthcheck")
                yield file.finding("compose-healthcheck", line, message, _FIX)


def _lies_below(base: ComposeFile, file: ComposeFile) -> bool:
    return base.is_base and base != file and posixpath.dirname(base.path) == posixpath.dirname(file.path)


def _is_unjudged(service: Service) -> bool:
    """Tell whether a service is checked, comes from elsewhere, or is a job that ends."""
    check = service.get("healthcheck")
    is_checked = isinstance(check, dict) and not check.get("disable") and check.get("test") not in ("NONE", ["NONE"])
    is_job = service.get("restart") in ("no", False) or str(service.get("restart")).startswith("on-failure")
    return is_checked or is_job or "extends" in service or service.get("network_mode") == "none"


def _awaited(service: Service) -> Iterable[str]:
    """Yield the services that one waits for to end: these are jobs."""
    needed = service.get("depends_on")
    for name, how in needed.items() if isinstance(needed, dict) else ():
        if isinstance(how, dict) and how.get("condition") == "service_completed_successfully":
            yield name


def _has_own(snapshot: Snapshot, file: ComposeFile, name: str, service: Service) -> bool:
    """Tell whether the image of a service checks itself; what neither has an image nor is built is only a part."""
    if "image" not in service and "build" not in service:
        return True
    built = context_of(file.path, service["build"], None).dockerfile if "build" in service else None
    for app in snapshot.apps:
        if app.dockerfile == built or app.name == name:
            stage = snapshot.dockerfiles[app.dockerfile].stage(app.target)
            return any(instruction.keyword == "HEALTHCHECK" for instruction in stage.instructions)
    return False
