"""Change each file of a repository once, and see whether a plan and BuildKit agree on which images that changes.

BuildKit gets the pruned context and is watched until its first step that is not from the cache; then it is ended. The
build id is held still, since it is made from the key: it would make every plan right by itself.
"""

import itertools
import os
import re
import secrets
import signal
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import PurePosixPath

import pygit2

from alecia_pipeline.adapters.buildkit import BuildKit
from alecia_pipeline.images.bases import bases_of
from alecia_pipeline.images.command import BUILD_ID, BuildCommand, BuildRequest, build_command
from alecia_pipeline.images.context import context_files, pruned_context
from alecia_pipeline.images.tar import pack
from alecia_pipeline.operations.planning import CommitView, Planner, build_arguments
from alecia_pipeline.operations.registries import docker_config
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.operations.workshop import Workshop, build_folder
from alecia_pipeline.release.plan import Keyed
from alecia_pipeline.source.tree import SYMLINK

BUILD_SECONDS = 900

_AUTHOR = pygit2.Signature("alecia tests", "tests@alecia.invalid", 1_700_000_000, 0)
_STEP = re.compile(r"#(?P<number>\d+) \[(?P<name>(?:\S+ +)?\d+/\d+\] .*)")
_FROM = re.compile(r"\] FROM ")
_NEWS = re.compile(r"#(?P<number>\d+) (?P<news>CACHED|DONE|ERROR|[\d.]+ )")

_COMMENTS = {
    "# {}\n": {".yaml", ".yml", ".toml", ".sh", ".conf", ".npmrc", ".nvmrc", ".gitignore", ".dockerignore"},
    "// {}\n": {".ts", ".tsx", ".js", ".mjs", ".cjs", ".jsx", ".mts", ".cts"},
    "/* {} */\n": {".css", ".scss"},
    "<!-- {} -->\n": {".md", ".html", ".svg"},
    "-- {}\n": {".sql"},
}
_MARKS = {suffix: comment for comment, suffixes in _COMMENTS.items() for suffix in suffixes}


def changed(path: str, data: bytes, word: str) -> bytes:
    """Return a file with a change that its language allows: `word` in a comment, else in white space."""
    name = PurePosixPath(path)
    hashed = name.name.startswith(("Dockerfile", "Caddyfile", ".env"))
    mark = "# {}\n" if hashed else _MARKS.get(name.suffix or name.name)
    blank = "".join(" \t"[int(bit)] for byte in word.encode() for bit in f"{byte:08b}")
    return data + (mark.format(word) if mark else f"{blank}\n").encode()


@dataclass(frozen=True)
class Mutation:
    """One file changed. `builds`: whether the plan builds the app; `step`: BuildKit's first step that it ran itself."""

    path: str
    app: str
    builds: bool
    step: str | None

    @property
    def missed(self) -> bool:
        """Whether the plan would have kept an image that is stale."""
        return self.step is not None and not self.builds

    @property
    def needless(self) -> bool:
        """Whether the plan builds what BuildKit has in its cache from the first step to the last."""
        return self.builds and self.step is None


@dataclass
class Bench:
    """A repository whose files are changed one by one, in commits that no branch names.

    Each bench makes other changes: BuildKit remembers what it once began to build.
    """

    runner: Runner
    environment: str | None = None
    word: str = field(default_factory=lambda: f"changed {secrets.token_hex(4)}")

    @cached_property
    def planner(self) -> Planner:
        """Plans all of the commits."""
        return Planner(self.runner)

    @cached_property
    def start(self) -> CommitView:
        """The commit as it is."""
        return self.planner.read("HEAD")

    @cached_property
    def files(self) -> tuple[str, ...]:
        """Every tracked file; a link has nothing to be changed in."""
        return tuple(path for path, entry in self.start.snapshot.tree.entries.items() if entry.mode != SYMLINK)

    def commit(self, *paths: str) -> CommitView:
        """Return the start with these files changed."""
        repository = pygit2.Repository(str(self.runner.repo))
        head = repository[self.start.commit].peel(pygit2.Commit)
        index = pygit2.Index()
        index.read_tree(head.tree)
        for path in paths:
            data = changed(path, self.start.snapshot.tree.read(path), self.word)
            index.add(pygit2.IndexEntry(path, repository.create_blob(data), index[path].mode))
        tree = index.write_tree(repository)
        made = repository.create_commit(None, _AUTHOR, _AUTHOR, "change", tree, [head.id])
        return self.planner.read(str(made))

    def keyed(self, view: CommitView, app: str) -> Keyed:
        """Return one app of a commit with its context and key."""
        return self.planner.keyed(view, view.app(app), self.environment)

    def outside(self, app: str) -> tuple[str, ...]:
        """Return the files that the app's pruned context has not."""
        inside = {entry.path for entry in self.keyed(self.start, app).context.files}
        return tuple(path for path in self.files if path not in inside)

    def samples(self, app: str, count: int) -> tuple[str, ...]:
        """Return `count` files that the app's pruned context has not, of each kind and folder some."""
        by_kind: dict[str, list[str]] = {}
        for path in self.outside(app):
            by_kind.setdefault(PurePosixPath(path).suffix or path, []).append(path)
        turns = itertools.zip_longest(*(sorted(paths) for paths in by_kind.values()))
        return tuple(path for turn in turns for path in turn if path)[:count]

    def mutate(self, app: str) -> Iterator[Mutation]:
        """Yield each file's change and what became of it; the unchanged commit must be built before.

        Where the bytes that BuildKit gets stay the same, it is not asked: of the same bytes it has every step.
        """
        plain, before = self.keyed(self.start, app), self.packed(self.start, app)
        for path in self.files:
            view = self.commit(path)
            context = self.packed(view, app)
            step = self.first_step(app, context) if context != before else None
            yield Mutation(path, app, self.keyed(view, app).key != plain.key, step)

    def packed(self, view: CommitView, app: str) -> bytes:
        """Return the packed context of an app."""
        return pack(context_files(view.snapshot, self.keyed(view, app).context))

    def digest_in_full(self, view: CommitView, app: str) -> str:
        """Build an app from the whole commit, nothing pruned, and return the image's digest."""
        keyed = self.keyed(view, app)
        whole = replace(keyed.app, config=keyed.app.config.model_copy(update={"context": "full"}))
        arguments = build_arguments(self.runner, keyed.app, self.environment)
        context = pruned_context(view.snapshot, whole, arguments)
        workshop = Workshop(self.runner, view, BuildKit(self.runner.log))
        with build_folder() as folder:
            return workshop.make(replace(keyed, context=context), arguments, folder).image.digest

    def first_step(self, app: str, context: bytes) -> str | None:
        """Return the first step that BuildKit runs itself, and end the build there; None when all is in its cache."""
        with self._running(app, context) as process:
            log: list[str] = []
            found = next(own_steps(_kept(process, log)), None)
            process.send_signal(signal.SIGINT)  # nothing is left to end when it has ended by itself
            if process.wait(BUILD_SECONDS) and not found:
                raise AssertionError("".join(log[-30:]))
        return found

    def build(self, app: str) -> None:
        """Build an app as it is, after which BuildKit has every step in its cache."""
        with self._running(app, self.packed(self.start, app)) as process:
            output = process.communicate(timeout=BUILD_SECONDS)[0]
        if process.returncode:
            raise AssertionError(output[-3000:])

    @contextmanager
    def _running(self, app: str, context: bytes) -> Iterator[subprocess.Popen[str]]:
        command = self._command(app)
        environment = {**os.environ, **command.environment}
        with tempfile.TemporaryFile() as stdin:
            stdin.write(context)
            stdin.seek(0)
            with subprocess.Popen(
                command.argv, env=environment, stdin=stdin, stdout=-1, stderr=-2, text=True
            ) as process:
                try:
                    yield process
                finally:
                    process.kill()

    def _command(self, app: str) -> BuildCommand:
        keyed = self.keyed(self.start, app)
        bases = bases_of(keyed.context.reads.bases, self.start.bases.images, self.runner.config.builder.contexts)
        arguments = build_arguments(self.runner, keyed.app, self.environment)
        logins = docker_config(self.runner)
        request = BuildRequest(
            dockerfile=keyed.app.dockerfile,
            target=keyed.app.target,
            build_args={BUILD_ID: "still", **arguments},
            contexts={base.name: base.source for base in bases if base.source},
            builder=self.runner.config.builder.name,
            docker_config=str(logins) if logins else None,
        )
        command = build_command(request, folder="nowhere")
        kept = tuple(word for word in command.argv if not word.startswith("--output="))
        return replace(command, argv=(*kept[:-1], "--output=type=cacheonly", kept[-1]))


def own_steps(lines: Iterable[str]) -> Iterator[str]:
    """Yield the steps of a Dockerfile that BuildKit runs itself, out of the lines of its plain progress."""
    names: dict[str, str] = {}
    for line in lines:
        if step := _STEP.match(line):
            names[step["number"]] = step["name"].strip()
        elif (news := _NEWS.match(line)) and news["number"] in names:
            name = names.pop(news["number"])
            if news["news"] != "CACHED" and not _FROM.search(name):
                yield name


def _kept(process: subprocess.Popen[str], log: list[str]) -> Iterator[str]:
    for line in process.stdout or ():
        log.append(line)
        yield line
