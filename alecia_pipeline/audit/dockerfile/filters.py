"""Filters of turbo and pnpm that match no workspace package: the build then does nothing, or fails late."""

import difflib
import fnmatch
from collections.abc import Iterable, Iterator

from alecia_pipeline.audit.dockerfile.builds import Build
from alecia_pipeline.audit.dockerfile.commands import ShellCommand
from alecia_pipeline.audit.dockerfile.layout import Run, is_known
from alecia_pipeline.audit.finding import Finding
from alecia_pipeline.audit.snapshot import Snapshot
from alecia_pipeline.source.words import expand

_FLAGS = ("--filter", "-F", "--filter-prod")


def findings(snapshot: Snapshot) -> Iterable[Finding]:
    """Return every filter in a RUN that no package matches."""
    for build in snapshot.builds:
        for run in build.layout.runs:
            for word, turbo in filters(snapshot, run.command):
                if is_known(word, run.env):
                    yield from _check(snapshot, build, run, expand(word, run.env), turbo=turbo)


def filters(snapshot: Snapshot, command: ShellCommand) -> Iterator[tuple[str, bool]]:
    """Yield each filter of a command, and whether turbo reads it (itself, or through a script of the root)."""
    words = command.words
    if command.program not in {"pnpm", "turbo", "npm", "yarn"}:
        return
    scripts = snapshot.workspace.root.manifest.scripts
    for index, word in enumerate(words):
        name, equals, value = word.partition("=")
        if name not in _FLAGS:
            continue
        before = words[:index]
        through = any("turbo" in str(scripts.get(script, "")).split() for script in before[1:])
        given = value if equals else next(iter(words[index + 1 :]), "")
        if given:
            yield given, through or any(part.partition("@")[0] == "turbo" for part in before)


def _check(snapshot: Snapshot, build: Build, run: Run, text: str, *, turbo: bool) -> Iterator[Finding]:
    name = selected_name(text)
    if name is None or _matches(snapshot, name, turbo=turbo):
        return
    names = [package.name for package in snapshot.workspace.packages.values()]
    near = next((known for known in names if known.rpartition("/")[2] == name), None)
    near = near or next(iter(difflib.get_close_matches(name, names, n=1)), None)
    yield build.finding(
        "docker-filter",
        run.instruction.line,
        f"--filter={text} matches no workspace package",
        fix=f"--filter={text.replace(name, near)}" if near else "name a workspace package as its package.json does",
    )


def selected_name(text: str) -> str | None:
    """Return the package name in a filter, without `...`, `^` and `!`; None for folders, git ranges and all."""
    name = text.removeprefix("!").removeprefix("...").removesuffix("...").strip("^")
    if not name or name.startswith((".", "/", "{", "[")) or name in {"*", "//"}:
        return None
    for opening in ("{", "["):
        name = name.partition(opening)[0]
    return name or None


def _matches(snapshot: Snapshot, name: str, *, turbo: bool) -> bool:
    """Compare: turbo wants the whole name; pnpm takes `website` for `@alecia/website` when just one package ends so."""
    packages = (snapshot.workspace.root, *snapshot.workspace.packages.values())
    names = [package.name for package in packages]
    if any(fnmatch.fnmatchcase(known, name) for known in names):
        return True
    return not turbo and not name.startswith("@") and sum(known.rpartition("/")[2] == name for known in names) == 1
