import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alecia_pipeline.errors import UsageError
from alecia_pipeline.images.lock import LockIndex, LockSlice, changed_importers
from alecia_pipeline.source.lockfile import Lockfile, parse_lockfile
from alecia_pipeline_tests.monorepo import LOCKFILE

ODD = """
lockfileVersion: '9.0'
importers:
  .: {}
  apps/cms:
    dependencies:
      db: {specifier: ^1.0.0, version: 'link:../db'}
    dependenciesMeta:
      db: {injected: true}
    publishDirectory: dist
"""


def cut(text: str, *importers: str) -> LockSlice:
    return LockIndex(parse_lockfile(text.encode(), "pnpm-lock.yaml")).slice(importers)


def test_every_entry_of_the_slice_has_a_text() -> None:
    assert cut(LOCKFILE, "packages/db").facts() == {
        "lockfileVersion": '"9.0"',
        "settings autoInstallPeers": "true",
        "importers .": "",
        "importers .: turbo (devDependencies)": "2.0.0 (for ^2.0.0)",
        "importers packages/db": "",
        "importers packages/db: pg (dependencies)": "8.0.0 (for ^8.0.0)",
        "packages pg@8.0.0": '{"resolution":{"integrity":"sha512-pg"}}',
        "packages turbo@2.0.0": '{"resolution":{"integrity":"sha512-turbo"}}',
        "snapshots pg@8.0.0": "{}",
        "snapshots turbo@2.0.0": "{}",
    }


def test_odd_importer_keys_count_too() -> None:
    facts = cut(ODD, "apps/cms").facts()
    assert facts["importers apps/cms: publishDirectory"] == '"dist"'
    assert facts["importers apps/cms: db (dependenciesMeta)"] == '{"injected":true}'


def test_long_entries_are_hashed() -> None:
    facts = cut(LOCKFILE.replace("sha512-pg", "sha512-" + "g" * 86), "packages/db").facts()
    assert len(facts["packages pg@8.0.0"]) == 64


def test_the_hash_is_of_the_slice_alone() -> None:
    other = LOCKFILE.replace("sha512-react", "sha512-other")
    assert cut(LOCKFILE, "packages/db").sha256 == cut(other, "packages/db").sha256
    assert cut(LOCKFILE, "packages/ui").sha256 != cut(other, "packages/ui").sha256


def test_a_slice_is_made_once() -> None:
    index = LockIndex(parse_lockfile(LOCKFILE.encode(), "pnpm-lock.yaml"))
    assert index.slice(("packages/db",)) is index.slice(("packages/db",))


def changed(before: str, after: str) -> frozenset[str]:
    return changed_importers(*(parse_lockfile(text.encode(), "pnpm-lock.yaml") for text in (before, after)))


CATALOG = LOCKFILE.replace("specifier: ^8.0.0", "specifier: 'catalog:'")
EVERYONE = {".", "apps/cms", "apps/website", "packages/db", "packages/ui"}


@pytest.mark.parametrize(
    ("before", "after", "importers"),
    [
        (LOCKFILE, LOCKFILE, set()),
        (LOCKFILE, LOCKFILE.replace("sha512-react", "x"), {"packages/ui"}),
        (LOCKFILE, LOCKFILE.replace("react@19.0.0: {}", "react@19.0.0: {optional: true}"), {"packages/ui"}),
        (LOCKFILE, LOCKFILE.replace("autoInstallPeers: true", "autoInstallPeers: false"), EVERYONE),
        (LOCKFILE, LOCKFILE.replace("sha512-turbo", "x"), EVERYONE),
        (LOCKFILE, f"{LOCKFILE}\noverrides: {{a: '1'}}\n", EVERYONE),
        (CATALOG, f"{CATALOG}\ncatalogs: {{default: {{pg: {{specifier: ^8, version: 8.0.0}}}}}}\n", {"packages/db"}),
    ],
)
def test_importers_whose_slice_is_another(before: str, after: str, importers: set[str]) -> None:
    assert changed(before, after) == importers


def test_a_need_of_a_need_counts() -> None:
    deep = LOCKFILE.replace("pg@8.0.0: {}", "pg@8.0.0: {dependencies: {pump: 1.0.0}}")
    deep = deep.replace("snapshots:\n", "snapshots:\n\n  pump@1.0.0: {}\n").replace(
        "packages:\n\n  pg", "packages:\n\n  pump@1.0.0:\n    resolution: {integrity: sha512-pump}\n\n  pg"
    )
    assert changed(deep, deep.replace("sha512-pump", "x")) == {"packages/db"}


SAMPLE = (Path(__file__).parents[2] / "examples" / "alepanel" / "pnpm-lock.yaml").read_text()
FOLDERS = [("apps/cms", "packages/auth", "packages/db"), ("apps/website", "packages/ui"), ("apps/flows",), ()]


def parsed(text: str) -> Lockfile:
    return parse_lockfile(text.encode(), "pnpm-lock.yaml")


def slices(index: LockIndex) -> list[LockSlice]:
    return [index.slice(folders) for folders in FOLDERS]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_the_slices_after_any_change_are_those_of_the_lockfile_alone(data: st.DataObject) -> None:
    blocks = SAMPLE.split("\n\n")
    chosen = data.draw(st.lists(st.integers(4, len(blocks) - 2), min_size=1, max_size=4))
    words = data.draw(st.sampled_from([("sha512-", "sha512-0"), (": ", ": 0"), ("node: '>=", "node: '>"), ("@", "@0")]))
    changed = "\n\n".join(block.replace(*words) if n in chosen else block for n, block in enumerate(blocks))
    index = LockIndex(parsed(SAMPLE))
    slices(index)
    try:
        now = parsed(changed)
    except UsageError:
        return
    try:
        alone = slices(LockIndex(parsed(changed)))
    except UsageError as error:  # a block names what is not there any more
        with pytest.raises(UsageError, match=re.escape(error.what)):
            slices(index.after(now))
        return
    assert slices(index.after(now)) == alone


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_lockfile_that_is_mended_has_its_own_slices(data: st.DataObject) -> None:
    blocks = SAMPLE.split("\n\n")
    lost = data.draw(st.lists(st.integers(4, len(blocks) - 2), min_size=1, max_size=4))
    damaged = "\n\n".join(block for n, block in enumerate(blocks) if n not in lost)
    try:
        index = LockIndex(parsed(damaged))
        slices(index)
    except UsageError:  # what is named is not there
        return
    now = parsed(SAMPLE)
    assert slices(index.after(now)) == slices(LockIndex(parsed(SAMPLE)))


def test_a_package_that_was_lost_and_is_back_moves_its_slices() -> None:
    now = LOCKFILE.replace("pg@8.0.0: {}", "pg@8.0.0(a@1.0.0): {}").replace("version: 8.0.0", "version: 8.0.0(a@1.0.0)")
    before = now.replace("  pg@8.0.0:\n    resolution: {integrity: sha512-pg}\n\n", "")
    assert before != now
    first, second = after(before, now, "packages/db")
    assert second != first
    assert second == LockIndex(parsed(now)).slice(("packages/db",))


def after(before: str, now: str, *folders: str) -> tuple[LockSlice, LockSlice]:
    index = LockIndex(parsed(before))
    first = index.slice(folders)
    return first, index.after(parsed(now)).slice(folders)


def test_a_slice_in_which_nothing_moved_is_kept() -> None:
    first, second = after(LOCKFILE, LOCKFILE.replace("sha512-react", "sha512-other"), "packages/db")
    assert second is first
    first, second = after(LOCKFILE, LOCKFILE.replace("sha512-react", "sha512-other"), "packages/ui")
    assert second.sha256 != first.sha256


@pytest.mark.parametrize(
    "now",
    [
        LOCKFILE.replace("autoInstallPeers: true", "autoInstallPeers: false"),
        LOCKFILE.replace("snapshots:\n", "snapshots:\n\n  pg@npm@8.0.0: {}\n"),
        LOCKFILE.replace("snapshots:\n", "snapshots:\n\n  /pg@8.0.0: {}\n"),
        LOCKFILE.replace(
            "packages:\n\n  pg", "packages:\n\n  pg@8.0.0(a@1.0.0):\n    resolution: {integrity: x}\n\n  pg"
        ),
        LOCKFILE.replace("'9.0'", "'6.0'"),
        LOCKFILE.replace("sha512-turbo", "sha512-other"),
        LOCKFILE.replace("specifier: ^8.0.0", "specifier: ^8.0.1"),
        f"{LOCKFILE}\noverrides: {{pg: '8'}}\n",
    ],
)
def test_what_could_mean_another_slice_has_it_cut_anew(now: str) -> None:
    first, second = after(LOCKFILE, now, "packages/db")
    assert second is not first
    assert second == LockIndex(parsed(now)).slice(("packages/db",))
