from dataclasses import replace

import pytest

from alecia_pipeline.release.model import Plan, Problem
from alecia_pipeline.release.plan import NOT_IN_CLONE, Keyed, Known, Scope, Unplanned, assemble_plan, decide
from alecia_pipeline.source.tree import ABSENT
from alecia_pipeline_tests.snapshots import keyed, snapshot

BEFORE = snapshot()
AFTER = snapshot({"apps/cms/src/server.ts": "// new\n"})
APPS = [keyed(AFTER, "cms"), keyed(AFTER, "website")]


def planned(known: dict[str, Known], *, since: str | None = None, affected: tuple[str, ...] | None = None) -> Plan:
    return assemble_plan(Scope("c" * 40, since, None, affected, ("m.sql",), ("caddy",)), APPS, known, 0.12345)


def test_since_compares_keys() -> None:
    known = {name: Known(before=keyed(BEFORE, name)) for name in ("cms", "website")}
    plan = planned(known, since="b" * 40, affected=("@mini/cms",))
    assert [(app.name, app.action) for app in plan.apps] == [("cms", "build"), ("website", "reuse")]
    assert [cause.what for cause in plan.app("cms").causes] == ["apps/cms/src/server.ts"]
    assert plan.app("website").previous_key == plan.app("website").key
    assert (plan.packages_affected, plan.migrations, plan.seconds) == (("@mini/cms",), ("m.sql",), 0.123)
    assert plan.services == ("caddy", "cms")


def test_since_builds_what_was_no_app() -> None:
    app = planned({}, since="b" * 40).app("cms")
    assert (app.action, app.causes[0].kind, app.previous_key) == ("build", "new", None)


def test_the_registry_decides_without_since() -> None:
    plan = planned({"cms": Known(unknown=None), "website": Known(image="r/website@sha256:a", unknown=None)})
    assert [(app.name, app.action, app.image) for app in plan.apps] == [
        ("cms", "build", None),
        ("website", "reuse", "r/website@sha256:a"),
    ]
    assert plan.app("cms").causes[0].detail == "the registry has no image for this key"
    assert plan.packages_affected == ("@mini/cms",)


def test_the_deployed_commit_tells_the_causes() -> None:
    plan = planned({"cms": Known(before=keyed(BEFORE, "cms"), unknown=None)})
    assert [cause.kind for cause in plan.app("cms").causes] == ["file"]


def test_differences_do_not_hide_that_the_registry_was_silent() -> None:
    app = planned({"cms": Known(before=keyed(BEFORE, "cms"), unknown="it does not answer")}).app("cms")
    assert [(cause.kind, cause.detail) for cause in app.causes] == [
        ("file", "changed"),
        ("unknown", "it does not answer"),
    ]


def test_an_image_that_is_lost_is_built_though_nothing_changed() -> None:
    app = planned({"website": Known(before=keyed(AFTER, "website"), unknown=None)}).app("website")
    assert (app.action, app.causes[0].kind) == ("build", "new")


def test_without_a_registry_nothing_is_reused() -> None:
    plan = planned({})
    assert {app.action for app in plan.apps} == {"build"}
    assert {cause.kind for app in plan.apps for cause in app.causes} == {"unknown"}


BROKEN = keyed(snapshot({"apps/cms/Dockerfile": "FROM node\nCOPY dist ./\n"}), "cms")
NOT_COPIED = ("unknown", "COPY dist")


@pytest.mark.parametrize(
    ("known", "since", "causes"),
    [
        (Known(before=keyed(BEFORE, "cms"), unknown=None), None, ["dockerfile", NOT_COPIED]),
        (Known(before=BROKEN, unknown=None), None, [NOT_COPIED]),
        (Known(before=BROKEN), "b" * 40, [NOT_COPIED]),
        (Known(), "b" * 40, ["new", NOT_COPIED]),
        (Known(unknown=None), None, [NOT_COPIED]),
    ],
)
def test_what_copies_files_that_are_not_there_is_never_reused(
    known: Known, since: str | None, causes: list[object]
) -> None:
    decided = decide(BROKEN, known, since=since)
    assert (decided.action, decided.key) == ("build", BROKEN.key)
    assert decided.problem is not None
    assert decided.problem.what == "apps/cms/Dockerfile copies what the build would not find"
    found = [(cause.kind, cause.what) if cause.kind == "unknown" else cause.kind for cause in decided.causes]
    assert set(causes) <= set(found)


def test_an_image_that_is_there_has_found_all_that_it_copies() -> None:
    decided = decide(BROKEN, Known(image="r/cms@sha256:a", unknown=None), since=None)
    assert (decided.action, decided.problem) == ("reuse", None)


PROBLEM = Problem(what="x does not parse", where="x:3", why="a brace is missing", fix="mend it")


@pytest.mark.parametrize(
    ("problem", "detail"),
    [
        (PROBLEM, "x does not parse (x:3): a brace is missing"),
        (PROBLEM.model_copy(update={"where": "x", "why": None}), "x does not parse"),
    ],
)
def test_an_app_that_cannot_be_planned_is_to_be_built_and_says_why(problem: Problem, detail: str) -> None:
    scope = Scope("c" * 40, "b" * 40, None, None, (), ())
    known = {"cms": Known(before=keyed(BEFORE, "cms")), "website": Known(before=keyed(AFTER, "website"))}
    plan = assemble_plan(scope, [Unplanned(APPS[0].app, problem), APPS[1]], known, 0)
    cms = plan.app("cms")
    assert (cms.action, cms.key, cms.previous_key, cms.problem) == ("build", "", keyed(BEFORE, "cms").key, problem)
    assert [(cause.kind, cause.what, cause.detail) for cause in cms.causes] == [("unknown", "cms", detail)]
    assert plan.app("website").action == "reuse"
    assert plan.services == ("cms",)
    alone = assemble_plan(scope, [Unplanned(APPS[0].app, problem)], {}, 0)
    assert alone.app("cms").previous_key is None


def test_an_app_that_could_not_be_planned_before_is_to_be_built() -> None:
    app = planned({"cms": Known(lost="x does not parse")}, since="b" * 40).app("cms")
    assert [(cause.kind, cause.detail) for cause in app.causes] == [("unknown", f"at {'b' * 12}: x does not parse")]
    assert app.action == "build"


def test_a_file_that_this_clone_lacks_is_a_cause() -> None:
    context = APPS[0].context
    part = context.parts["apps/cms"]
    last = part.files[-1]
    absent = replace(part, files=(*part.files[:-1], last._replace(mode=last.mode + ABSENT)))
    lacking = Keyed(replace(context, parts={**context.parts, "apps/cms": absent}), APPS[0].fields)
    causes = decide(lacking, Known(unknown=None), since=None).causes
    assert [(cause.kind, cause.what, cause.detail) for cause in causes] == [("unknown", last.path, NOT_IN_CLONE)]
