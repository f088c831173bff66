"""A plan as a person reads it."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from alecia_pipeline.images.reference import DIGEST_DIGITS
from alecia_pipeline.release.model import AppPlan, Cause, Plan

SHOWN_CAUSES = 5
KEY_DIGITS = 12

_STYLES = {"build": "bold yellow", "reuse": "green"}


def print_plan(plan: Plan, console: Console) -> None:
    """Print the apps with their causes, then what else a release would do, then the sum."""
    console.print(_headline(plan), style="bold")
    if plan.apps:
        console.print(_table(plan))
    for title, names in (
        ("packages affected", plan.packages_affected),
        ("migrations", plan.migrations),
        ("services", plan.services),
    ):
        if names:
            console.print(Text.assemble((f"{title}: ", "bold"), ", ".join(names)))
    console.print(_summary(plan))


def _headline(plan: Plan) -> str:
    against = f" against {plan.since[:12]}" if plan.since else ""
    where = f" for {plan.environment}" if plan.environment else ""
    return f"Plan of {plan.commit[:12]}{where}{against}"


def _table(plan: Plan) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("app", "action", "key", "why"):
        table.add_column(name, no_wrap=name != "why", overflow="fold")
    for app in plan.apps:
        table.add_row(app.name, Text(app.action, _STYLES[app.action]), app.key[:KEY_DIGITS], _why(app))
    return table


def _why(app: AppPlan) -> Text:
    if app.action == "reuse":
        digest = (app.image or "").partition("@")[2][:DIGEST_DIGITS]
        return Text(f"in the registry: {digest}" if digest else "the key is the same", "dim")
    lines = [_line(cause) for cause in app.causes[:SHOWN_CAUSES]]
    more = len(app.causes) - SHOWN_CAUSES
    return Text("\n".join([*lines, f"… and {more} more"] if more > 0 else lines))


def _line(cause: Cause) -> str:
    return f"{cause.kind.replace('_', ' ')}: {cause.what} ({cause.detail})"


def _summary(plan: Plan) -> Text:
    built = sum(app.action == "build" for app in plan.apps)
    if not plan.apps:
        return Text("no app: no workspace package has a Dockerfile")
    return Text(f"{built} to build, {len(plan.apps) - built} to reuse, planned in {plan.seconds:.2f} s")
