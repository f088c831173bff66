"""Inputs of a build that its pruned context may lack without anybody being told.

Only what is certain enough is told: a file that the commit has and the context lacks, a question to a git folder that
no context has, an environment file that is nowhere. What an ignore file leaves out is somebody's decision.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

from alecia_pipeline.audit.finding import Finding
from alecia_pipeline.audit.inputs import env_files, git_metadata
from alecia_pipeline.audit.inputs.build_files import Script, files_of_commands, scripts_run, settings_run, texts_run
from alecia_pipeline.audit.inputs.paths import Reach, lost, reaches, reaches_of_text, told
from alecia_pipeline.audit.inputs.sent import Sent
from alecia_pipeline.audit.resolution.resolver import Resolved
from alecia_pipeline.audit.snapshot import Snapshot
from alecia_pipeline.audit.sources import styles
from alecia_pipeline.audit.sources.lines import Lines
from alecia_pipeline.config import CONFIG_FILE
from alecia_pipeline.source.glob import certain_part, matches, with_folders
from alecia_pipeline.source.lockfile import LOCKFILE
from alecia_pipeline.source.manifest import MANIFEST_FILE
from alecia_pipeline.source.workspace import WORKSPACE_FILE

_ALWAYS_SENT = frozenset({MANIFEST_FILE, LOCKFILE, WORKSPACE_FILE})
"""What commands name most often; it need not be found out what else is sent."""


class _Silent(NamedTuple):
    """What is found at a place, and what mends it: for `inputs` and `copy`, with the path or glob that it is about."""

    file: str
    line: int
    message: str
    way: Literal["argument", "copy", "inputs", "some inputs"]
    path: str = ""


def findings(snapshot: Snapshot) -> Iterable[Finding]:
    """Return every such input, once per place, with the apps whose images it concerns."""
    sent = [Sent(snapshot, build) for build in snapshot.builds if build.is_judged and build.uses_workspace]
    reached = _Reached(snapshot, frozenset[str]().union(*(each.build.closure for each in sent)))
    apps: dict[_Silent, list[str]] = {}
    for each in sent:
        for found in dict.fromkeys(_of_build(each, reached)):
            apps.setdefault(found, []).append(each.build.app.name)
    for found, names in apps.items():
        yield _finding(snapshot, found, names)
    yield from _naming_nothing(snapshot)


def _naming_nothing(snapshot: Snapshot) -> Iterator[Finding]:
    """Yield the `inputs` of alecia.yaml that bring nothing: a word that is not spelled like the folder it means."""
    tree = snapshot.tree
    for app in snapshot.apps:
        for pattern in app.config.inputs:
            if not pattern.startswith("!") and not _names_something(snapshot, pattern):
                yield Finding(
                    rule="silent-input",
                    package=snapshot.workspace.root.manifest.name,
                    dir=".",
                    file=CONFIG_FILE,
                    line=Lines(tree.read(CONFIG_FILE)).of(pattern),
                    message=f"inputs of {app.name} name {pattern}, and the commit has nothing of that name",
                    fix="mend or delete it; globs are written from the repository's root",
                )


def _names_something(snapshot: Snapshot, pattern: str) -> bool:
    certain = certain_part(pattern).rstrip("/")
    real = snapshot.files.real(certain) if certain else certain
    deep = with_folders([pattern, f"{real}{pattern.removeprefix('./')[len(certain) :]}"])
    return any(matches(path, deep, dotted=True) for path in snapshot.tree.entries)


def _finding(snapshot: Snapshot, found: _Silent, apps: list[str]) -> Finding:
    package = snapshot.workspace.owner(found.file)
    return Finding(
        rule="silent-input",
        package=package.manifest.name,
        dir=package.dir,
        file=found.file,
        line=found.line,
        message=found.message,
        fix=_fix(found, apps),
    )


def _fix(found: _Silent, apps: list[str]) -> str:
    if found.way == "argument":
        return "pass it as a build argument: an ARG in the Dockerfile"
    if found.way == "copy":
        return f"copy {found.path} in the Dockerfile of {', '.join(apps)}, which brings it into the context"
    if found.way == "some inputs":
        return f"in alecia.yaml, name what it reads in `inputs` of {', '.join(apps)}, or set `context: full` there"
    settings = ", ".join(f'apps.{app}.inputs: ["{found.path}"]' for app in apps)
    return f"{settings} in alecia.yaml, or `context: full` there"


def _of_build(sent: Sent, reached: "_Reached") -> Iterator[_Silent]:
    snapshot, build = sent.snapshot, sent.build
    scripts = scripts_run(snapshot, build)
    for line, command in git_metadata.in_dockerfile(build):
        yield _Silent(build.app.dockerfile, line, _git(command), "argument")
    for line, path in files_of_commands(build):
        yield from _named(sent, build.app.dockerfile, line, path)
    for script in scripts:
        yield from _of_script(sent, script)
    settings = frozenset(settings_run(snapshot, build, scripts))
    for path in sorted(settings):
        yield from _of_settings(sent, path)
    for path in texts_run(snapshot, build, scripts):
        yield from _of_reaches(sent, path, reached.of_text(path))
    for path in sorted(reached.shipped.keys() | settings):
        yield from _of_reaches(sent, path, reached.of(path))
    yield from _of_aliases(sent, reached.aliased)


def _of_script(sent: Sent, script: Script) -> Iterator[_Silent]:
    file = script.manifest
    line = Lines(sent.snapshot.tree.read(file)).of(script.name)
    if command := git_metadata.in_script(script.text):
        yield _Silent(file, line, _git(command), "argument")
    loaded = tuple(env_files.in_script(script.text, script.folder))
    for path in loaded:
        yield from _env_file(sent, file, line, path)
    for path in script.files(sent.snapshot):
        if path not in loaded:
            yield from _named(sent, file, line, path)


def _of_settings(sent: Sent, path: str) -> Iterator[_Silent]:
    tree = sent.snapshot.tree
    for line, what in git_metadata.in_code(tree.read(path), sent.build):
        yield _Silent(path, line, _git(what), "argument")
    for line, named in env_files.in_code(tree, path, sent.snapshot.workspace.owner(path).dir):
        yield from _env_file(sent, path, line, named)


def _of_reaches(sent: Sent, path: str, reached: Iterable[Reach]) -> Iterator[_Silent]:
    """Yield what a file reads outside of the closure."""
    if sent.snapshot.workspace.owner(path).dir in {".", *sent.build.closure} and not sent.build.ignore.ignored(path):
        for reach in reached:
            if names := lost(sent, reach):
                way = "some inputs" if reach.open else _way(sent, names[0])
                yield _Silent(path, reach.line, told(reach, names), way, reach.path)


def _of_aliases(sent: Sent, imports: Iterable[Resolved]) -> Iterator[_Silent]:
    """Yield the first import of each package, and of each place that it leads to, that the context lacks."""
    seen: set[tuple[str, str]] = set()
    for use in imports:
        target = use.target or ""
        place = (use.source.package, _place(sent, target))
        if use.source.package in sent.build.closure and place not in seen and sent.lacking(target):
            seen.add(place)
            message = f"{use.item.specifier} leads to {target} by an alias, and the build context lacks it"
            yield _Silent(use.source.path, use.item.line, message, _way(sent, target), place[1])


def _place(sent: Sent, path: str) -> str:
    """Return the package that a file is in, or the highest folder around it that holds no packages."""
    owner = sent.snapshot.workspace.owner(path).dir
    parts = path.split("/")
    folders = ("/".join(parts[:depth]) for depth in range(1, len(parts)))
    return owner if owner != "." else next((each for each in folders if not sent.is_shared(each)), path)


@dataclass(frozen=True)
class _Reached:
    """What the files of a commit reach outside of their packages; each is read once for all apps."""

    snapshot: Snapshot
    packages: frozenset[str]

    @cached_property
    def shipped(self) -> dict[str, tuple[Reach, ...]]:
        """Of the packages' shipped sources and style sheets, those that reach something."""
        apart = {file for file in self.snapshot.sources if file.imports.apart and file.package in self.packages}
        paths = {file.path for file in apart if file.role == "source" or file.path.endswith(styles.EXTENSIONS)}
        return {path: found for path in sorted(paths) if (found := self._read(path))}

    @cached_property
    def aliased(self) -> tuple[Resolved, ...]:
        """The shipped sources' imports of files of other packages, or of none, by other than relative paths."""
        uses = (use for use in self.snapshot.imports if use.outcome == "file" and use.source.role == "source")
        return tuple(use for use in uses if self._is_aliased(use))

    def _is_aliased(self, use: Resolved) -> bool:
        is_relative = use.item.specifier.startswith(".")
        return not is_relative and self.snapshot.workspace.owner(use.target or "").dir != use.source.package

    def of(self, path: str) -> tuple[Reach, ...]:
        """Return what one file reaches."""
        return self.shipped[path] if path in self.shipped else self._read(path)

    def of_text(self, path: str) -> tuple[Reach, ...]:
        """Return what a file that is no code reaches."""
        return reaches_of_text(self.snapshot.tree.read(path), self.snapshot.workspace.owner(path).dir)

    def _read(self, path: str) -> tuple[Reach, ...]:
        return reaches(self.snapshot.tree.read(path), path, self.snapshot.workspace.owner(path).dir)


def _named(sent: Sent, file: str, line: int, path: str) -> Iterator[_Silent]:
    """Yield a file that a command names and the context lacks."""
    owner = sent.snapshot.workspace.owner(path).dir
    if path not in _ALWAYS_SENT and owner not in sent.build.closure and sent.lacking(path):
        message = f"{path} is named by a command, and the build context lacks it"
        yield _Silent(file, line, message, "inputs", path if owner == "." else owner)


def _env_file(sent: Sent, file: str, line: int, path: str) -> Iterator[_Silent]:
    if env_files.is_missing(sent, path):
        is_there = path in sent.snapshot.tree.entries
        who = "build context" if is_there else "commit"
        message = f"{path} is loaded, but the {who} lacks it: the build goes on without"
        yield _Silent(file, line, message, _way(sent, path) if is_there else "argument", path)


def _way(sent: Sent, path: str) -> Literal["copy", "inputs"]:
    """Return what mends a file that is lacking: `inputs` bring what the Dockerfile copies with a folder around it."""
    return "inputs" if path in sent.standing else "copy"


def _git(what: str) -> str:
    return f"{what} asks git, but a build context has no .git"
