"""`make bench-growth`: what a plan costs in a monorepo of 500 packages with a lockfile of 80,000 lines.

Makes one in a folder of its own: 480 packages, 20 apps with a Dockerfile each, 1,000 commits. Prints the CPU time of
plans: in a new process without and with a cache, in one process after a one-line change and after a change of the
lockfile, and across 1 and 1,000 commits.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pygit2

from alecia_pipeline.config import Config
from alecia_pipeline.operations.planning import Planner
from alecia_pipeline.operations.runner import Runner

ALECIA = str(Path(sys.executable).with_name("alecia"))
PACKAGES, APPS, LIBRARIES, COMMITS, RUNS = 480, 20, 8_450, 1_000, 5
AUTHOR = pygit2.Signature("bench", "bench@alecia.invalid", 1_700_000_000, 0)
FILE, FOLDER = pygit2.enums.FileMode.BLOB, pygit2.enums.FileMode.TREE

DOCKERFILE = """\
FROM node:20-alpine AS builder
WORKDIR /repo
COPY . .
RUN corepack enable && pnpm install --frozen-lockfile && pnpm turbo build --filter=@grown/{name}
FROM node:20-alpine
COPY --from=builder /repo/apps/{name}/dist /app
"""


def main() -> int:
    """Make the repository and measure."""
    with tempfile.TemporaryDirectory(prefix="alecia-growth-") as name:
        repo, cache = Path(name) / "grown", Path(name) / "cache"
        tip, edited, relocked = _make(repo)
        os.environ["XDG_CACHE_HOME"] = str(cache)
        lines = (_blob(repo, tip, "pnpm-lock.yaml")).count(b"\n")
        print(f"{PACKAGES + APPS} packages, {APPS} apps, {lines:,} lines of pnpm-lock.yaml, {COMMITS} commits\n")
        print("| plan | median CPU ms | of |\n|---|---|---|")
        _row("a new process, no cache", [_process(repo, tip, f"{tip}~1", cache, empty=True) for _ in range(RUNS)])
        _row("a new process", [_process(repo, tip, f"{tip}~1", cache) for _ in range(RUNS)])
        planner = Planner(Runner(repo, Config(), lambda _: None))
        planner.plan(tip, since=f"{tip}~1")
        _row("in one process: one line changed", [_warm(planner, edit, tip) for edit in edited])
        _row("in one process: the lockfile changed", [_warm(planner, relock, tip) for relock in relocked])
        _row("in one process: 1 commit apart", [_warm(planner, tip, f"{tip}~1") for _ in range(RUNS)])
        _row(f"in one process: {COMMITS} commits apart", [_warm(planner, tip, f"{tip}~{COMMITS}") for _ in range(RUNS)])
    return 0


def _row(what: str, seconds: list[float]) -> None:
    print(f"| {what} | {statistics.median(seconds) * 1000:.0f} | {len(seconds)} |", flush=True)


def _warm(planner: Planner, commit: str, since: str) -> float:
    started = time.process_time()
    planner.plan(commit, since=since)
    return time.process_time() - started


def _process(repo: Path, commit: str, since: str, cache: Path, *, empty: bool = False) -> float:
    if empty:
        shutil.rmtree(cache, ignore_errors=True)
    before = os.times()
    argv = [ALECIA, "plan", str(repo), "--rev", commit, "--since", since, "--format", "json"]
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def _blob(repo: Path, commit: str, path: str) -> bytes:
    return pygit2.Repository(str(repo))[commit].peel(pygit2.Tree)[path].peel(pygit2.Blob).data


def _make(repo: Path) -> tuple[str, list[str], list[str]]:
    """Return the tip of a long branch, commits after it with one line changed each, and with the lockfile changed."""
    repository = pygit2.init_repository(str(repo), bare=True)
    index = pygit2.Index()
    for path, text in _files():
        index.add(pygit2.IndexEntry(path, repository.create_blob(text.encode()), FILE))
    parent = repository.create_commit(None, AUTHOR, AUTHOR, "0", index.write_tree(repository), [])

    def commit(path: str, text: str, parent: pygit2.Oid, on: str | None = None) -> pygit2.Oid:
        index.add(pygit2.IndexEntry(path, repository.create_blob(text.encode()), FILE))
        return repository.create_commit(on, AUTHOR, AUTHOR, path, index.write_tree(repository), [parent])

    for number in range(COMMITS):
        parent = commit(f"docs/{number % 50}.md", f"{number}\n", parent)
    tip = commit("packages/p007/src/index.ts", "export const changed = 7;\n", parent)
    repository.references.create("refs/heads/main", tip)
    repository.set_head("refs/heads/main")
    edited = [commit(f"packages/p{n:03}/src/index.ts", f"export const e = {n};\n", tip) for n in range(50, 50 + RUNS)]
    index.read_tree(repository[tip].peel(pygit2.Tree))
    lock = _lockfile()
    relocked = [
        commit("pnpm-lock.yaml", lock.replace(f"sha512-{n:086}", f"sha512-{n + 10**9:086}"), tip)
        for n in range(100, 100 + RUNS)
    ]
    return str(tip), list(map(str, edited)), list(map(str, relocked))


def _files() -> Iterator[tuple[str, str]]:
    yield "package.json", json.dumps({"name": "grown", "private": True, "packageManager": "pnpm@9.8.0"})
    yield "pnpm-workspace.yaml", "packages:\n  - packages/*\n  - apps/*\n"
    yield "pnpm-lock.yaml", _lockfile()
    yield "turbo.json", '{"tasks": {"build": {"dependsOn": ["^build"]}}}\n'
    for folder in _folders():
        name = folder.partition("/")[2]
        own = {f"@grown/{other.partition('/')[2]}": "workspace:*" for other in _needs(folder)}
        libraries = {f"library-{number}": f"^{number % 9}.0.0" for number in _libraries(folder)}
        manifest = {"name": f"@grown/{name}", "version": "0.0.0", "dependencies": {**own, **libraries}}
        yield f"{folder}/package.json", json.dumps(manifest, indent=2)
        for file in range(8):
            lines = "".join(f"export const value{line} = {line * file};\n" for line in range(60))
            yield f"{folder}/src/{'index' if not file else f'part{file}'}.ts", f'import "./part{file + 1}.js";\n{lines}'
        if folder.startswith("apps/"):
            yield f"{folder}/Dockerfile", DOCKERFILE.format(name=name)


def _folders() -> list[str]:
    return [f"packages/p{number:03}" for number in range(PACKAGES)] + [f"apps/a{number:02}" for number in range(APPS)]


def _needs(folder: str) -> list[str]:
    """Return what a package needs: of the packages before it some, so that an app reaches about a hundred."""
    number = int(folder[-3:]) if folder.startswith("packages/") else PACKAGES - 1 - int(folder[-2:]) * 11
    return [f"packages/p{other:03}" for other in {number // 2, number - 7, number - 31} if 0 <= other < number]


def _libraries(folder: str) -> range:
    start = _folders().index(folder) * 13 if folder else 0
    return range(start % LIBRARIES, min(start % LIBRARIES + 10, LIBRARIES))


def _lockfile() -> str:
    parts = ["lockfileVersion: '9.0'\n\nsettings:\n  autoInstallPeers: true\n\nimporters:\n\n  .: {}\n\n"]
    for folder in sorted(_folders()):
        parts.append(f"  {folder}:\n    dependencies:\n")
        for other in sorted(_needs(folder)):
            up = f"link:../../{other}"
            parts.append(
                f"      '@grown/{other.partition('/')[2]}':\n        specifier: workspace:*\n        version: {up}\n"
            )
        parts += [
            f"      library-{number}:\n        specifier: ^{number % 9}.0.0\n        version: {number % 9}.0.0\n"
            for number in _libraries(folder)
        ]
        parts.append("\n")
    parts.append("packages:\n\n")
    names = [f"library-{number}@{number % 9}.0.0" for number in range(LIBRARIES)]
    for number, name in enumerate(names):
        parts.append(
            f"  {name}:\n    resolution: {{integrity: sha512-{number:086}}}\n    engines: {{node: '>=18'}}\n\n"
        )
    parts.append("snapshots:\n\n")
    for number, name in enumerate(names):
        needed = [other for other in (number * 3 + 1, number * 3 + 2) if other < LIBRARIES]
        body = "".join(f"      library-{other}: {other % 9}.0.0\n" for other in needed)
        parts.append(f"  {name}:\n    dependencies:\n{body}\n" if needed else f"  {name}: {{}}\n\n")
    return "".join(parts).rstrip("\n") + "\n"


if __name__ == "__main__":
    sys.exit(main())
