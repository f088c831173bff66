"""Whom an image runs as."""

from alecia_pipeline.images.checks.check import USER, Check
from alecia_pipeline.images.checks.layers import PASSWORDS, Contents

_ROOT = frozenset({"", "root", "0"})
_FIX = "add `USER node` (or another user of the image) to the last stage; or allow it: apps.<app>.checks.root: true"


def judge_user(declared: str | None, contents: Contents, *, root_allowed: bool) -> Check:
    """Return the verdict on the user that the image, or its compose service, declares: `name[:group]` or a number."""
    name = (declared or "").partition(":")[0].strip()
    if name.lstrip("0") not in _ROOT and _number(name, contents) != 0:
        return Check(what=USER, ok=True, found=f"runs as {name}")
    who = f"{name} is root" if name else "no user is declared, so it runs as root"
    if root_allowed:
        return Check(what=USER, ok=True, found=f"{who}, as alecia.yaml allows")
    return Check(what=USER, ok=False, found=who, fix=_FIX)


def _number(name: str, contents: Contents) -> int | None:
    """Return the number that a layer above the base gives a user; None where none does."""
    for line in contents.texts.get(PASSWORDS, b"").decode(errors="replace").splitlines():
        known, *rest = line.split(":")
        if known == name and len(rest) > 1 and rest[1].isdecimal():
            return int(rest[1])
    return None
