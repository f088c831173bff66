"""The compose files of a commit, and which of them are deployed."""

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from alecia_pipeline.audit.finding import Finding
from alecia_pipeline.config import Config
from alecia_pipeline.source.documents import as_mapping
from alecia_pipeline.source.tree import Tree
from alecia_pipeline.source.workspace import Workspace
from alecia_pipeline.source.yaml_document import load_yaml

_COMPOSE = re.compile(r"(?:docker-)?compose(?:[.-][\w-]+)*\.ya?ml")
_BASE = re.compile(r"(?:docker-)?compose\.ya?ml")
_DEPLOYED = re.compile(r"prod|staging|deploy")
_DEPLOYED_FOLDER = re.compile(r"(?:^|/)(?:prod|production|staging)/")
_DEVELOPMENT = re.compile(
    r"(?:^|[/._-])(?:dev|develop|development|devcontainer|local|test|tests|testing|e2e|ci|debug|override|build)(?:[/._-]|$)"
)
_EXAMPLE = re.compile(r"(?:^|/)(?:templates?|examples?|samples?|fixtures?)/")

MAX_DEPTH = 2
"""Folders above a compose file; what lies deeper belongs to an example or a package."""


@dataclass(frozen=True)
class ComposeFile:
    """One compose file. `is_deployed`: by its name, its folder or alecia.yaml; `is_for_development`: by its name.

    `package` is the name of the root's package: a compose file belongs to the whole repository.
    """

    path: str
    services: Mapping[str, Mapping[str, Any]]
    is_deployed: bool
    is_for_development: bool
    text: str
    package: str | None

    @property
    def is_base(self) -> bool:
        """Whether other files of its folder may be laid over it."""
        return _BASE.fullmatch(posixpath.basename(self.path)) is not None

    def line(self, service: str, key: str) -> int | None:
        """Return the line of a service's key, else that of the service; YAML's own values carry none."""
        lines = self.text.splitlines()
        name = re.compile(rf"(\s+)[\"']?{re.escape(service)}[\"']?\s*:.*")
        start, match = next(((i, m) for i, text in enumerate(lines) if (m := name.fullmatch(text))), (0, None))
        if match is None:
            return None
        for number, text in enumerate(lines[start + 1 :], start=start + 2):
            if text.strip() and not text.startswith(match[1] + " ") and text.lstrip()[0] != "#":
                break
            if text.lstrip().startswith(f"{key}:"):
                return number
        return start + 1

    def finding(self, rule: str, line: int | None, message: str, fix: str) -> Finding:
        """Return a finding in this file."""
        return Finding(
            rule=rule,
            package=self.package,
            dir=".",
            file=self.path,
            line=line,
            message=message,
            fix=fix,
        )


def compose_files(tree: Tree, workspace: Workspace, config: Config) -> Iterator[ComposeFile]:
    """Yield the compose files that belong to the whole repository. Raises UsageError for one that is no YAML."""
    configured = {environment.compose for environment in config.environments.values()}
    for path in tree.entries:
        if path in configured or _is_compose(workspace, path):
            data = tree.read(path)
            document = as_mapping(load_yaml(data, path), path, "the document")
            services = as_mapping(document.get("services"), path, "services")
            name = posixpath.basename(path)
            yield ComposeFile(
                path,
                {key: as_mapping(value, path, f"services.{key}") for key, value in services.items()},
                path in configured or bool(_DEPLOYED.search(name) or _DEPLOYED_FOLDER.search(path)),
                path not in configured and _DEVELOPMENT.search(path) is not None,
                data.decode(errors="replace"),
                workspace.root.manifest.name,
            )


def _is_compose(workspace: Workspace, path: str) -> bool:
    is_named = _COMPOSE.fullmatch(posixpath.basename(path)) is not None
    is_near = path.count("/") <= MAX_DEPTH and not _EXAMPLE.search(path)
    return is_named and is_near and workspace.owner(path).dir == "."
