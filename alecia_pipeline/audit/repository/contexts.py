"""Build contexts: whoever builds an app's Dockerfile from the app's own folder leaves the workspace out."""

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from alecia_pipeline.audit.dockerfile.commands import ShellCommand, parse_commands
from alecia_pipeline.audit.dockerfile.copies import is_for_own_folder
from alecia_pipeline.audit.finding import Finding
from alecia_pipeline.audit.snapshot import Snapshot
from alecia_pipeline.source.lockfile import LOCKFILE
from alecia_pipeline.source.manifest import MANIFEST_FILE

_SCRIPT = re.compile(
    r"(?:^|/)(?:Makefile|[Jj]ustfile|Taskfile\.ya?ml)$|\.(?:sh|bash|mk)$|^\.github/.*\.ya?ml$|^\.gitlab-ci\.yml$"
)
_PREFIX = re.compile(r"^\s*(?:-\s+)?(?:run:\s*[|>]?\s*)?@?")
_VALUE_FLAGS = frozenset({
    "-f", "--file", "-t", "--tag", "--build-arg", "--build-context", "--target", "--platform", "-o", "--output",
    "--cache-from", "--cache-to", "--secret", "--ssh", "--label", "--progress", "--network", "--builder",
    "--iidfile", "--metadata-file", "--no-cache-filter", "--add-host", "--shm-size", "--ulimit", "--attest",
    "--annotation", "-m", "--memory", "--cgroup-parent",
})  # fmt: skip
_STEP_LINES = 12
"""How far apart `context:` and `file:` of one workflow step stand at most."""


@dataclass(frozen=True, slots=True)
class Context:
    """A place (`file`, `line`) that builds `dockerfile` with `folder` as context; both from the repository's root."""

    file: str
    line: int | None
    folder: str
    dockerfile: str


def findings(snapshot: Snapshot) -> Iterable[Finding]:
    """Return `docker build` calls in scripts and workflows whose context is an app's folder."""
    for path, entry in snapshot.tree.entries.items():
        if entry.is_file and _SCRIPT.search(path):
            text = snapshot.tree.read(path).decode(errors="replace")
            base = posixpath.dirname(path) if "akefile" in path else ""
            for context in (*_calls(path, text, base), *_steps(path, text)):
                yield from context_findings(snapshot, context)
    for package in (snapshot.workspace.root, *snapshot.workspace.packages.values()):
        path = posixpath.normpath(posixpath.join(package.dir, MANIFEST_FILE))
        for name, script in package.manifest.scripts.items():
            for context in _calls(path, str(script), package.dir):
                lines = snapshot.tree.read(path).decode(errors="replace").splitlines()
                line = next((i for i, text in enumerate(lines, start=1) if f'"{name}":' in text), None)
                yield from context_findings(snapshot, Context(path, line, context.folder, context.dockerfile))


def context_findings(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """Return the finding of a context that lacks what its Dockerfile's app needs from the workspace."""
    build = next((build for build in snapshot.builds if build.app.dockerfile == context.dockerfile), None)
    if build is None or context.folder == "." or is_for_own_folder(snapshot, build):
        return
    app = build.app
    needed = [*snapshot.workspace.closure(app.dir), LOCKFILE]
    outside = [path for path in needed if path != context.folder and not path.startswith(f"{context.folder}/")]
    message = f"{context.dockerfile} is built with context {context.folder}, which lacks {', '.join(outside)}"
    yield Finding(
        rule="docker-context",
        package=snapshot.package_name(app.dir),
        dir=app.dir,
        file=context.file,
        line=context.line,
        message=message,
        fix=f"docker build -f {app.dockerfile} .",
    )


def _calls(path: str, text: str, base: str) -> Iterator[Context]:
    for number, line in _logical_lines(text):
        if "build" not in line or ("docker" not in line and "podman" not in line):
            continue
        for command in parse_commands(_PREFIX.sub("", line)):
            found = _build_call(command, base)
            if found:
                yield Context(path, number, *found)


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield (number of the first line, text) with continued lines joined."""
    start, joined = 1, ""
    for number, line in enumerate(text.splitlines(), start=1):
        start = start if joined else number
        joined += line.rstrip().removesuffix("\\") + " "
        if not line.rstrip().endswith("\\"):
            yield start, joined
            joined = ""
    if joined:
        yield start, joined


def _build_call(command: ShellCommand, base: str) -> tuple[str, str] | None:
    """Return (context, Dockerfile) of a `docker build`; None for other commands and for unknown folders."""
    words = list(command.words)
    if command.program not in {"docker", "podman"} or words[1:2] not in (["build"], ["buildx"], ["image"]):
        return None
    words = words[2:] if words[1] == "build" else words[3:]
    positional, dockerfile, at = [], None, 0
    while at < len(words):
        name, equals, value = words[at].partition("=")
        takes = name in _VALUE_FLAGS and not equals
        if name in {"-f", "--file"}:
            dockerfile = value if equals else "".join(words[at + 1 : at + 2])
        if not name.startswith("-"):
            positional.append(words[at])
        at += 2 if takes else 1
    return _located(posixpath.join(base, command.folder), positional, dockerfile)


def _located(here: str, positional: list[str], dockerfile: str | None) -> tuple[str, str] | None:
    if not positional or any("$" in text or text == "-" for text in (here, positional[-1], dockerfile or "")):
        return None
    folder = posixpath.normpath(posixpath.join(here, positional[-1]))
    named = posixpath.join(here, dockerfile) if dockerfile else posixpath.join(folder, "Dockerfile")
    return folder, posixpath.normpath(named)


def _steps(path: str, text: str) -> Iterator[Context]:
    """Yield the contexts of docker/build-push-action steps: `context:` with the `file:` near it."""
    lines = text.splitlines()
    for index, line in enumerate(lines):
        context = _setting(line, "context")
        if context is None or "$" in context or not path.startswith(".github/"):
            continue
        near = lines[max(0, index - _STEP_LINES) : index + _STEP_LINES]
        file = next(filter(None, (_setting(other, "file") for other in near)), None)
        folder = posixpath.normpath(context)
        yield Context(path, index + 1, folder, posixpath.normpath(file or posixpath.join(folder, "Dockerfile")))


def _setting(line: str, key: str) -> str | None:
    match = re.fullmatch(rf"\s*{key}:\s*[\"']?([^\"'#\s]+)[\"']?\s*(?:#.*)?", line)
    return match[1] if match else None
