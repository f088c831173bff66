"""The tests' own sandbox: one for each checkout, so that two never meet, and a user's own is left alone."""

import hashlib
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


if __name__ == "__main__":
    # Before the tests share themselves out: whoever starts the engine may stop it, and that must be none of them.
    open_box()
