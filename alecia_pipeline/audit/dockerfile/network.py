"""What a RUN takes from outside of the commit: its result differs from day to day, and the build key cannot know."""

import posixpath
import re
from collections.abc import Iterable, Iterator

from alecia_pipeline.audit.dockerfile.builds import Build, is_global
from alecia_pipeline.audit.dockerfile.commands import ShellCommand, without_values
from alecia_pipeline.audit.dockerfile.filesystem import is_below, normal
from alecia_pipeline.audit.dockerfile.run_text import script_of
from alecia_pipeline.audit.dockerfile.state import Run
from alecia_pipeline.audit.finding import Finding
from alecia_pipeline.audit.snapshot import Snapshot
from alecia_pipeline.source.dockerfile import Instruction, mounts, stages_needed

_URL = re.compile(r"[\"']?(?:https?|ftp|git|ssh)://(?!localhost|127\.|0\.0\.0\.0|\[::1\])")
_DOWNLOADERS = frozenset({"curl", "wget", "aria2c"})
_DATABASES = frozenset({"psql", "pg_dump", "pg_restore", "mysql", "mysqldump", "mongosh", "mongo", "redis-cli"})
_MIGRATIONS = (
    ("prisma", "migrate", "deploy"), ("prisma", "migrate", "dev"), ("prisma", "db", "push"), ("prisma", "db", "pull"),
    ("prisma", "db", "seed"), ("drizzle-kit", "push"), ("drizzle-kit", "migrate"), ("drizzle-kit", "pull"),
    ("knex", "migrate:latest"), ("sequelize", "db:migrate"), ("typeorm", "migration:run"),
)  # fmt: skip
_CHECKED = re.compile(r"sha(?:1|256|512)sum\b|shasum\b|gpg\b.*--verify|minisign\b|cosign\b")
_COPIERS = frozenset({"cp", "mv", "rsync", "install", "tar"})
_INFORMING = frozenset({"--version", "-V", "--help"})


def findings(snapshot: Snapshot) -> Iterable[Finding]:
    """Return every such command of the stages that an app's image needs."""
    for build in snapshot.builds:
        for run in build.layout.runs:
            reason = _reason(run)
            if reason:
                fix = "COPY it from the commit or a pinned image, or check what came against a checksum in the same RUN"
                yield build.finding("docker-network", run.instruction.line, reason, fix=fix)
        yield from _adds(build)


def _reason(run: Run) -> str | None:
    command = run.command
    words = command.words
    if _INFORMING & set(words):
        return None
    if command.program in _DOWNLOADERS and any(map(_URL.match, words)):
        return None if _is_checked(run.instruction) else f"{command.program} fetches a URL: nothing checks what came"
    if command.program == "git" and ("clone" in words or "fetch" in words):
        return "git takes a repository as it is when the image is built"
    if command.program in _DATABASES:
        return f"{command.program} asks a database while the image is built"
    if _migrates(words):
        return f"{' '.join(words[:4])} needs a database while the image is built"
    return _newest(command, run) or _from_cache(run)


def _is_checked(instruction: Instruction) -> bool:
    return _CHECKED.search(script_of(instruction) or "") is not None


def _migrates(words: tuple[str, ...]) -> bool:
    tools = [word.partition("@")[0] for word in words]
    return any(tools[at : at + len(wanted)] == list(wanted) for wanted in _MIGRATIONS for at in range(len(tools)))


def _newest(command: ShellCommand, run: Run) -> str | None:
    """Tell of tools that are installed for the whole image in whatever version is newest."""
    installs = {"install", "i", "add"} & set(command.words)
    if command.program not in {"npm", "pnpm", "yarn", "bun"} or not installs or not is_global(run):
        return None
    names = [word for word in without_values(command.words[1:]) if word[0] != "-" and word not in {*installs, "global"}]
    loose = [name for name in names if _is_loose(name)]
    return f"{', '.join(loose)}: whatever version is newest when the image is built" if loose else None


def _is_loose(name: str) -> bool:
    version = name[1:].partition("@")[2]
    return "$" not in name and not name.startswith((".", "/")) and (not version or version == "latest")


def _from_cache(run: Run) -> str | None:
    """Tell of files that are copied out of a cache mount: they are of an earlier build, or of none."""
    command = run.command
    if command.program not in _COPIERS:
        return None
    words = [word for word in command.words[1:-1] if not word.startswith("-")]
    for mount in mounts(run.instruction):
        if mount.kind == "cache" and mount.target:
            cached = normal(run.folder, mount.target)
            if any(is_below(normal(run.folder, posixpath.normpath(word)), cached) for word in words):
                return f"{command.program} takes files out of the cache mount {mount.target}"
    return None


def _adds(build: Build) -> Iterator[Finding]:
    for stage in stages_needed(build.dockerfile, build.app.target, build.app.config.build_args):
        for instruction in stage.instructions:
            if instruction.keyword == "ADD" and "checksum" not in instruction.flags:
                for word in instruction.args[:-1]:
                    if _URL.match(word):
                        fix = "ADD --checksum=sha256:… takes nothing else than what it was"
                        message = f"ADD {word} takes what the address has when the image is built"
                        yield build.finding("docker-network", instruction.line, message, fix=fix)
