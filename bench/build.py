"""`make bench-build`: a one-line change in website until its image is in the registry, beside plain docker.

Measured on the demo's scratch copy and sandbox (run `make demo` first): `docker build` and `docker push` by hand, and
`alecia build website`, in turn, each with a change of its own and a warm cache. Prints medians and their ratio.
"""

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from alecia_pipeline.adapters.sandbox.sandbox import Sandbox

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / ".cache" / "demo"
COPY = ROOT / ".cache" / "bench-build"
RUNNER_FILE = DEMO / "alecia.sandbox.yaml"
ALECIA = str(Path(sys.executable).with_name("alecia"))
PAGE = Path("apps") / "website" / "app" / "page.tsx"

RUNS = 5
"""Measured runs of each, after one that warms its cache."""


def main() -> int:
    """Measure; return 1 when the demo was not run."""
    if not RUNNER_FILE.is_file():
        print("error: there is nothing to measure on yet\n  fix: make demo", file=sys.stderr)
        return 1
    shutil.rmtree(COPY, ignore_errors=True)
    run(["git", "clone", "--quiet", str(DEMO / "alepanel"), str(COPY)], {})
    status = Sandbox().status()
    login = {"DOCKER_CONFIG": str(status.docker_config)}
    contexts: Mapping[str, str] = json.loads(status.build_contexts_file.read_text())
    reference = f"{status.registry}/bench/website:plain"
    stand_ins = [f"--build-context={name}={source}" for name, source in contexts.items()]
    build = ["docker", "build", "--quiet", "--file=apps/website/Dockerfile", "--tag", reference, *stand_ins, "."]

    def plain() -> None:
        run(build, login)
        run(["docker", "push", "--quiet", reference], login)

    def own() -> None:
        run([ALECIA, "--config", str(RUNNER_FILE), "build", "website", "--env", "staging", "--repo", str(COPY)], {})

    ways: Mapping[str, Callable[[], None]] = {"docker build + docker push": plain, "alecia build": own}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(RUNS + 1):
        for name, way in ways.items():
            taken = timed(way)
            if number:
                seconds[name].append(taken)
    print(f"| way | median of {RUNS} (s) | fastest | slowest |\n|---|---|---|---|")
    for name, found in seconds.items():
        print(f"| {name} | {statistics.median(found):.1f} | {min(found):.1f} | {max(found):.1f} |")
    medians = [statistics.median(found) for found in seconds.values()]
    print(f"\nratio: {medians[1] / medians[0]:.2f}")
    return 0


def timed(way: Callable[[], None]) -> float:
    """Change one line, commit it, and return the wall seconds of one run."""
    page = COPY / PAGE
    page.write_text(re.sub(r"<h1[^>]*>", f'<h1 data-bench="{time.monotonic_ns()}">', page.read_text(), count=1))
    run(["git", "-c", "user.name=bench", "-c", "user.email=bench@localhost", "commit", "-qam", "one line"], {})
    started = time.monotonic()
    way()
    return time.monotonic() - started


def run(argv: list[str], environment: Mapping[str, str]) -> None:
    """Run a command in the copy. Exits with the command's own error when it fails."""
    folder = COPY if COPY.is_dir() else ROOT
    done = subprocess.run(
        argv, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"error: {' '.join(argv)} ended with {done.returncode}\n{done.stderr[-2000:]}")


if __name__ == "__main__":
    sys.exit(main())
