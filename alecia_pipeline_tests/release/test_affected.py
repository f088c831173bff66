import pytest

from alecia_pipeline.release.affected import affected_packages
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
