"""Compose files: images built on the server, and the build contexts that they give."""

import posixpath
from collections.abc import Iterable, Mapping
from typing import Any

from alecia_pipeline.audit.finding import Finding
from alecia_pipeline.audit.repository.contexts import Context, context_findings
from alecia_pipeline.audit.snapshot import Snapshot


def findings(snapshot: Snapshot) -> Iterable[Finding]:
    """Return `build:` in deployed files, and contexts below the root. Raises UsageError for a file that is no YAML."""
    for file in snapshot.compose:
        for name, service in file.services.items():
            if (build := service.get("build")) is None:
                continue
            line = file.line(name, "build")
            if file.is_deployed:
                message = f"service {name} is built where it is deployed: slow there, and not what was tested"
                fix = f"replace `build:` by `image: <registry>/{name}@sha256:…` and let the pipeline build it"
                yield file.finding("compose-build", line, message, fix)
            yield from context_findings(snapshot, context_of(file.path, build, line))


def context_of(path: str, build: Any, line: int | None) -> Context:
    """Return what a service's `build` builds, by the folder of its compose file."""
    options: Mapping[str, Any] = build if isinstance(build, dict) else {"context": build}
    folder = posixpath.normpath(posixpath.join(posixpath.dirname(path), str(options.get("context", "."))))
    dockerfile = posixpath.normpath(posixpath.join(folder, str(options.get("dockerfile", "Dockerfile"))))
    return Context(path, line, folder, dockerfile)
