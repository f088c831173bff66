import json
import subprocess

import pytest

from alecia_pipeline.audit.manifests.regeneration import BASE_IMAGE, MAX_DIFF_LINES, SCRIPT, Regeneration, regeneration
from alecia_pipeline.audit.snapshot import Snapshot
from alecia_pipeline.errors import UsageError
from alecia_pipeline_tests.audit.snapshots import manifest, snapshot

LOCK = "lockfileVersion: '9.0'\nimporters:\n  .: {}\n"
STALE = {"apps/web/package.json": manifest("@x/web", dependencies={"is-odd": "^3.0.1"}), "pnpm-lock.yaml": LOCK}


def _root(version: str | None = "pnpm@9.8.0", **pnpm: object) -> str:
    return manifest("root", pnpm=pnpm, **({"packageManager": version} if version else {}))


def _stale(**files: str) -> Snapshot:
    return snapshot({"package.json": _root(), **STALE, **files})


def test_a_lockfile_that_agrees_needs_nothing() -> None:
    assert regeneration(snapshot({"package.json": _root(None), "pnpm-lock.yaml": LOCK}), {}) is None


def test_a_commit_without_lockfile_is_not_stale() -> None:
    assert regeneration(snapshot({"package.json": _root()}), {}) is None


def test_pnpm_gets_what_it_reads_and_nothing_else() -> None:
    files = {
        "package.json": _root("pnpm@9.8.0+sha512.abc", patchedDependencies={"a@1": "fixes/a.patch", "b@1": "../b"}),
        "fixes/a.patch": "a",
        "patches/c.patch": "c",
        "apps/web/src/index.ts": "export {};",
        ".pnpmfile.cjs": "process.exit(1)",
    }
    wanted = regeneration(snapshot({**STALE, **files}), {BASE_IMAGE: "docker-image://r.test/node@sha256:1"})
    assert wanted is not None
    assert sorted(wanted.files) == [
        "apps/web/package.json",
        "fixes/a.patch",
        "package.json",
        "patches/c.patch",
        "pnpm-lock.yaml",
        "pnpm-workspace.yaml",
    ]
    assert (wanted.image, wanted.pnpm) == ("r.test/node@sha256:1", "9.8.0")


def test_only_files_of_the_commit_are_read() -> None:
    wanted = regeneration(_stale(**{"patches/../../outside": "x"}), {})
    assert wanted is not None
    assert all(".." not in path for path in wanted.files)


def test_logins_of_the_npmrc_stay_at_home() -> None:
    lines = "shamefully-hoist=true\n//r.test/:_authToken=abc\n_password = x\n//r.test/:username=me\nregistry=r.test\n"
    wanted = regeneration(_stale(**{".npmrc": lines}), {})
    assert wanted is not None
    assert wanted.files[".npmrc"] == b"shamefully-hoist=true\nregistry=r.test\n"
    assert wanted.image == BASE_IMAGE


@pytest.mark.parametrize("version", [None, "yarn@4.0.0", "pnpm@9", "pnpm@9.8.0; rm -rf /"])
def test_without_a_pinned_pnpm_nothing_is_run(version: str | None) -> None:
    with pytest.raises(UsageError, match="no pnpm version"):
        regeneration(snapshot({**STALE, "package.json": _root(version)}), {})


def test_the_command_runs_no_code_of_the_repository() -> None:
    words = json.loads(Regeneration("i", "9.8.0", {}).command("/repo")[3])
    assert words[:7] == ["npx", "--yes", "pnpm@9.8.0", "--dir", "/repo", "install", "--lockfile-only"]
    assert {"--ignore-scripts", "--ignore-pnpmfile"} <= set(words)


def test_the_difference_is_a_unified_diff() -> None:
    wanted = Regeneration("i", "9.8.0", {"pnpm-lock.yaml": b"a\nb\n"})
    assert wanted.difference(b"a\nc\n") == (
        "```diff\n--- a/pnpm-lock.yaml\n+++ b/pnpm-lock.yaml\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n```"
    )
    assert not wanted.difference(b"a\nb\n")


def test_a_long_difference_is_cut_and_says_so() -> None:
    text = Regeneration("i", "9.8.0", {}).difference(b"x\n" * (MAX_DIFF_LINES + 7))
    assert text.count("\n+x") == MAX_DIFF_LINES - 3
    assert text.endswith("… and 10 more lines; `pnpm install --lockfile-only` writes them all")


@pytest.mark.parametrize(
    ("program", "seconds", "ok", "text"),
    [
        (["sh", "-c", "echo resolved; echo done"], "10", True, "resolved\ndone"),
        (["sh", "-c", "echo no such version >&2; exit 1"], "10", False, "no such version"),
        (["sleep", "60"], "0.2", False, "it took too long"),
        (["/no/such/program"], "10", False, "spawn /no/such/program ENOENT"),
    ],
)
def test_the_script_reports_how_it_ended(program: list[str], seconds: str, ok: bool, text: str) -> None:
    done = subprocess.run(
        ["node", "-e", SCRIPT, json.dumps(program), seconds], capture_output=True, text=True, timeout=30, check=True
    )
    said = [json.loads(line) for line in done.stderr.splitlines()]
    assert not done.stdout
    assert (said[0]["method"], said[-1]["method"]) == ("opened", "closed")
    assert said[-2]["params"]["payload"] == {"ok": ok, "text": text}
