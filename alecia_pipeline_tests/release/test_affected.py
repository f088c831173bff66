import pytest

from alecia_pipeline.release.affected import affected_packages
from alecia_pipeline.source.tree import ABSENT, REGULAR
from alecia_pipeline_tests.monorepo import LOCKFILE, manifest
from alecia_pipeline_tests.snapshots import Changes, snapshot

ALL = ("@mini/cms", "@mini/db", "@mini/ui", "@mini/website")


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({}, ()),
        ({"README.md": "other"}, ()),
        ({"packages/ui/src/index.tsx": "1"}, ("@mini/ui", "@mini/website")),
        ({"packages/db/src/index.ts": None}, ("@mini/cms", "@mini/db", "@mini/website")),
        ({"turbo.json": "{}"}, ALL),
        ({"pnpm-lock.yaml": LOCKFILE.replace("sha512-react", "sha512-x")}, ("@mini/ui", "@mini/website")),
        ({"pnpm-lock.yaml": LOCKFILE.replace("sha512-turbo", "sha512-x")}, ALL),
        ({"pnpm-lock.yaml": None}, ALL),
        ({"packages/new/package.json": manifest("@mini/new")}, ("@mini/new",)),
    ],
)
def test_a_change_reaches_what_depends_on_it(changes: Changes, names: tuple[str, ...]) -> None:
    assert affected_packages(snapshot(), snapshot(changes)) == names


@pytest.mark.parametrize(
    ("absent", "names"),
    [("packages/ui/src/index.tsx", ("@mini/ui", "@mini/website")), ("packages/ui/film.mp4", ())],
)
def test_a_package_whose_sources_this_clone_lacks_counts_as_reached(absent: str, names: tuple[str, ...]) -> None:
    film: Changes = {"packages/ui/film.mp4": "…"}
    partial = snapshot({**film, "README.md": "other"}, modes={absent: REGULAR + ABSENT})
    assert affected_packages(snapshot(film, modes={absent: REGULAR + ABSENT}), partial) == names
