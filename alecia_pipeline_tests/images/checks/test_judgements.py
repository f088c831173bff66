"""Secrets of the config, user, size, dependencies: values in, verdicts out."""

from typing import Any

import pytest

from alecia_pipeline.images.checks.check import NAMES, Check, accepted, not_judged
from alecia_pipeline.images.checks.dependencies import judge_dependencies
from alecia_pipeline.images.checks.layers import Contents, Sighting
from alecia_pipeline.images.checks.needles import KnownSecrets, Needles, needles
from alecia_pipeline.images.checks.secrets import SHOWN, Described, judge_secrets
from alecia_pipeline.images.checks.size import Earlier, judge_size
from alecia_pipeline.images.checks.user import judge_user
from alecia_pipeline.redaction import Secret

VALUE = "5f2a9c7d1e3b8a604c1d"
KNOWN = needles(KnownSecrets(build={"the build secret t": Secret("9f8e7d6c5b4a")}))


def described(base: dict[str, Any] | None = None, history: tuple[str, ...] = (), **settings: object) -> Described:
    return Described({"config": settings, "history": [{"created_by": each} for each in history]}, base or {})


def places(image: Described, contents: Contents | None = None) -> list[str]:
    found = judge_secrets(contents or Contents(), image, KNOWN)
    return [] if found.ok else found.found.splitlines()


def test_verdicts_and_what_they_do() -> None:
    failed = Check(what="user", ok=False, found="runs as root")
    warning = Check(what="size", ok=False, severity="warning", found="larger")
    passed = Check(what="boots", ok=True, found="answered")
    nothing = not_judged("boots", "no engine")
    assert [each.verdict for each in (failed, warning, passed, nothing)] == [
        *("failed", "warning", "passed", "not judged")
    ]
    assert accepted([warning, passed, nothing])
    assert not accepted([passed, failed])
    assert len(set(NAMES)) == 5


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        ({"Env": ["PORT=1", f"API_KEY={VALUE}"]}, "ENV API_KEY: its value stands there in clear"),
        ({"Env": ["X=9f8e7d6c5b4a"]}, "ENV X: the value of the build secret t"),
        ({"Env": ["X=AKIAZ2Y3X4W5V6U7T8S9"]}, "ENV X: its value stands there in clear"),
        ({"Labels": {"token": VALUE}}, "LABEL token: its value stands there in clear"),
        ({"Cmd": ["run", "--key=9f8e7d6c5b4a"]}, "CMD: the value of the build secret t"),
        ({"Entrypoint": ["x", "AKIAZ2Y3X4W5V6U7T8S9"]}, "ENTRYPOINT: it holds a token"),
    ],
)
def test_secrets_of_the_config(settings: dict[str, Any], place: str) -> None:
    assert place in places(described(**settings))
    assert not any(value in "".join(places(described(**settings))) for value in (VALUE, "9f8e7d6c5b4a", "AKIA"))


@pytest.mark.parametrize(
    ("step", "place"),
    [
        (f"ENV API_KEY={VALUE}", "history, ENV: API_KEY stands there in clear"),
        (f"RUN |1 NPM_TOKEN={VALUE} /bin/sh -c i", "history, RUN: NPM_TOKEN stands there in clear"),
        ("RUN /bin/sh -c login 9f8e7d6c5b4a", "history, RUN: the value of the build secret t"),
    ],
)
def test_secrets_of_the_history(step: str, place: str) -> None:
    assert places(described(history=("FROM x", step))) == [place]


def test_what_the_base_has_is_not_the_images() -> None:
    step = f"ENV API_KEY={VALUE}"
    base = {
        "config": {"Env": [f"API_KEY={VALUE}"], "Labels": {"token": VALUE}},
        "history": [{"created_by": step, "created": "long ago"}],
    }
    own = {"Env": [f"API_KEY={VALUE}"], "Labels": {"token": VALUE}}
    assert places(described(base, (step, "COPY a b"), **own)) == []
    assert len(places(described(base, ("COPY a b", step), **own))) == 1
    assert len(places(described(base, (step,), Labels={"token": VALUE + "0"}))) == 1


def test_next_js_keys_of_the_app_are_exceptions_by_name() -> None:
    name = "NEXT_SERVER_ACTIONS_ENCRYPTION_KEY"
    assert places(described(history=(f"ENV {name}={VALUE}",), Env=[f"{name}={VALUE}"])) == []
    assert len(places(described(Env=[f"{name}=9f8e7d6c5b4a"]))) == 1


def test_secrets_of_files_are_told_with_their_layer() -> None:
    files = Contents(
        files={"b": None}, sightings=[Sighting(3, "a/.env", "KEY stands here in clear", 2), Sighting(4, "b", "x")]
    )
    image = described()
    assert places(image, files) == [
        "a/.env:2 (layer 3): KEY stands here in clear; a later layer deletes the file, and this one still has it",
        "b (layer 4): x",
    ]


def test_many_places_are_counted() -> None:
    files = Contents(sightings=[Sighting(1, f"{number}.js", "x") for number in range(SHOWN + 3)])
    found = places(described(), files)
    assert (len(found), found[-1]) == (SHOWN + 1, "and 3 more")


def test_a_clean_image_names_the_exceptions() -> None:
    contents = Contents(files={"a": None}, next_keys={"a/.next/prerender-manifest.json"})
    found = judge_secrets(contents, described(), Needles())
    assert found.ok
    assert found.found.startswith("none in 1 paths and the history; Next.js' own keys")
    assert judge_secrets(Contents(), described(), Needles()).found == "none in 0 paths and the history"


@pytest.mark.parametrize("declared", [None, "", "root", "0", "0:0", "root:node", "00", "boss"])
def test_an_image_that_runs_as_root(declared: str | None) -> None:
    contents = Contents(texts={"etc/passwd": b"node:x:1000:1000::/:/bin/sh\nbroken\nboss:x:0:0:::\n"})
    found = judge_user(declared, contents, root_allowed=False)
    assert found.refuses
    assert "root" in found.found
    assert judge_user(declared, contents, root_allowed=True).ok


@pytest.mark.parametrize("declared", ["node", "1000", "1000:0", "10", "nobody:root"])
def test_an_image_that_does_not(declared: str) -> None:
    contents = Contents(texts={"etc/passwd": b"node:x:1000:1000::/:/bin/sh\n"})
    assert judge_user(declared, contents, root_allowed=False).found == f"runs as {declared.partition(':')[0]}"


MB = 1_000_000


@pytest.mark.parametrize(
    ("now", "before", "verdict"),
    [
        (130 * MB, 100 * MB, "warning"),
        (119 * MB, 100 * MB, "passed"),
        (90 * MB, 100 * MB, "passed"),
        (4 * MB, 1 * MB, "passed"),
        (6 * MB + 1, 0, "warning"),
    ],
)
def test_growth(now: int, before: int, verdict: str) -> None:
    found = judge_size("sha256:a", now, Earlier("sha256:b", before, "commit 1"))
    assert found.verdict == verdict
    assert "commit 1" in found.found
    assert not found.refuses


def test_size_without_growth() -> None:
    assert judge_size("sha256:a", MB, None).verdict == "not judged"
    same = judge_size("sha256:a", MB, Earlier("sha256:a", MB, "commit 1"))
    assert (same.ok, same.found) == (True, "1.0 MB; the same image as commit 1")


def files(*paths: str, **links: str) -> Contents:
    texts = {
        path: b'{"name": "@x/cms"}' for path in paths if path.endswith("package.json") and "node_modules" not in path
    }
    return Contents(files={**dict.fromkeys(paths), **links}, texts={**texts, "etc/passwd": b"", "t/package.json": b"{"})


def test_packages_through_pnpms_virtual_store() -> None:
    store = "repo/node_modules/.pnpm/pg@8/node_modules/pg"
    image = files("repo/apps/cms/package.json", f"{store}/package.json", "repo/packages/db/package.json")
    image.files["repo/apps/cms/node_modules/pg"] = "../../../node_modules/.pnpm/pg@8/node_modules/pg"
    image.files["repo/apps/cms/node_modules/@x/db"] = "/repo/packages/db"
    found = judge_dependencies("@x/cms", ["pg", "@x/db"], image)
    assert (found.ok, found.found) == (True, "2 of 2 resolve from /repo/apps/cms")
    del image.files[f"{store}/package.json"]
    missing = judge_dependencies("@x/cms", ["pg", "@x/db"], image)
    assert (missing.verdict, missing.found) == (
        "warning",
        "pg cannot be resolved from /repo/apps/cms, of 2 dependencies",
    )


def test_packages_beside_the_app_and_above_it() -> None:
    image = files("app/package.json", "app/node_modules/a/package.json", "node_modules/b/package.json")
    assert judge_dependencies("@x/cms", ["a", "b"], image).ok
    assert "c cannot be" in judge_dependencies("@x/cms", ["a", "b", "c"], image).found


def test_a_link_in_a_circle_leads_nowhere() -> None:
    image = files("app/package.json")
    image.files |= {"app/node_modules/a": "b", "app/node_modules/b": "a"}
    assert judge_dependencies("@x/cms", ["a"], image).verdict == "warning"


def test_a_standalone_server_of_next_js_is_asked_for_next_alone() -> None:
    image = files("app/apps/web/package.json", "app/apps/web/.next/required-server-files.json")
    image.files["app/node_modules/next/package.json"] = None
    found = judge_dependencies("@x/cms", ["next", "zod"], image)
    assert found.ok
    assert found.found.endswith("Next.js traced the rest, of 2 in all")
    del image.files["app/node_modules/next/package.json"]
    image.files["app/node_modules/react"] = None
    assert judge_dependencies("@x/cms", ["next", "zod"], image).found.startswith("next cannot be")


@pytest.mark.parametrize(
    "image",
    [
        files("app/server.cjs", "app/package.json"),
        files("app/node_modules/a/package.json"),
        Contents(files={"node_modules": None}, texts={"gone/package.json": b'{"name": "@x/cms"}'}),
        Contents(files={"node_modules": None, "package.json": None}, texts={"package.json": b"[]"}),
        Contents(files={"node_modules": None, "package.json": None}, texts={"package.json": b"{{name}}"}),
    ],
)
def test_where_nothing_can_be_said_of_dependencies(image: Contents) -> None:
    found = judge_dependencies("@x/cms", ["a"], image)
    assert (found.verdict, found.severity) == ("not judged", "info")
