"""Compose files: images built on the server, and the build contexts that they give."""

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from alecia_pipeline.audit.finding import Finding
from alecia_pipeline.audit.repository.contexts import Context, context_findings
from alecia_pipeline.audit.snapshot import Snapshot
from alecia_pipeline.source.documents import as_mapping
from alecia_pipeline.source.yaml_document import load_yaml

_COMPOSE = re.compile(r"(?:docker-)?compose(?:[.-][\w-]+)*\.ya?ml")
_DEPLOYED = re.compile(r"prod|staging|deploy")


def findings(snapshot: Snapshot) -> Iterable[Finding]:
    """Return `build:` in deployed files, and contexts below the root. Raises UsageError for a file that is no YAML."""
    configured = {environment.compose for environment in snapshot.config.environments.values()}
    for path in snapshot.tree.entries:
        folder, name = posixpath.split(path)
        is_compose = path in configured or (_COMPOSE.fullmatch(name) and snapshot.workspace.owner(path).dir == ".")
        if not is_compose or (folder.count("/") > 1 and path not in configured):
            continue
        deployed = path in configured or _DEPLOYED.search(name) is not None
        yield from _file(snapshot, path, deployed=deployed)


def _file(snapshot: Snapshot, path: str, *, deployed: bool) -> Iterator[Finding]:
    data = snapshot.tree.read(path)
    document = as_mapping(load_yaml(data, path), path, "the document")
    lines = data.decode(errors="replace").splitlines()
    for name, value in as_mapping(document.get("services"), path, "services").items():
        build = as_mapping(value, path, f"services.{name}").get("build")
        if build is None:
            continue
        line = _line(lines, name, "build")
        if deployed:
            yield _built(snapshot, path, name, line)
        yield from context_findings(snapshot, _context(path, build, line))


def _built(snapshot: Snapshot, path: str, service: str, line: int | None) -> Finding:
    return Finding(
        rule="compose-build",
        package=snapshot.package_name("."),
        dir=".",
        file=path,
        line=line,
        message=f"service {service} is built where it is deployed: slow there, and not what was tested",
        fix=f"replace `build:` by `image: <registry>/{service}@sha256:…` and let the pipeline build it",
    )


def _context(path: str, build: Any, line: int | None) -> Context:
    options: Mapping[str, Any] = build if isinstance(build, dict) else {"context": build}
    folder = posixpath.normpath(posixpath.join(posixpath.dirname(path), str(options.get("context", "."))))
    dockerfile = posixpath.normpath(posixpath.join(folder, str(options.get("dockerfile", "Dockerfile"))))
    return Context(path, line, folder, dockerfile)


def _line(lines: list[str], service: str, key: str) -> int | None:
    """Return the line of a key of a service; YAML's own values carry none."""
    start = next(
        (i for i, text in enumerate(lines) if re.fullmatch(rf"\s+[\"']?{re.escape(service)}[\"']?:.*", text)), 0
    )
    found = (i for i, text in enumerate(lines[start:], start=start + 1) if text.lstrip().startswith(f"{key}:"))
    return next(found, None)
