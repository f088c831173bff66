"""What pnpm would write in place of a stale lockfile: the inputs it needs, how it is called, the difference.

It runs in a container, on a copy of the files that it reads: no line of the repository's code is among them.
"""

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from alecia_pipeline.audit.manifests.lock import FIX, judge
from alecia_pipeline.audit.snapshot import Snapshot
from alecia_pipeline.errors import UsageError
from alecia_pipeline.source.documents import as_mapping, as_strings
from alecia_pipeline.source.lockfile import LOCKFILE
from alecia_pipeline.source.manifest import MANIFEST_FILE
from alecia_pipeline.source.workspace import WORKSPACE_FILE

BASE_IMAGE = "node:20-alpine"
SECONDS = 100
"""How long pnpm may take."""

MAX_DIFF_LINES = 400
"""A longer difference makes the page that shows it heavy; its line count is told below it."""

_STAND_IN = "docker-image://"
_SETTINGS = ".npmrc"
_PNPM = re.compile(r"pnpm@(\d+\.\d+\.\d+)(\+.*)?")
_CREDENTIAL = re.compile(rb"^[^=\n]*(_auth|_password|username|certfile|keyfile|:key)\w*\s*=", re.IGNORECASE)

SCRIPT = """\
const { spawn } = require("node:child_process");
const say = (method, params) =>
  process.stderr.write(JSON.stringify({ __dagster_pipes_version: "0.1", method, params }) + "\\n");
const log = (message) => say("log", { message, level: "INFO" });
const [program, ...words] = JSON.parse(process.argv[1]);
say("opened", { extras: {} });
const pnpm = spawn(program, words, { stdio: ["ignore", "pipe", "pipe"], timeout: Number(process.argv[2]) * 1000 });
const alive = setInterval(() => log("pnpm is at work"), 15000);
let tail = [];
const hear = (data) => {
  const lines = String(data).split("\\n").filter(Boolean);
  tail = [...tail, ...lines].slice(-5);
  lines.forEach(log);
};
pnpm.stdout.on("data", hear);
pnpm.stderr.on("data", hear);
pnpm.on("error", (error) => hear(error.message));
pnpm.on("close", (code, signal) => {
  clearInterval(alive);
  const status = { ok: code === 0, text: signal ? "it took too long" : tail.join("\\n") };
  say("report_custom_message", { payload: status });
  say("closed", {});
  process.exit(); // of a program that is not there, the timeout would be waited for
});
"""
"""Speaks Dagster's Pipes protocol in plain Node: what pnpm prints is logged, and how it ended is reported."""


@dataclass(frozen=True)
class Regeneration:
    """A stale lockfile: `files` is all that pnpm reads, `image` the Node image to run it in."""

    image: str
    pnpm: str
    files: Mapping[str, bytes]

    def install(self, folder: str) -> tuple[str, ...]:
        """Return pnpm's command for the files in `folder`. To be run elsewhere: npx obeys a .npmrc where it stands."""
        pnpm = ("npx", "--yes", f"pnpm@{self.pnpm}", "--dir", folder, *FIX.split()[1:])
        return (*pnpm, "--ignore-scripts", "--ignore-pnpmfile", "--no-frozen-lockfile", "--reporter=append-only")

    def command(self, folder: str) -> tuple[str, ...]:
        """Return the container's command: Node with SCRIPT, pnpm's own command, and its time limit in seconds."""
        return ("node", "-e", SCRIPT, json.dumps(self.install(folder)), f"{SECONDS}")

    def difference(self, written: bytes) -> str:
        """Return the unified diff from the commit's lockfile to what pnpm wrote, as Markdown; empty: none."""
        before = self.files.get(LOCKFILE, b"").decode(errors="replace").splitlines()
        after = written.decode(errors="replace").splitlines()
        lines = list(difflib.unified_diff(before, after, f"a/{LOCKFILE}", f"b/{LOCKFILE}", lineterm=""))
        if not lines:
            return ""
        rest = len(lines) - MAX_DIFF_LINES
        more = f"\n\n… and {rest} more lines; `{FIX}` writes them all" if rest > 0 else ""
        return "```diff\n" + "\n".join(lines[:MAX_DIFF_LINES]) + "\n```" + more


def regeneration(snapshot: Snapshot, contexts: Mapping[str, str]) -> Regeneration | None:
    """Return how to write a stale lockfile anew, None for one that is not stale.

    `contexts`: stand-ins for base images, as the builder's. Raises UsageError when no pnpm version is pinned.
    """
    if not any(judge(snapshot).importers.values()):
        return None
    image = contexts.get(BASE_IMAGE, BASE_IMAGE).removeprefix(_STAND_IN)
    return Regeneration(image, _pinned(snapshot), dict(_inputs(snapshot)))


def _pinned(snapshot: Snapshot) -> str:
    named = snapshot.workspace.root.manifest.package_manager
    found = _PNPM.fullmatch(named or "")
    if found is None:
        raise UsageError(
            "no pnpm version is pinned",
            where=f"{MANIFEST_FILE}: packageManager",
            why=f"it is {named!r}" if named else "it is not set",
            fix='write "packageManager": "pnpm@<version>"',
        )
    return found[1]


def _inputs(snapshot: Snapshot) -> Iterator[tuple[str, bytes]]:
    tree = snapshot.tree
    manifests = [package.manifest.path for package in snapshot.workspace.packages.values()]
    for path in (MANIFEST_FILE, LOCKFILE, WORKSPACE_FILE, *manifests, *_patches(snapshot)):
        if path in tree.entries and ".." not in path.split("/"):
            yield path, tree.read(path)
    if _SETTINGS in tree.entries:
        lines = tree.read(_SETTINGS).splitlines(keepends=True)
        yield _SETTINGS, b"".join(line for line in lines if not _CREDENTIAL.match(line))


def _patches(snapshot: Snapshot) -> Iterator[str]:
    """Patch files by the two places that name them."""
    root = snapshot.workspace.root.manifest
    own = as_mapping(root.raw.get("pnpm"), root.path, "pnpm")
    yield from as_strings(own.get("patchedDependencies"), root.path, "pnpm.patchedDependencies").values()
    yield from (path for path in snapshot.tree.entries if path.startswith("patches/"))
