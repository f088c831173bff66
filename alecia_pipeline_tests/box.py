"""The tests' own sandbox: one for each checkout, so that two never meet, and a user's own is left alone."""

import hashlib
import signal
import subprocess
import sys
from pathlib import Path

from alecia_pipeline.adapters.sandbox.sandbox import Sandbox

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "examples" / "alepanel"
STATE = ROOT / ".cache" / "test-sandbox"
NAME = f"alecia-test-{hashlib.sha256(str(ROOT).encode()).hexdigest()[:6]}"


def sample_files() -> dict[str, bytes]:
    """Return the sample's tracked files, as a checkout has them."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=SAMPLE, check=True, capture_output=True).stdout.decode()
    return {name: (SAMPLE / name).read_bytes() for name in listed.split("\0") if name}


def open_box(other: str = "") -> Sandbox:
    """Bring the tests' sandbox up, which a second time changes nothing, and return it; `other` names a further one."""
    box = Sandbox(STATE.with_name(STATE.name + other), NAME + other)
    box.up(print)
    return box


def boxes() -> list[Sandbox]:
    """Return the tests' sandboxes that were opened; last the first one, which may have started the engine."""
    found = [one.name.removeprefix(STATE.name) for one in STATE.parent.glob(f"{STATE.name}*")]
    return [Sandbox(STATE.with_name(STATE.name + other), NAME + other) for other in sorted(found, reverse=True)]


def main(command: list[str]) -> int:
    """Run a command in the open sandbox, then stop all that it opened; return its exit status. `--reset`: remove all.

    What the sandboxes hold stays: the next run finds the images that this one built. The first is opened before the
    tests share themselves out: whoever starts the engine may stop it, and that must be none of them.
    """
    if command == ["--reset"]:
        for box in boxes():
            box.reset(print)
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    open_box()
    try:
        return subprocess.run(command, check=False).returncode
    finally:
        for box in boxes():
            box.down(print)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
