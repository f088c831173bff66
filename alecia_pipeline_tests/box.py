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


def open_box(other: str = "") -> Sandbox:
    """Bring the tests' sandbox up, which a second time changes nothing, and return it; `other` names a further one."""
    box = Sandbox(STATE.with_name(STATE.name + other), NAME + other)
    box.up(print)
    return box


def close_boxes() -> None:
    """Stop the tests' sandboxes, and the engine if the first of them started it; what they hold stays."""
    others = [one.name.removeprefix(STATE.name) for one in STATE.parent.glob(f"{STATE.name}-*")]
    for other in [*others, ""]:
        Sandbox(STATE.with_name(STATE.name + other), NAME + other).down(print)


def main(command: list[str]) -> int:
    """Run a command in the open sandbox, and close all that it opened; return its exit status.

    Before the tests share themselves out: whoever starts the engine may stop it, and that must be none of them.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    open_box()
    try:
        return subprocess.run(command, check=False).returncode
    finally:
        close_boxes()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
