"""Which scripts and settings run while an app's image is built, and which files commands name."""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from alecia_pipeline.audit.dockerfile.builds import Build
from alecia_pipeline.audit.dockerfile.commands import ShellCommand, parse_commands, pnpm_call
from alecia_pipeline.audit.dockerfile.filesystem import normal
from alecia_pipeline.audit.dockerfile.scripts import called_scripts
from alecia_pipeline.audit.dockerfile.state import Run
from alecia_pipeline.audit.snapshot import Snapshot
from alecia_pipeline.source.dockerfile import arguments, stages_needed
from alecia_pipeline.source.manifest import MANIFEST_FILE

_SETTINGS = re.compile(
    r"(?:next|vite|nuxt|astro|svelte|remix|react-router|rollup|webpack|rsbuild|rspack|esbuild|tsup|tsdown|unbuild|build"
    r"|gatsby|docusaurus|vue|craco|contentlayer|velite|source|postcss|tailwind|babel|prisma)\.config\.[cm]?[jt]s"
)
_GENERATORS = re.compile(
    r"(?:codegen|graphql\.config|buf\.gen|buf\.work|sqlc|orval|kubb|openapitools)\.(?:ya?ml|toml)"
    r"|\.graphqlrc(?:\.ya?ml)?"
)
"""Settings of what writes code; they name the schemas that it is made of, and are no code themselves."""

_CODE = re.compile(r"\.[cm]?[jt]sx?$")
_TOKEN = re.compile(r"[\w./@-]+")
_AT_INSTALL = ("preinstall", "install", "postinstall", "prepare")
_NO_READERS = frozenset({"rm", "mkdir", "touch", "echo", "printf", "chown", "chmod", "export"})


@dataclass(frozen=True, slots=True)
class Script:
    """A script of a package.json, and the commands of the Dockerfile that run it, near and far."""

    folder: str
    name: str
    text: str
    runs: tuple[Run, ...]

    @property
    def manifest(self) -> str:
        """The path of its package.json."""
        return MANIFEST_FILE if self.folder == "." else f"{self.folder}/{MANIFEST_FILE}"

    def files(self, snapshot: Snapshot) -> Iterator[str]:
        """Yield the files of the commit that it names and that stand where it runs."""
        for command in parse_commands(self.text):
            for token in _tokens(command):
                path = posixpath.normpath(posixpath.join(self.folder, command.folder, token))
                if path in snapshot.tree.entries and any(path in run.files.known.values() for run in self.runs):
                    yield path


def scripts_run(snapshot: Snapshot, build: Build) -> tuple[Script, ...]:
    """Return the scripts that the commands of the Dockerfile run, those of an install among them."""
    runs: dict[tuple[str, str], list[Run]] = {}
    for run in build.layout.runs:
        for place in (*_at_install(build, run), *called_scripts(snapshot, build, run)):
            runs.setdefault(place, []).append(run)
    found: dict[tuple[str, str], Script] = {}
    for (folder, called), its_runs in runs.items():
        scripts = snapshot.workspace.package(folder).manifest.scripts
        for name in (f"pre{called}", called, f"post{called}"):
            if name in scripts:
                found.setdefault((folder, name), Script(folder, name, str(scripts[name]), tuple(its_runs)))
    return tuple(found.values())


def _at_install(build: Build, run: Run) -> Iterator[tuple[str, str]]:
    """Yield the scripts that an install runs, in the root and in every package that it installs."""
    call = pnpm_call(run.command)
    if call and call.is_install and "--ignore-scripts" not in call.flags:
        yield from ((folder, name) for folder in (".", *build.closure) for name in _AT_INSTALL)


def files_of_commands(build: Build) -> Iterator[tuple[int, str]]:
    """Yield (line, path) of the commit's files that the commands of the Dockerfile themselves name."""
    for run in build.layout.runs:
        for token in _tokens(run.command):
            if path := run.files.known.get(normal(run.folder, token)):
                yield run.instruction.line, path


def _tokens(command: ShellCommand) -> Iterator[str]:
    """Yield what may be a path in a command that reads what it names."""
    if command.program not in _NO_READERS:
        for word in command.words:
            yield from (token for token in _TOKEN.findall(word) if "." in token or "/" in token)


def settings_run(snapshot: Snapshot, build: Build, scripts: tuple[Script, ...]) -> Iterator[str]:
    """Yield the code of build tools' settings in the packages that are built, and the code that scripts start."""
    yield from _at_the_top(snapshot, build, scripts, _SETTINGS)
    started = {path for script in scripts for path in script.files(snapshot) if _CODE.search(path)}
    yield from sorted(path for path in started if not _SETTINGS.fullmatch(posixpath.basename(path)))


def texts_run(snapshot: Snapshot, build: Build, scripts: tuple[Script, ...]) -> Iterator[str]:
    """Yield the settings of generators in the packages that are built, and the shell scripts that are started."""
    yield from _at_the_top(snapshot, build, scripts, _GENERATORS)
    yield from sorted({path for script in scripts for path in script.files(snapshot) if path.endswith(".sh")})


def _at_the_top(snapshot: Snapshot, build: Build, scripts: tuple[Script, ...], names: re.Pattern[str]) -> Iterator[str]:
    built = {script.folder for script in scripts} | {build.app.dir}
    for path, entry in snapshot.tree.entries.items():
        folder, _, name = path.rpartition("/")
        if names.fullmatch(name) and (folder or ".") in built and entry.is_file and not build.ignore.ignored(path):
            yield path


def variables(build: Build) -> frozenset[str]:
    """Return the names that an ARG or ENV of the app's stages sets."""
    names: set[str] = set()
    for stage in stages_needed(build.dockerfile, build.app.target, build.app.config.build_args):
        names |= arguments(stage.instructions).keys()
        words = (word for each in stage.instructions if each.keyword == "ENV" for word in each.args)
        names |= {word.partition("=")[0] for word in words}
    return frozenset(names)
