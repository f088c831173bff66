"""`make bench-plan REPO=…`: what a plan costs and how right it is, beside turbo.

Plans each commit of the branch against its parent: in one process that stays (as the push sensor does), in a new
process with an empty cache, and with `turbo ls --affected` and `turbo build --dry=json` in a checkout. With
DECISIONS=… (a CSV with the columns repo, commit, parent, input_truth_apps) and APPS=… (JSON: repository -> app ->
Dockerfile) it plans those commits and judges which images each changes; every difference is listed with its causes.
"""

import argparse
import csv
import itertools
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from alecia_pipeline.adapters.git import first_parents, open_commit
from alecia_pipeline.config import Config
from alecia_pipeline.errors import UsageError
from alecia_pipeline.images.context import context_files
from alecia_pipeline.images.tar import pack
from alecia_pipeline.operations.planning import Planner
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.release.model import Plan

ALECIA = str(Path(sys.executable).with_name("alecia"))
SCRATCH = Path.home() / ".cache" / "alecia-bench"
TURBO = "turbo@2.5.8"
LIMIT = 300
"""Seconds after which a command is given up."""

SHOWN_CAUSES = 4


@dataclass(frozen=True)
class Decision:
    """One commit beside its parent. `truth`: the Dockerfiles whose images change, where somebody knows."""

    commit: str
    parent: str
    truth: frozenset[str] | None = None


@dataclass(frozen=True)
class Cost:
    """CPU seconds of each run of one way to plan."""

    name: str
    seconds: Sequence[float]

    def row(self) -> str:
        """Return a line of the table, in milliseconds."""
        median, high = (f"{seconds * 1000:.0f}" for seconds in (statistics.median(self.seconds), _p95(self.seconds)))
        return f"| {self.name} | {median} | {high} | {len(self.seconds)} |"


def main() -> int:
    """Measure; return 1 when a decision that somebody judged is missed."""
    options = _options()
    decisions = list(_judged(options) if options.decisions else _recent(options))
    if not decisions:
        sys.exit("error: REPO holds none of the commits")
    planner = Planner(Runner(repo=options.repo, config=Config(), sink=lambda _: None))
    plans, warm = _warm(planner, decisions)
    missed = _judge(planner, decisions, plans, _dockerfiles(options)) if options.decisions else 0
    costs = [Cost("alecia, in one process", warm), *_processes(options, decisions)]
    print("\n| way to plan | median CPU ms | p95 | plans |\n|---|---|---|---|")
    print("\n".join(cost.row() for cost in costs))
    return 1 if missed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repo", type=Path, required=True, help="a git repository, bare or not")
    parser.add_argument("--rev", default="HEAD")
    parser.add_argument("--commits", type=int, default=20, help="how many of the branch, without --decisions")
    parser.add_argument("--decisions", type=Path)
    parser.add_argument("--apps", type=Path)
    parser.add_argument("--processes", type=int, default=10, help="how many commits new processes plan; 0: none")
    parser.add_argument("--alone", action="store_true", help="without turbo")
    return parser.parse_args()


def _recent(options: argparse.Namespace) -> Iterator[Decision]:
    commits = first_parents(options.repo, options.rev, options.commits + 1)
    return (Decision(commit, parent) for commit, parent in itertools.pairwise(commits))


def _judged(options: argparse.Namespace) -> Iterator[Decision]:
    """Yield the decisions whose commits are here, each once."""
    seen: set[str] = set()
    apps = json.loads(options.apps.read_text())
    with options.decisions.open(newline="") as file:
        for row in csv.DictReader(file):
            if row["commit"] in seen or not _known(options.repo, row["commit"], row["parent"]):
                continue
            seen.add(row["commit"])
            names = apps[row["repo"]]
            truth = frozenset(names[app] for app in row["input_truth_apps"].split())
            yield Decision(row["commit"], row["parent"], truth)


def _dockerfiles(options: argparse.Namespace) -> frozenset[str]:
    """Return the Dockerfiles that were judged, of any repository."""
    apps: Mapping[str, Mapping[str, str]] = json.loads(options.apps.read_text())
    return frozenset(path for names in apps.values() for path in names.values())


def _known(repo: Path, *commits: str) -> bool:
    try:
        return all(open_commit(repo, commit) for commit in commits)
    except UsageError:
        return False


def _warm(planner: Planner, decisions: Sequence[Decision]) -> tuple[list[Plan], list[float]]:
    plans, seconds = [], []
    for decision in decisions:
        started = time.process_time()
        plans.append(planner.plan(decision.commit, since=decision.parent))
        seconds.append(time.process_time() - started)
    return plans, seconds


def _judge(planner: Planner, decisions: Sequence[Decision], plans: Sequence[Plan], judged: frozenset[str]) -> int:
    """Print what differs from the labels; return how many decisions are missed.

    The labels know files as a whole. Where the two contexts that would be sent are the same byte for byte, no image can
    differ: that is excused, and listed.
    """
    right = 0
    missed, excused, surplus = [], [], []
    for decision, plan in zip(decisions, plans, strict=True):
        built = {app.dockerfile: app for app in plan.apps if app.action == "build" and app.dockerfile in judged}
        truth = decision.truth or frozenset()
        right += len(truth & built.keys())
        for path in sorted(truth - built.keys()):
            same = _sent(planner, decision.commit, path) == _sent(planner, decision.parent, path)
            (excused if same else missed).append(f"{decision.commit[:12]}  {path}")
        for path in sorted(built.keys() - truth):
            causes = [f"{cause.kind} {cause.what} ({cause.detail})" for cause in built[path].causes[:SHOWN_CAUSES]]
            surplus.append(f"{decision.commit[:12]}  {path}: {'; '.join(causes)}")
    wanted, reported = right + len(missed), right + len(surplus)  # what is excused is not wanted
    print(f"{len(decisions)} commits: recall {right} of {wanted}, precision {right} of {reported}")
    titles = ("not built", "excused, the contexts are byte-identical", "built beyond the labels")
    for title, lines in zip(titles, (missed, excused, surplus), strict=True):
        print("".join(f"  {title}: {line}\n" for line in lines), end="")
    return len(missed)


def _sent(planner: Planner, commit: str, dockerfile: str) -> bytes:
    """Return the context of an app as it is sent to the builder."""
    view = planner.read(commit)
    app = next(app for app in view.apps if app.dockerfile == dockerfile)
    return pack(context_files(view.snapshot, planner.keyed(view, app, None).context))


def _processes(options: argparse.Namespace, decisions: Sequence[Decision]) -> Iterator[Cost]:
    some = decisions[: options.processes]
    if not some:
        return
    SCRATCH.mkdir(parents=True, exist_ok=True)
    yield Cost("alecia, a new process, no cache", [_cold(options.repo, decision) for decision in some])
    yield Cost("alecia, a new process", [_own(options.repo, decision) for decision in some])
    if not options.alone:
        yield from _turbo(options.repo, some)


def _cold(repo: Path, decision: Decision) -> float:
    shutil.rmtree(SCRATCH / "cache", ignore_errors=True)
    return _own(repo, decision)


def _own(repo: Path, decision: Decision) -> float:
    argv = [ALECIA, "plan", str(repo), "--rev", decision.commit, "--since", decision.parent, "--format", "json"]
    return _cpu(argv, SCRATCH, {"XDG_CACHE_HOME": str(SCRATCH / "cache")})


def _turbo(repo: Path, decisions: Sequence[Decision]) -> Iterator[Cost]:
    program = str(_installed() / "turbo")
    tree = SCRATCH / "turbo-checkout"
    shutil.rmtree(tree, ignore_errors=True)
    subprocess.run(["git", "clone", "--quiet", "--shared", "--no-checkout", str(repo), str(tree)], check=True)
    ways: Mapping[str, Sequence[str]] = {
        "turbo ls --affected": ["ls", "--affected", "--output=json"],
        "turbo build --dry=json": ["build", "--dry=json"],
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for decision in decisions:
        subprocess.run(["git", "-C", str(tree), "checkout", "--quiet", "--force", decision.commit], check=True)
        scm = {"TURBO_SCM_BASE": decision.parent, "TURBO_SCM_HEAD": decision.commit, "TURBO_TELEMETRY_DISABLED": "1"}
        for name, arguments in ways.items():
            seconds[name].append(_cpu([program, *arguments], tree, scm))
    yield from (Cost(name, found) for name, found in seconds.items())


def _installed() -> Path:
    folder = SCRATCH / TURBO.replace("@", "-")
    if not (folder / "node_modules" / ".bin" / "turbo").exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text('{"private": true}')
        argv = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", TURBO]
        subprocess.run(argv, cwd=folder, check=True, stdout=sys.stderr)
    return folder / "node_modules" / ".bin"


def _cpu(argv: Sequence[str], cwd: Path, environment: Mapping[str, str]) -> float:
    """Return the CPU seconds of a command with all of its processes. Exits with its own error when it fails."""
    before = os.times()
    done = subprocess.run(
        argv, cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True, timeout=LIMIT, check=False
    )
    after = os.times()
    if done.returncode:
        sys.exit(f"error: {' '.join(argv)} ended with {done.returncode}\n{done.stderr[-2000:]}")
    return after.children_user + after.children_system - before.children_user - before.children_system


def _p95(seconds: Sequence[float]) -> float:
    return sorted(seconds)[max(0, round(0.95 * len(seconds)) - 1)]


if __name__ == "__main__":
    sys.exit(main())
