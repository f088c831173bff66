"""How much larger an image is than the one before it."""

from dataclasses import dataclass

from alecia_pipeline.images.checks.check import SIZE, Check, not_judged

GROWTH = 0.2
"""A fifth more than before is told, from MIN_GROWTH on."""

MIN_GROWTH = 5_000_000
"""Bytes, compressed: less than this is no news even for a small image."""

_MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Earlier:
    """An image of the same app. `size`: bytes of config and layers, compressed; `what`: where it was found."""

    digest: str
    size: int
    what: str


def judge_size(digest: str, size: int, earlier: Earlier | None) -> Check:
    """Return the verdict. `size`: bytes of config and layers, compressed, as they are pulled."""
    now = f"{size / _MEGABYTE:.1f} MB"
    if earlier is None:
        return not_judged(SIZE, f"{now}; the registry has no earlier image of this app", severity="info")
    if earlier.digest == digest:
        return Check(what=SIZE, ok=True, severity="warning", found=f"{now}; the same image as {earlier.what}")
    grown = size - earlier.size
    before = f"{earlier.size / _MEGABYTE:.1f} MB ({earlier.what})"
    change = f"{100 * grown / max(1, earlier.size):+.1f} %"
    if grown > MIN_GROWTH and grown > GROWTH * earlier.size:
        fix = (
            "`alecia build --verify-context` and `docker history` show what came in; a smaller last stage takes it out"
        )
        return Check(what=SIZE, ok=False, severity="warning", found=f"{now} after {before}, {change}", fix=fix)
    return Check(what=SIZE, ok=True, severity="warning", found=f"{now} after {before}, {change}")
