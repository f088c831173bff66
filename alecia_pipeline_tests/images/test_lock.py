import pytest

from alecia_pipeline.images.lock import LockIndex, LockSlice, changed_importers
from alecia_pipeline.source.lockfile import parse_lockfile
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
    assert cut(LOCKFILE, "packages/db").facts == {
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
    facts = cut(ODD, "apps/cms").facts
    assert facts["importers apps/cms: publishDirectory"] == '"dist"'
    assert facts["importers apps/cms: db (dependenciesMeta)"] == '{"injected":true}'


def test_long_entries_are_hashed() -> None:
    facts = cut(LOCKFILE.replace("sha512-pg", "sha512-" + "g" * 86), "packages/db").facts
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
