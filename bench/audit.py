"""`make bench-audit REPO=… CASES=…`: recall, precision, CPU seconds and memory of the audit, beside knip and depcheck.

CASES is a CSV with the columns commit, app_dir, dependency, kind and also_in_root: delete that dependency from that
package.json in the tree of that commit, and it must be reported. REPO is a git repository, bare or not, that holds the
commits; cases of other commits are passed over. Each case is audited alone, and once more all of a commit's at once,
since that is what one run of each tool can show. What is reported on the unmutated tree is listed for a
person to judge.
"""

import argparse
import csv
import json
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import audit_peers as peers

from alecia_pipeline.adapters.git import open_commit
from alecia_pipeline.audit.manifests import declared
from alecia_pipeline.audit.snapshot import Snapshot, take_snapshot
from alecia_pipeline.audit.sources.extract import extract
from alecia_pipeline.audit.sources.imports import Imports
from alecia_pipeline.errors import UsageError
from alecia_pipeline.source.manifest import ALL_KINDS
from alecia_pipeline.source.overlay import Overlay
from alecia_pipeline.source.tree import Tree

ALECIA = str(Path(sys.executable).with_name("alecia"))
SCRATCH = Path.home() / ".cache" / "alecia-bench"

Case = Mapping[str, str]


class Remembered:
    """Extracts each file of a commit once: the cases differ in manifests alone, which the audit reads by itself."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Imports] = {}

    def __call__(self, tree: Tree, kinds: Mapping[str, str]) -> Mapping[str, Imports]:
        """Return path → imports."""
        for path, kind in kinds.items():
            if (path, kind) not in self._known:
                self._known[path, kind] = extract(tree.read(path), kind)
        return {path: self._known[path, kind] for path, kind in kinds.items()}


def without(tree: Tree, cases: Iterable[Case]) -> dict[str, bytes]:
    """Return the manifests that change when the dependencies of the cases are deleted."""
    changed: dict[str, dict[str, dict[str, str]]] = {}
    for case in cases:
        folder = case["app_dir"]
        path = "package.json" if folder == "." else f"{folder}/package.json"
        manifest = changed.setdefault(path, json.loads(tree.read(path)))
        for kind in ALL_KINDS:
            manifest.get(kind, {}).pop(case["dependency"], None)
    return {path: json.dumps(manifest, indent=2).encode() for path, manifest in changed.items()}


def undeclared(snapshot: Snapshot) -> dict[peers.Pair, str]:
    """Return what the audit reports as not declared, each with its place and rule."""
    found = declared.findings(snapshot)
    return {(item.dir, item.dependency or ""): f"{item.rule}  {item.file}:{item.line}" for item in found}


def mutated(base: Snapshot, cases: Iterable[Case]) -> Snapshot:
    """Return the snapshot without the dependencies of the cases; sources are parsed only once."""
    return take_snapshot(Overlay(base.tree, without(base.tree, cases)), base.extractor)


def main() -> int:
    """Measure every commit of the cases; return 1 when recall falls short of what the project promises."""
    options = _options()
    with options.cases.open(newline="") as file:
        by_commit: defaultdict[str, list[Case]] = defaultdict(list)
        for case in csv.DictReader(file):
            by_commit[case["commit"]].append(case)
    enough = [
        _commit(options.repo, commit, cases, peers_too=not options.alone)
        for commit, cases in _known(options, by_commit)
    ]
    if not enough:
        print("error: REPO holds no commit of CASES", file=sys.stderr)
    return 0 if enough and all(enough) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repo", type=Path, required=True)
    parser.add_argument("--cases", type=Path, required=True)
    parser.add_argument("--alone", action="store_true", help="without knip and depcheck")
    return parser.parse_args()


def _known(options: argparse.Namespace, by_commit: Mapping[str, list[Case]]) -> Iterator[tuple[str, list[Case]]]:
    for commit, cases in by_commit.items():
        try:
            open_commit(options.repo, commit)
        except UsageError:
            continue
        yield commit, cases


def _commit(repo: Path, commit: str, cases: list[Case], *, peers_too: bool) -> bool:
    base = take_snapshot(open_commit(repo, commit), Remembered())
    before = undeclared(base)
    print(f"\n## {cases[0].get('repo', repo)} {commit[:12]}: {len(cases)} cases, {len(base.sources)} files\n")
    missed = [case for case in cases if _pair(case) not in undeclared(mutated(base, [case]))]
    _recall(cases, missed)
    _beside(repo, base, cases, before, peers_too=peers_too)
    print(f"\nReported on the unmutated tree, to be judged ({len(before)}):")
    for (folder, name), place in sorted(before.items()):
        print(f"  {folder}  {name}  {place}")
    return len(missed) * 100 <= len(cases) and not any(_must(case) for case in missed)


def _pair(case: Case) -> peers.Pair:
    return case["app_dir"], case["dependency"]


def _must(case: Case) -> bool:
    return case["kind"] == "workspace" or case["also_in_root"] == "yes"


def _recall(cases: list[Case], missed: list[Case]) -> None:
    groups: dict[str, Callable[[Case], bool]] = {
        "overall": lambda _: True,
        "workspace": lambda case: case["kind"] == "workspace",
        "also in root": lambda case: case["also_in_root"] == "yes",
    }
    for name, belongs in groups.items():
        counted = Counter(case in missed for case in cases if belongs(case))
        print(f"recall, one at a time, {name}: {counted[False]} of {counted.total()}")
    for case in missed:
        print(f"  missed: {case['app_dir']}  {case['dependency']}  {case.get('imported_in')}")


def _beside(repo: Path, base: Snapshot, cases: list[Case], before: Iterable[peers.Pair], *, peers_too: bool) -> None:
    """Print the table of all cases at once: each tool's recall, what it reports unasked, and what a cold run costs."""
    SCRATCH.mkdir(parents=True, exist_ok=True)
    commit = base.tree.commit or ""
    argv = [ALECIA, "audit", str(repo), "--rev", commit, "--format", "json"]
    cpu, peak = peers.measured(["env", f"XDG_CACHE_HOME={_empty('cache')}", *argv], SCRATCH, SCRATCH / "alecia.json")
    after = frozenset(undeclared(mutated(base, cases)))
    rows = {"alecia": (peers.Run(frozenset(before), cpu, peak), after)}
    if peers_too:
        rows |= _peers(repo, base, cases)
    print("\n| all at once | recall | reported on the unmutated tree | CPU s (cold) | peak MB |\n|---|---|---|---|---|")
    wanted = {_pair(case) for case in cases}
    for name, (run, found) in rows.items():
        print(
            f"| {name} | {len(wanted & found)} of {len(wanted)} | {len(run.pairs)} | {run.cpu:.1f} | {run.peak:.0f} |"
        )


def _peers(repo: Path, base: Snapshot, cases: list[Case]) -> dict[str, tuple[peers.Run, frozenset[peers.Pair]]]:
    tools = peers.install(SCRATCH / "tools")
    folders = [".", *base.workspace.packages]

    def owner(path: str) -> str:
        return base.workspace.owner(path).dir

    tree = _checkout(repo, base.tree.commit or "")
    plain = peers.knip(tools, tree, owner), peers.depcheck(tools, tree, folders)
    for path, data in without(base.tree, cases).items():
        (tree / path).write_bytes(data)
    changed = peers.knip(tools, tree, owner), peers.depcheck(tools, tree, folders)
    return {name: (plain[at], changed[at].pairs) for at, name in enumerate(("knip", "depcheck"))}


def _checkout(repo: Path, commit: str) -> Path:
    tree = _empty("checkout")
    archive = subprocess.Popen(["git", "-C", str(repo), "archive", commit], stdout=subprocess.PIPE)
    subprocess.run(["tar", "-x", "-C", str(tree)], stdin=archive.stdout, check=True)
    if archive.wait():
        sys.exit(f"error: git archive of {commit} failed")
    return tree


def _empty(name: str) -> Path:
    folder = SCRATCH / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


if __name__ == "__main__":
    sys.exit(main())
