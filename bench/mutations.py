"""`make bench-mutations`: change each tracked file of the demo once, and see whether plans and BuildKit agree.

First, for each app and file: the plan says "build" exactly when BuildKit, given the pruned context, runs a step itself.
Then files outside an app's pruned context are changed, one by one, and the image is built from the *full* context: it
must keep its digest. Prints each disagreement; exit 1 when an image would have stayed stale.
"""

import argparse
import sys
import time
from pathlib import Path

from alecia_pipeline.operations.runner import Runner, load_config
from alecia_pipeline_tests.mutations import Bench

DEMO = Path(__file__).resolve().parent.parent / ".cache" / "demo"


def main() -> int:
    """Measure; return 1 when a plan missed a change."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repo", type=Path, default=DEMO / "alepanel")
    parser.add_argument("--config", default=str(DEMO / "alecia.sandbox.yaml"))
    parser.add_argument("--env", default="staging")
    parser.add_argument("--app", action="append", help="default: all")
    parser.add_argument("--outside", type=int, default=30, help="files outside the pruned context, per app")
    chosen = parser.parse_args()
    bench = Bench(Runner(chosen.repo, load_config(chosen.config, chosen.repo), lambda _: None), chosen.env)
    apps = chosen.app or [app.name for app in bench.start.apps]
    good = [agree(bench, app) & loses_nothing(bench, app, chosen.outside) for app in apps]
    return int(not all(good))


def agree(bench: Bench, app: str) -> bool:
    """Print how plans and BuildKit agree on one app; return whether nothing is missed."""
    started = time.monotonic()
    bench.build(app)
    unchanged = bench.first_step(app, bench.packed(bench.start, app))
    found = list(bench.mutate(app))
    missed = [each for each in found if each.missed]
    needless = [each for each in found if each.needless]
    built = sum(each.builds for each in found)
    print(
        f"{app}: {len(found)} files, {built} make the plan build; missed {len(missed)}, needless {len(needless)}; "
        f"unchanged: {unchanged or 'all from the cache'}; {time.monotonic() - started:.0f} s"
    )
    for each in missed:
        print(f"  missed    {each.path}: {each.step}")
    for each in needless:
        print(f"  needless  {each.path}")
    return not missed and unchanged is None


def loses_nothing(bench: Bench, app: str, count: int) -> bool:
    """Print whether the files outside an app's pruned context change its image; return whether none does."""
    started = time.monotonic()
    before = bench.digest_in_full(bench.start, app)
    files = bench.samples(app, count)
    lost = [path for path in files if bench.digest_in_full(bench.commit(path), app) != before]
    seconds = time.monotonic() - started
    print(
        f"{app}: {len(files)} of {len(bench.outside(app))} files outside, {len(lost)} change the image; {seconds:.0f} s"
    )
    for path in lost:
        print(f"  lost      {path}")
    return not lost


if __name__ == "__main__":
    sys.exit(main())
