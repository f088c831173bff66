import json
from collections.abc import Mapping

import pytest

from alecia_pipeline.images.cuts import cut_files
from alecia_pipeline.source.lockfile import parse_lockfile
from alecia_pipeline.source.slice import lock_slice, target

LOCK = """\
lockfileVersion: '9.0'

overrides:
  react: 19.0.0
  left@<2>pad: 1.0.0
  gone: '-'
  absent: 2.0.0

catalogs:
  default:
    react:
      specifier: ^19.0.0
      version: 19.0.0
    pg:
      specifier: ^8.0.0
      version: 8.0.0

importers:

  .: {}

  apps/a:
    dependencies:
      react:
        specifier: 'catalog:'
        version: 19.0.0

  apps/b:
    dependencies:
      pg:
        specifier: 'catalog:'
        version: 8.0.0
      pad:
        specifier: ^1.0.0
        version: 1.0.0

packages:

  pad@1.0.0:
    resolution: {integrity: sha512-pad}

  pg@8.0.0:
    resolution: {integrity: sha512-pg}

  react@19.0.0:
    resolution: {integrity: sha512-react}

snapshots:

  pad@1.0.0: {}

  pg@8.0.0: {}

  react@19.0.0: {}
"""

WORKSPACE = """\
packages: ["apps/*"]   # all of them

# one version for everybody
catalog:
  # the database
  pg: ^8.0.0

  react: ^19.0.0

overrides:
  react: 19.0.0
  left@<2>pad:
    1.0.0
  gone: '-'
  absent: 2.0.0
onlyBuiltDependencies: []
"""


def cut(files: Mapping[str, str], folder: str = "apps/a") -> dict[str, str]:
    whole = parse_lockfile(LOCK.encode(), "pnpm-lock.yaml")
    data = {path: text.encode() for path, text in files.items()}
    return {
        path: text.decode() for path, text in cut_files(data.__getitem__, whole, lock_slice(whole, [folder])).items()
    }


def test_entries_of_other_apps_go_and_every_other_byte_stays() -> None:
    assert cut({"pnpm-workspace.yaml": WORKSPACE}) == {
        "pnpm-workspace.yaml": """\
packages: ["apps/*"]   # all of them

# one version for everybody
catalog:
  # the database

  react: ^19.0.0

overrides:
  react: 19.0.0
  gone: '-'
onlyBuiltDependencies: []
"""
    }


def test_what_is_empty_goes_with_its_last_entry() -> None:
    text = "packages: []\ncatalogs:\n  old:\n    pg: ^7.0.0\n    jest: ^29.0.0\n"
    assert cut({"pnpm-workspace.yaml": text}) == {"pnpm-workspace.yaml": "packages: []\n"}


@pytest.mark.parametrize(
    "text",
    [
        "packages: []\ncatalog: {pg: ^8.0.0, react: ^19.0.0}\n",
        "packages: []\ncatalog:\n  react: ^19.0.0\n",
        "packages: []\noverrides:\n  a>pg: 'catalog:'\ncatalog:\n  pg: ^8.0.0\n",
        "[]",
        "{",
    ],
)
def test_what_is_laid_out_otherwise_or_needed_stays_whole(text: str) -> None:
    assert cut({"pnpm-workspace.yaml": text}) == {}


@pytest.mark.parametrize("indent", [2, 4, "\t"])
def test_overrides_in_a_manifest(indent: int | str) -> None:
    overrides = {"react": "19.0.0", "left@<2>pad": "1.0.0", "absent": "2.0.0"}
    before = {"name": "é", "pnpm": {"overrides": overrides}, "resolutions": {"absent": "2.0.0"}}
    after = {"name": "é", "pnpm": {"overrides": {"react": "19.0.0"}}, "resolutions": {}}
    written = [json.dumps(each, indent=indent, ensure_ascii=False) + "\n" for each in (before, after)]
    assert cut({"package.json": written[0]}) == {"package.json": written[1]}


@pytest.mark.parametrize("text", ['{"resolutions": {"absent":"2.0.0"}}', "[]\n", "{"])
def test_a_manifest_that_is_laid_out_otherwise_stays_whole(text: str) -> None:
    assert cut({"package.json": text}) == {}


@pytest.mark.parametrize(
    ("selector", "name"),
    [
        ("react", "react"),
        ("react@^18", "react"),
        ("@a/b@>=1 <2", "@a/b"),
        ("foo@1>bar", "bar"),
        ("foo@1 || >2>@x/bar@>=3", "@x/bar"),
        ("@a/b>c@1", "c"),
    ],
)
def test_the_target_of_an_override(selector: str, name: str) -> None:
    assert target(selector) == name


def test_the_lockfile_is_cut_by_the_same_names() -> None:
    part = lock_slice(parse_lockfile(LOCK.encode(), "pnpm-lock.yaml"), ["apps/b"])
    assert set(part.overrides) == {"left@<2>pad", "gone"}
    assert {name: set(entries) for name, entries in part.catalogs.items()} == {"default": {"pg"}}


def test_a_file_in_which_a_used_entry_needs_an_anchor_stays_whole() -> None:
    text = "packages: []\ncatalog:\n  pg: &version ^8.0.0\n  react: *version\n"
    assert cut({"pnpm-workspace.yaml": text}) == {}


@pytest.mark.parametrize(
    "catalogs",
    ["catalog: &all\n  pg: ^8.0.0\ncatalogs:\n  next: *all\n", "catalogs:\n  one: &one\n    pg: ^8\n  two: *one\n"],
)
def test_unused_entries_under_two_names_go_under_both(catalogs: str) -> None:
    assert cut({"pnpm-workspace.yaml": f"packages: []\n{catalogs}"}) == {"pnpm-workspace.yaml": "packages: []\n"}
