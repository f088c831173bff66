"""What one app's build is sent of the commit, asked where an input may be lost."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from alecia_pipeline.audit.dockerfile.builds import Build
from alecia_pipeline.audit.snapshot import Snapshot
from alecia_pipeline.errors import UsageError
from alecia_pipeline.source.glob import matches

WILD = re.compile(r"[*?\[{]")


@dataclass(frozen=True)
class Sent:
    """The context of one app's build."""

    snapshot: Snapshot
    build: Build

    def lacking(self, name: str) -> Sequence[str]:
        """Return the files of the commit at or below `name`, or that a glob matches, that the build is not sent.

        What an ignore file leaves out is somebody's decision, and not among them.
        """
        named = [path for path in self._named(name) if not self.build.ignore.ignored(path)]
        files = self._files if named else None
        return [path for path in named if path not in files] if files is not None else []

    @cached_property
    def standing(self) -> frozenset[str]:
        """What stands where the build's commands run, were it sent everything: copied, and not cut by `turbo prune`."""
        runs = self.build.layout.runs
        prunes = {run.lineage[0] for run in runs if {"turbo", "prune"} <= {*map(_name, run.command.words)}}
        stages = {id(run.files.known): run.files.known for run in runs if run.lineage[0] not in prunes}
        return frozenset(path for known in stages.values() for path in known.values())

    def is_shared(self, folder: str) -> bool:
        """Tell whether a folder holds several packages: what is sent of it is cut to the closure."""
        packages = self.snapshot.workspace.packages
        return folder == "." or sum(f"{package}/".startswith(f"{folder}/") for package in packages) > 1

    @cached_property
    def _files(self) -> frozenset[str] | None:
        """What is sent; None when nothing is, since a file is refused. Planning says why, and stops the build."""
        try:
            return self.snapshot.context(self.build.app)
        except UsageError:
            return None

    def _named(self, name: str) -> list[str]:
        entries = self.snapshot.tree.entries
        if name in entries:
            return [name]
        below = [path for path in entries if name == "." or path.startswith(f"{name}/")]
        return below or ([path for path in entries if matches(path, (name,))] if WILD.search(name) else [])


def _name(word: str) -> str:
    return word.partition("@")[0]
