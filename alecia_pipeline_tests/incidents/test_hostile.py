"""Repositories made to harm: nothing of them is run, nothing outside of them is touched, and time and memory end."""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from alecia_pipeline_tests.conftest import Repository, git, write
from alecia_pipeline_tests.incidents.suite import SUITE

SECONDS = 60
"""Of CPU. The slowest case takes a few on a quiet machine."""

MEMORY = 1_500_000_000
"""Bytes of address space, libraries and mapped files included."""

COMMAND = (sys.executable, "-c", "import sys; from alecia_pipeline.cli.main import main; main(sys.argv[1:])")
COLAB = "apps/colab/package.json"
LOCK = "lockfileVersion: '9.0'\n\nimporters:\n\n  .: {}\n"


def _limits() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _audit(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a user would, in a process with limits."""
    return subprocess.run(
        [*COMMAND, "audit", str(folder), *options],
        preexec_fn=_limits,
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )


def _handled(done: subprocess.CompletedProcess[str]) -> bool:
    """Whether it ended as a command should: findings, or one clear error."""
    clear = done.returncode in {0, 1} or (done.returncode == 2 and "where:" in done.stderr)
    return clear and "Traceback" not in done.stderr


def _booby_trapped(marker: Path) -> Mapping[str, str]:
    """Every kind of file that some tool would execute; each would write the marker."""
    js = f'require("fs").writeFileSync({json.dumps(str(marker))}, "run");\n'
    module = f'import {{ writeFileSync }} from "node:fs";\nwriteFileSync({json.dumps(str(marker))}, "run");\n'
    touch = f"touch {marker}"
    scripts = dict.fromkeys(("preinstall", "install", "postinstall", "prepare", "pnpm:devPreinstall"), touch)
    root = {"name": "root", "private": True, "packageManager": "pnpm@9.8.0", "scripts": scripts}
    return {
        "package.json": json.dumps(root),
        "pnpm-workspace.yaml": "packages: [packages/*]\n",
        "pnpm-lock.yaml": LOCK,
        ".pnpmfile.cjs": js,
        ".npmrc": "node-options=--require ./patches/evil.js\nscript-shell=./x.sh\nglobal-pnpmfile=.pnpmfile.cjs\n",
        "patches/evil.js": js,
        "packages/a/package.json": json.dumps({"name": "a", "scripts": scripts, "dependencies": {"b": "workspace:*"}}),
        "packages/a/index.ts": 'import "c";\n',
        "packages/b/package.json": json.dumps({"name": "b"}),
        "packages/c/package.json": json.dumps({"name": "c"}),
        **{f"packages/a/{name}.config.js": js for name in ("next", "vite", "tailwind", "postcss", "jest", "tsup")},
        **{f"packages/a/{name}.config.mjs": module for name in ("eslint", "vitest", "prettier", "astro", "svelte")},
        **{f"packages/a/{name}.config.ts": module for name in ("drizzle", "playwright", "knip")},
        "packages/a/.eslintrc.cjs": js,
        "packages/a/babel.config.cjs": js,
        "packages/a/.storybook/main.ts": module,
    }


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    return tmp_path / "executed"


def test_no_config_is_executed(repository: Repository, marker: Path) -> None:
    folder = repository(_booby_trapped(marker))
    git(folder, "config", "core.fsmonitor", f"touch {marker}")
    git(folder, "config", "core.hooksPath", str(folder))
    for options in ((), ("--worktree",), ("--format", "sarif")):
        done = _audit(folder, *options)
        assert done.returncode == 1, done.stderr
    assert not marker.exists()


def _fixed(folder: Path, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """Run `--fix` with the real npx, and with a home of its own."""
    environment = {**os.environ, "HOME": str(tmp_path / "home")}
    (tmp_path / "home").mkdir()
    argv = [*COMMAND, "audit", str(folder), "--fix", "--yes"]
    return subprocess.run(argv, env=environment, capture_output=True, text=True, check=False, timeout=280)


@pytest.mark.engine
def test_no_config_is_executed_by_a_fix(repository: Repository, marker: Path, tmp_path: Path) -> None:
    folder = repository(_booby_trapped(marker))
    done = _fixed(folder, tmp_path)
    assert done.returncode == 0, done.stderr
    assert '"c":"workspace:*"' in (folder / "packages/a/package.json").read_text()
    assert "packages/a:" in (folder / "pnpm-lock.yaml").read_text()
    assert not marker.exists()


def test_a_fix_writes_through_no_symlink(repository: Repository, tmp_path: Path, marker: Path) -> None:
    """The folder of a package was exchanged for a link after the commit."""
    folder = repository({**_booby_trapped(marker), "pnpm-lock.yaml": LOCK})
    outside = tmp_path / "outside"
    (folder / "packages/a").rename(outside)
    (folder / "packages/a").symlink_to(outside)
    before = (outside / "package.json").read_text()
    done = _audit(folder, "--fix", "--yes")
    assert "Traceback" not in done.stderr
    assert (outside / "package.json").read_text() == before


def test_symlinks_out_of_the_repository_are_not_followed(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "secret.ts").write_text('import "from-outside";\n')
    folder = repository(SUITE)
    (folder / "apps/colab/lib/link.ts").symlink_to(tmp_path / "secret.ts")
    (folder / "apps/colab/lib/loop.ts").symlink_to("loop.ts")
    (folder / "apps/colab/lib/folder").symlink_to(tmp_path)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=links")
    for options in ((), ("--worktree",)):
        done = _audit(folder, "--format", "json", *options)
        assert _handled(done), done.stderr
        assert "from-outside" not in done.stdout


def _bomb(levels: int = 24) -> str:
    anchors = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9) if n else '1'}]" for n in range(levels)]
    return "\n".join(anchors) + "\n"


HOSTILE: Mapping[str, Mapping[str, str | bytes]] = {
    "a million dependencies": {
        COLAB: '{"name": "@alecia/colab", "dependencies": {' + ",".join(map('"d%d": "1"'.__mod__, range(10**6))) + "}}"
    },
    "an alias bomb in the lockfile": {"pnpm-lock.yaml": _bomb()},
    "an alias bomb in the workspace": {"pnpm-workspace.yaml": _bomb()},
    "an alias bomb in compose": {"compose.yaml": _bomb()},
    "deep JSON": {"package.json": '{"a":' * 100_000 + "1" + "}" * 100_000},
    "deep YAML": {"pnpm-workspace.yaml": "[" * 100_000},
    "deep code": {"apps/colab/lib/deep.ts": "(" * 200_000},
    "deep JSX": {"apps/colab/lib/deep.tsx": "export default " + "<a>" * 50_000},
    "a large source": {"apps/colab/lib/large.ts": b'import "pg";\n' + b"const a = 1;\n" * 4_000_000},
    "a large line": {"apps/colab/lib/line.ts": b"const a = '" + b"x" * 3_900_000 + b"';"},
    "a million imports": {"apps/colab/lib/many.ts": 'import "./s3";\n' * 260_000},
    "a binary named .ts": {"apps/colab/lib/video.ts": bytes(range(256)) * 4000},
    "no UTF-8 in code": {"apps/colab/lib/latin.ts": b'import "\xff\xfe";\nconst \xe9 = 1;\n'},
    "no UTF-8 in a manifest": {COLAB: b'{"name": "\xff"}'},
    "a manifest with a BOM and CRLF": {
        "apps/colab/package.json": b"\xef\xbb\xbf"
        + str(SUITE["apps/colab/package.json"]).replace("\n", "\r\n").encode()
    },
    "code with a BOM and CRLF": {"apps/colab/lib/bom.ts": b'\xef\xbb\xbfimport "./s3";\r\nexport {};\r\n'},
    "tsconfigs that extend each other": {
        "apps/colab/tsconfig.json": '{"extends": "./tsconfig.other.json"}',
        "apps/colab/tsconfig.other.json": '{"extends": "./tsconfig.json"}',
    },
    "a slow pattern in an ignore file": {".dockerignore": "*a" * 60 + "b\n", "a" * 200 + ".ts": ""},
    "a slow pattern in the workspace": {
        "pnpm-workspace.yaml": f"packages: ['apps/*', 'packages/*', '{'*a' * 60}b']\n",
        "a" * 200 + "/package.json": "{}",
    },
    "names that are commands": {"apps/colab/lib/$(touch x)\x1b[2J\n.ts": 'import "pg";\n'},
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_input_ends_in_time_and_memory(name: str, repository: Repository) -> None:
    done = _audit(repository({**SUITE, **HOSTILE[name]}))
    assert _handled(done), f"{done.returncode}\n{done.stderr[-3000:]}"


def test_a_pipe_among_the_files_is_not_waited_for(repository: Repository) -> None:
    folder = repository(SUITE)
    os.mkfifo(folder / "apps/colab/lib/pipe.ts")
    assert _handled(_audit(folder, "--worktree"))


def test_a_report_does_not_depend_on_the_order_of_files(repository: Repository) -> None:
    files = {**SUITE, "apps/colab/lib/a.ts": 'import "one";\nimport "two";\n', "apps/website/b.ts": 'import "three";\n'}
    first = json.loads(_audit(repository(files), "--format", "json").stdout)["findings"]
    again = repository({})
    write(again, dict(reversed(files.items())))
    second = json.loads(_audit(again, "--worktree", "--format", "json").stdout)["findings"]
    assert first == second
    assert len(first) >= 3
