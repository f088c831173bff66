"""What a plan looks like: at rest, with work to do, on a fresh host, with an app that cannot be planned."""

import io
from typing import Any

import pytest
from rich.console import Console

from alecia_pipeline.cli.plan_text import print_plan
from alecia_pipeline.release.model import AppPlan, Cause, Plan, Problem

REGISTRY = "ghcr.io/alecia"
OLD, NEW = "sha256:" + "a" * 64, "sha256:" + "b" * 64


def shown(plan: Plan, width: int = 100, *, terminal: bool = False) -> str:
    out = io.StringIO()
    print_plan(plan, Console(file=out, width=width, force_terminal=terminal, highlight=False, soft_wrap=True))
    assert terminal or all(line == line.rstrip() for line in out.getvalue().splitlines())
    return out.getvalue()


def app(name: str, **values: Any) -> AppPlan:
    own: dict[str, Any] = {
        "name": name,
        "package": f"@alecia/{name}",
        "dir": f"apps/{name}",
        "dockerfile": f"apps/{name}/Dockerfile",
        "target": None,
        "key": f"{name:0<64}"[:64],
        "previous_key": None,
        "action": "build",
        "causes": (Cause(kind="new", what=name, detail="the registry has no image for this key"),),
        "image": None,
    }
    return AppPlan(**{**own, **values})


def reused(name: str, deployed: str | None, pull: int | None, **values: Any) -> AppPlan:
    image = f"{REGISTRY}/{name}@{OLD}"
    known = {"image": image, "deployed": deployed and f"{REGISTRY}/{name}@{deployed}", "pull_bytes": pull}
    return app(name, action="reuse", causes=(), **{**known, "restarts": deployed != OLD, **values})


def plan(*apps: AppPlan, **values: Any) -> Plan:
    own: dict[str, Any] = {
        "commit": "4f2c1a9b0c1d" + "0" * 28,
        "since": None,
        "environment": "staging",
        "apps": apps,
        "packages_affected": (),
        "migrations": (),
        "services": (),
        "seconds": 0.0421,
        "subject": "Show the price of a seat",
        "release": "20261123-091233-1f0c9a2b",
    }
    return Plan(**{**own, **values})


def test_nothing_to_do_is_quiet() -> None:
    names = ("cms", "colab", "website")
    assert (
        shown(plan(*(reused(name, OLD, 0) for name in names), pull_bytes=0))
        == """\
4f2c1a9b0c1d  Show the price of a seat
for staging, which runs 20261123-091233-1f0c9a2b

  reuse  3 apps  from ghcr.io/alecia, all run already
         cms:key-cms000000000, colab:key-colab0000000, website:key-website00000

  restarts  nothing
  pulls     nothing

0 to build, 3 to reuse, planned in 0.04 s
"""
    )


def test_work_is_told_with_its_causes_and_what_it_does_there() -> None:
    causes = (
        Cause(kind="base_image", what="node:20-alpine", detail=f"{OLD} → {NEW}"),
        *(Cause(kind="file", what=f"packages/ui/src/{number}.tsx", detail="changed") for number in range(6)),
    )
    website = app("website", causes=causes, deployed=f"{REGISTRY}/website@{OLD}")
    one = plan(
        reused("cms", OLD, 0, previous_key="f" * 64),
        reused("colab", NEW, 12_345_678),
        website,
        packages_affected=("@alecia/ui", "@alecia/website"),
        migrations=("packages/db/migrations/0014_price.sql",),
        services=("colab", "website"),
        pull_bytes=12_345_678,
    )
    assert (
        shown(one)
        == """\
4f2c1a9b0c1d  Show the price of a seat
for staging, which runs 20261123-091233-1f0c9a2b

  build  website  7 causes  key website00000
         base image  node:20-alpine  sha256:aaaaaaaaaaaa → sha256:bbbbbbbbbbbb
         file        packages/ui/src/0.tsx  changed
         file        packages/ui/src/1.tsx  changed
         file        packages/ui/src/2.tsx  changed
         file        packages/ui/src/3.tsx  changed
                     and 2 more
  reuse  1 app  from ghcr.io/alecia, runs already; under another key, the image of cms is the same
         cms:key-cms000000000
  reuse  1 app  from ghcr.io/alecia
         colab:key-colab0000000 12.3 MB

  affects   @alecia/ui, @alecia/website
  migrates  0014_price.sql in packages/db/migrations
  restarts  colab; website, unless the build gives the image that runs already
  pulls     12.3 MB, and what the build of website will show

1 to build, 2 to reuse, planned in 0.04 s
"""
    )


def test_a_fresh_host_starts_everything() -> None:
    names = [f"s{number:02}" for number in range(14)]
    one = plan(
        app("cms", restarts=True),
        app("website", restarts=True),
        release=None,
        migrations=("a/1.sql", "b/2.sql"),
        services=tuple(names),
    )
    assert (
        shown(one, 80)
        == """\
4f2c1a9b0c1d  Show the price of a seat
for staging, where nothing runs yet

  build  cms      the registry has no image for this key  key cms000000000
  build  website  the registry has no image for this key  key website00000

  migrates  a/1.sql, b/2.sql
  starts    s00, s01, s02, s03, s04, s05, s06, s07, s08, s09, s10, s11 and 2
            more
  pulls     what the builds of cms, website will show

2 to build, 0 to reuse, planned in 0.04 s
"""
    )


def test_lines_fold_under_their_beginning_however_narrow_the_terminal() -> None:
    causes = tuple(Cause(kind="file", what=f"packages/ui/src/{name}.tsx", detail="changed") for name in ("a", "b" * 30))
    text = shown(plan(app("website", causes=causes), reused("cms", OLD, 0), pull_bytes=0, environment=None), 50)
    assert all(len(line) <= 50 for line in text.splitlines())
    assert (
        """\
         file        packages/ui/src/bbbbbbbbbbbbb
                     bbbbbbbbbbbbbbbbb.tsx
                     changed
"""
        in text
    )
    assert shown(plan(app("website", causes=causes)), 5)


def test_an_app_that_cannot_be_planned_says_what_mends_it() -> None:
    problem = Problem(what="x is not a valid Dockerfile", where="x:3", why="unknown instruction FETCH", fix=None)
    text = shown(plan(app("cms", key="", problem=problem), reused("website", OLD, 0)))
    assert (
        """\
  build  cms  x is not a valid Dockerfile
         where       x:3
         why         unknown instruction FETCH
"""
        in text
    )
    assert "  restarts  nothing\n  pulls     nothing\n" in text
    assert text.endswith("1 to build, 1 to reuse, planned in 0.04 s; 1 cannot be built as the commit is\n")


def test_a_small_pull_is_told_in_kilobytes() -> None:
    assert "  pulls     3.4 kB\n" in shown(plan(reused("cms", NEW, 3400), pull_bytes=3400))


@pytest.mark.parametrize(("terminal", "colours"), [(True, True), (False, False)])
def test_colours_are_for_terminals(*, terminal: bool, colours: bool) -> None:
    assert ("\x1b[" in shown(plan(app("cms")), terminal=terminal)) == colours
