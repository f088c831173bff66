"""One app with its Dockerfile, simulated against what the builder is sent."""

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from alecia_pipeline.audit.dockerfile.commands import without_values
from alecia_pipeline.audit.dockerfile.layout import Layout
from alecia_pipeline.audit.dockerfile.state import Run
from alecia_pipeline.audit.finding import Finding
from alecia_pipeline.source.apps import App
from alecia_pipeline.source.dockerfile import Dockerfile
from alecia_pipeline.source.ignore import DockerIgnore
from alecia_pipeline.source.manifest import MANIFEST_FILE

_BUILDERS = frozenset({"npm", "pnpm", "yarn", "bun", "turbo", "nx", "lerna", "rush"})


@dataclass(frozen=True)
class Build:
    """One app's build; `closure` holds the folders of the workspace packages that its image needs."""

    app: App
    closure: tuple[str, ...]
    ignore: DockerIgnore
    layout: Layout
    dockerfile: Dockerfile

    @cached_property
    def uses_workspace(self) -> bool:
        """Whether it installs or builds; one that only packs what was built elsewhere may have any context."""
        return any(run.command.program in _BUILDERS and not is_global(run) for run in self.layout.runs)

    @property
    def is_judged(self) -> bool:
        """Whether its context is this repository, as far as one can tell."""
        return not self.layout.is_foreign

    def finding(self, rule: str, line: int | None, message: str, fix: str, dependency: str | None = None) -> Finding:
        """Return a finding at a line of the app's Dockerfile."""
        return Finding(
            rule=rule,
            package=self.app.package if self.app.package != self.app.dir else None,
            dir=self.app.dir,
            file=self.app.dockerfile,
            line=line,
            dependency=dependency,
            message=message,
            fix=fix,
        )


def is_global(run: Run) -> bool:
    """Tell whether a command installs tools for the whole image."""
    return bool({"-g", "--global", "global"} & set(run.command.words))


def global_tools(build: Build) -> Iterator[str]:
    """Yield the packages that a Dockerfile installs for the whole image, with their versions as written."""
    for run in build.layout.runs:
        words = run.command.words
        if run.command.program in _BUILDERS and is_global(run) and {"install", "i", "add"} & set(words):
            yield from (
                word for word in without_values(words[1:]) if not word.startswith("-") and word not in _SUBCOMMANDS
            )


_SUBCOMMANDS = frozenset({"install", "i", "add", "global"})


def package_at(run: Run) -> str | None:
    """Return the folder of the package that a command stands in; None where none of the repository's is."""
    folder = run.folder
    while True:
        origin = run.files.known.get(posixpath.join(folder, MANIFEST_FILE))
        if origin is not None:
            return posixpath.dirname(origin) or "."
        if folder == "/":
            return None
        folder = posixpath.dirname(folder)
