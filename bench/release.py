"""`make bench`: medians of what a user waits for, measured on the demo's scratch copy and sandbox.

Prints a Markdown table. Run `make demo` first: the figures are those of an environment that is up and unchanged.
"""

import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REPO = ROOT / ".cache" / "demo" / "alepanel"
RUNNER_FILE = ROOT / ".cache" / "demo" / "alecia.sandbox.yaml"
ALECIA = str(Path(sys.executable).with_name("alecia"))

RUNS = 5

COMMANDS = {
    "no-op release": [ALECIA, "--config", str(RUNNER_FILE), "release", "--env", "staging", "--repo", str(REPO)],
    "plan": [ALECIA, "--config", str(RUNNER_FILE), "plan", str(REPO)],
    "audit": [ALECIA, "audit", str(REPO)],
    "status": [ALECIA, "--config", str(RUNNER_FILE), "status", "--env", "staging", "--repo", str(REPO)],
}


def main() -> int:
    """Time each command; return 1 when the demo was not run, or a command failed."""
    if not RUNNER_FILE.is_file():
        print("error: there is nothing to measure yet\n  fix: make demo", file=sys.stderr)
        return 1
    print(f"| command | median of {RUNS} (s) | fastest | slowest |\n|---|---|---|---|")
    for name, command in COMMANDS.items():
        seconds = [timed(command) for _ in range(RUNS)]
        print(f"| {name} | {statistics.median(seconds):.1f} | {min(seconds):.1f} | {max(seconds):.1f} |", flush=True)
    print(f"| make check (1 run) | {timed(['make', '-C', str(ROOT), 'check']):.1f} | | |")
    return 0


def timed(command: list[str]) -> float:
    """Return the wall seconds of one run. Exits with the command's own error when it fails."""
    started = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"error: {' '.join(command)} ended with {done.returncode}\n{done.stderr[-2000:]}")
    return time.monotonic() - started


if __name__ == "__main__":
    sys.exit(main())
