"""Asset keys (docs/design.md): the one place that knows how they are spelt."""

import re

from dagster import AssetKey

LOCKFILE = AssetKey("lockfile")

STEPS = ("host", "secrets", "stack", "migrations", "release", "smoke")
"""The assets of an environment that are not apps."""


def source_key(folder: str) -> AssetKey:
    """`source/packages/ui`; the repository's root is `source/root`."""
    parts = ["root"] if folder == "." else [re.sub(r"[^\w.-]", "_", part) for part in folder.split("/")]
    return AssetKey(["source", *parts])


def audit_key(app: str) -> AssetKey:
    """`audit/website`."""
    return AssetKey(["audit", app])


def image_key(app: str, environment: str | None) -> AssetKey:
    """`image/website`, or `image/colab/staging` where build arguments differ by environment."""
    return AssetKey(["image", app, *([environment] if environment else [])])


def environment_key(environment: str, name: str) -> AssetKey:
    """`staging/host`, `staging/website` and so on."""
    return AssetKey([environment, name])


def op_name(key: AssetKey) -> str:
    """Return the step's name: the key with `__` between its parts and `_` for what Python does not take."""
    return re.sub(r"\W", "_", "__".join(key.path))
