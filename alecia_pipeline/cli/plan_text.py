"""A plan as a person reads it: what it is about, what happens to each app and why, what that means, the sum."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from alecia_pipeline.images.layers import MEGABYTE
from alecia_pipeline.images.reference import DIGEST_DIGITS, pinned_image
from alecia_pipeline.release.model import AppPlan, Cause, Plan
from alecia_pipeline.release.plan import COMMIT_DIGITS

SHOWN_CAUSES = 5
"""Of an app; how many more there are is said."""

SHOWN_NAMES = 12
"""Of packages, SQL files and services."""

KEY_DIGITS = 12

_DIGEST = re.compile("sha256:[0-9a-f]{64}")

_NARROWEST = 20
"""Columns for words, however narrow the terminal is."""


@dataclass(frozen=True)
class _Line:
    """A word, and beside it, from column `at` on, what it is about: folded there where the terminal ends."""

    word: Text
    at: int
    text: Text

    def print(self, console: Console) -> None:
        width = max(_NARROWEST, console.width - self.at)
        for number, part in enumerate(self.text.wrap(console, width)):
            part.rstrip()
            start = self.word if number == 0 else Text()
            console.print(Text.assemble(start, " " * (self.at - len(start)), part))


def print_plan(plan: Plan, console: Console) -> None:
    """Print the commit and what it is compared with, the apps with their causes, what else a release does, the sum."""
    console.print(Text.assemble((plan.commit[:COMMIT_DIGITS], "bold cyan"), "  ", (plan.subject, "bold")))
    console.print(Text(_against(plan), "dim"))
    for lines in (list(_apps(plan)), list(_effects(plan))):
        if lines:
            console.print()
        for line in lines:
            line.print(console)
    console.print()
    console.print(_sum(plan))


def _against(plan: Plan) -> str:
    if plan.since:
        return f"against {plan.since[:COMMIT_DIGITS]}"
    if plan.environment is None:
        return "against the images in the registry"
    return f"for {plan.environment}, " + (f"which runs {plan.release}" if plan.release else "where nothing runs yet")


def _apps(plan: Plan) -> Iterator[_Line]:
    built = [app for app in plan.apps if app.action == "build"]
    width = max((len(app.name) for app in built), default=0)
    for app in built:
        yield from _refused(app, width) if app.problem else _built(app, width)
    reused = [app for app in plan.apps if app.action == "reuse"]
    running = [app for app in reused if app.image and app.image == app.deployed]
    for apps in (running, [app for app in reused if app not in running]):
        if apps:
            yield from _reused(plan, apps)


def _built(app: AppPlan, width: int) -> Iterator[_Line]:
    if [cause.kind for cause in app.causes] in (["new"], ["unknown"]):
        why = app.causes[0].detail
        shown: Sequence[Cause] = ()
    else:
        why = _count(len(app.causes), "cause")
        shown = app.causes[:SHOWN_CAUSES]
    head = Text.assemble((app.name.ljust(width), "bold"), f"  {why}", (f"  key {_key(app)}", "dim"))
    yield _Line(Text("  build", "bold yellow"), 9, head)
    for cause in shown:
        text = Text.assemble(cause.what, ("  " + _short(cause.detail), "dim"))
        yield _Line(Text(f"{'':9}{cause.kind.replace('_', ' ')}", "cyan"), 21, text)
    more = len(app.causes) - len(shown) if shown else 0
    if more > 0:
        yield _Line(Text(), 21, Text(f"and {more} more", "dim"))


def _refused(app: AppPlan, width: int) -> Iterator[_Line]:
    problem = app.problem
    if problem:
        yield _Line(Text("  build", "bold red"), 9, Text.assemble((app.name.ljust(width), "bold"), f"  {problem.what}"))
        for name, text in (("where", problem.where), ("why", problem.why), ("fix", problem.fix)):
            if text:
                yield _Line(Text(f"{'':9}{name}", "cyan"), 21, Text(text))


def _reused(plan: Plan, apps: Sequence[AppPlan]) -> Iterator[_Line]:
    """Yield one line that says from where, and one of the apps: by which tag each is found, where a registry has it."""
    head = Text.assemble((_count(len(apps), "app"), "bold"), f"  {_source(plan, apps)}")
    yield _Line(Text("  reuse", "green"), 9, head)
    yield _Line(Text(), 9, Text(", ").join(_name(app) for app in apps))


def _name(app: AppPlan) -> Text:
    tag = f":key-{_key(app)}" if app.image else ""
    pull = f" {_bytes(app.pull_bytes)}" if app.pull_bytes else ""
    return Text.assemble(app.name, (tag + pull, "dim"))


def _source(plan: Plan, apps: Sequence[AppPlan]) -> str:
    """Return from where images are reused: all of `apps` run on the environment, or none does."""
    if not apps[0].image:
        return f"unchanged since {(plan.since or '')[:COMMIT_DIGITS]}"
    places = sorted({str(pinned_image(app.image or "")[0]).rpartition("/")[0] for app in apps})
    if apps[0].image != apps[0].deployed:
        return f"from {', '.join(places)}"
    other = [app.name for app in apps if app.previous_key not in {None, app.key}]
    same = f"; under another key, the image of {_some(other)} is the same" if other else ""
    return f"from {', '.join(places)}, {'runs' if len(apps) == 1 else 'all run'} already{same}"


def _effects(plan: Plan) -> Iterator[_Line]:
    lines = (
        ("affects", _some(plan.packages_affected)),
        ("migrates", _migrations(plan.migrations)),
        (_verb(plan), _services(plan)),
        ("pulls", _pulls(plan)),
    )
    for name, text in lines:
        if text:
            yield _Line(Text(f"  {name}", "cyan"), 12, Text(text))


def _migrations(paths: Sequence[str]) -> str:
    """Return the SQL files: their folder is said once."""
    folders = {path.rpartition("/")[0] for path in paths}
    if len(folders) != 1:
        return _some(paths)
    return f"{_some([path.rpartition('/')[2] for path in paths])} in {folders.pop()}"


def _verb(plan: Plan) -> str:
    if plan.environment is None:
        return "services"
    return "restarts" if plan.release else "starts"


def _services(plan: Plan) -> str:
    if plan.environment is None:
        return _some(plan.services)
    later = sorted(app.name for app in plan.apps if app.restarts is None and not app.problem)
    known = _some([name for name in plan.services if name not in later])
    until = f"{_some(later)}, unless the build gives the image that runs already" if later else ""
    return "; ".join(filter(None, (known, until))) or "nothing"


def _pulls(plan: Plan) -> str:
    if plan.environment is None:
        return ""
    later = [app.name for app in plan.apps if app.pull_bytes is None and app.action == "build" and not app.problem]
    known = _bytes(plan.pull_bytes) if plan.pull_bytes else ""
    built = f"what the {'build' if len(later) == 1 else 'builds'} of {_some(later)} will show" if later else ""
    return ", and ".join(filter(None, (known, built))) or "nothing"


def _sum(plan: Plan) -> Text:
    if not plan.apps:
        return Text("no app: no workspace package has a Dockerfile")
    built = sum(app.action == "build" for app in plan.apps)
    broken = sum(app.problem is not None for app in plan.apps)
    text = f"{built} to build, {len(plan.apps) - built} to reuse, planned in {plan.seconds:.2f} s"
    cannot = f"; {broken} cannot be built as the commit is" if broken else ""
    return Text.assemble((text, "bold"), (cannot, "bold red"))


def _some(names: Sequence[str]) -> str:
    """Return the first names, and how many more there are."""
    more = len(names) - SHOWN_NAMES
    return ", ".join(names[:SHOWN_NAMES]) + (f" and {more} more" if more > 0 else "")


def _count(count: int, what: str) -> str:
    return f"{count} {what}" + ("" if count == 1 else "s")


def _short(text: str) -> str:
    return _DIGEST.sub(lambda digest: digest[0][:DIGEST_DIGITS], text)


def _key(app: AppPlan) -> str:
    return app.key[:KEY_DIGITS]


def _bytes(count: int) -> str:
    return f"{count / MEGABYTE:.1f} MB" if count >= MEGABYTE / 10 else f"{count / 1000:.1f} kB"
