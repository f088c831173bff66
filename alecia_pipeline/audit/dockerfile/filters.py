"""Filters of turbo and pnpm that match no workspace package: the build then does nothing, or fails late."""

import difflib
import fnmatch
from collections.abc import Iterable, Iterator

from alecia_pipeline.audit.dockerfile.builds import Build
from alecia_pipeline.audit.dockerfile.commands import ShellCommand, filter_values
from alecia_pipeline.audit.dockerfile.effects import is_prune
from alecia_pipeline.audit.dockerfile.layout import is_known
from alecia_pipeline.audit.dockerfile.state import Run
from alecia_pipeline.audit.finding import Finding
from alecia_pipeline.audit.manifests.ranges import overlap, parse_range
from alecia_pipeline.audit.snapshot import Snapshot
from alecia_pipeline.source.words import expand

CONFIG = "turbo.json"


def findings(snapshot: Snapshot) -> Iterable[Finding]:
    """Return every filter in a RUN that no package matches."""
    for build in snapshot.builds:
        for run in build.layout.runs if build.is_judged else ():
            for word, whole in filters(snapshot, run.command):
                if is_known(word, run.env):
                    yield from _check(snapshot, build, run, expand(word, run.env), whole=whole)


def filters(snapshot: Snapshot, command: ShellCommand) -> Iterator[tuple[str, bool]]:
    """Yield each filter of a command, and whether it must be a whole name: so has turbo 2 it, also through a script."""
    words = command.words
    if is_prune(command):
        yield from ((name, True) for name in pruned_names(words))
        return
    if command.program not in {"pnpm", "turbo", "npm", "yarn"}:
        return
    scripts = snapshot.workspace.root.manifest.scripts
    for index, given in filter_values(command):
        before = words[:index]
        through = any("turbo" in str(scripts.get(script, "")).split() for script in before[1:])
        if given:
            is_turbo = through or any(part.partition("@")[0] == "turbo" for part in before)
            yield given, is_turbo and not takes_short_names(snapshot)


def pruned_names(words: tuple[str, ...]) -> Iterator[str]:
    """Yield the packages that a `turbo prune` names, as words or as its scope."""
    at = [word.partition("@")[0] for word in words].index("prune") + 1
    while at < len(words):
        name, equals, value = words[at].partition("=")
        takes = name in {"--scope", "--out-dir"} and not equals
        if name == "--scope":
            yield value if equals else "".join(words[at + 1 : at + 2])
        elif not name.startswith("-"):
            yield words[at]
        at += 2 if takes else 1


def _check(snapshot: Snapshot, build: Build, run: Run, text: str, *, whole: bool) -> Iterator[Finding]:
    name = selected_name(text)
    if name is None or _matches(snapshot, name, whole=whole):
        return
    names = [package.name for package in snapshot.workspace.packages.values()]
    near = next((known for known in names if known.rpartition("/")[2] == name), None)
    near = near or next(iter(difflib.get_close_matches(name, names, n=1)), None)
    start = "turbo prune " if is_prune(run.command) else "--filter="
    fix = f"{start}{text.replace(name, near)}" if near else "name a workspace package as its package.json does"
    yield build.finding("docker-filter", run.instruction.line, f"{start}{text} matches no workspace package", fix=fix)


def selected_name(text: str) -> str | None:
    """Return the package name in a filter, without `...`, `^` and `!`; None for folders, git ranges and all."""
    name = text.removeprefix("!").removeprefix("...").removesuffix("...").strip("^")
    if not name or name.startswith((".", "/", "{", "[")) or name in {"*", "//"}:
        return None
    for opening in ("{", "["):
        name = name.partition(opening)[0]
    return name or None


def takes_short_names(snapshot: Snapshot) -> bool:
    """Tell whether turbo takes `website` for `@alecia/website`: turbo 1 does, turbo 2 does not (tried)."""
    spec = snapshot.workspace.root.manifest.declared().get("turbo")
    if spec is not None and parse_range(spec) is not None:
        return not overlap(spec, ">=2.0.0")
    return CONFIG in snapshot.tree.entries and b'"pipeline"' in snapshot.tree.read(CONFIG)


def _matches(snapshot: Snapshot, name: str, *, whole: bool) -> bool:
    """Compare; pnpm takes `website` for `@alecia/website` when just one package ends so."""
    packages = (snapshot.workspace.root, *snapshot.workspace.packages.values())
    names = [package.name for package in packages]
    if any(fnmatch.fnmatchcase(known, name) for known in names):
        return True
    return not whole and not name.startswith("@") and sum(known.rpartition("/")[2] == name for known in names) == 1
