import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from alecia_pipeline.images.reference import Repository
from alecia_pipeline.images.sbom import Contents, sbom
from alecia_pipeline.source.lockfile import parse_lockfile
from alecia_pipeline.source.slice import lock_slice, package_of
from alecia_pipeline.source.workspace import read_workspace
from alecia_pipeline_tests.monorepo import LOCKFILE, mini
from alecia_pipeline_tests.trees import DictTree

CMS = Repository("registry.example", "mini/cms")
DIGEST = "sha256:" + "d" * 64
SHA512 = base64.b64encode(bytes(range(64))).decode()
SHA1 = base64.b64encode(b"1" * 20).decode()
FOLDERS = ("apps/cms", "packages/db")

V9 = f"""
lockfileVersion: '9.0'
importers:
  .: {{}}
  apps/cms:
    dependencies:
      '@mini/db': {{specifier: 'workspace:*', version: 'link:../../packages/db'}}
      outside: {{specifier: 'link:../../../x', version: 'link:../../../x'}}
  packages/db:
    dependencies:
      '@scope/pg': {{specifier: ^8.0.0, version: 8.0.0(types@1.0.0)}}
      other: {{specifier: ^8.0.0, version: '@scope/pg@8.0.0'}}
      forked: {{specifier: a/forked, version: https://host.example/forked/tar.gz/abc}}
      cloned: {{specifier: 'git+ssh://host.example/c', version: 'git+ssh://host.example/c#abc'}}
packages:
  '@scope/pg@8.0.0': {{resolution: {{integrity: sha512-{SHA512} sha1-{SHA1} md5-{SHA1} sha512-short}}}}
  types@1.0.0: {{resolution: {{integrity: sha512-{SHA1}}}}}
  forked@https://host.example/forked/tar.gz/abc:
    resolution: {{tarball: https://host.example/forked/tar.gz/abc}}
    version: 1.2.3
  cloned@git+ssh://host.example/c#abc:
    resolution: {{type: git, repo: 'ssh://host.example/c', commit: abc}}
    version: 2.0.0
snapshots:
  '@scope/pg@8.0.0(types@1.0.0)': {{dependencies: {{types: 1.0.0}}}}
  '@scope/pg@8.0.0': {{}}
  types@1.0.0: {{}}
  forked@https://host.example/forked/tar.gz/abc: {{}}
  cloned@git+ssh://host.example/c#abc: {{}}
"""

V6 = f"""
lockfileVersion: '6.0'
importers:
  .: {{}}
  apps/cms:
    dependencies:
      '@mini/db': {{specifier: 'workspace:*', version: 'link:../../packages/db'}}
  packages/db:
    dependencies:
      '@scope/pg': {{specifier: ^8.0.0, version: 8.0.0(types@1.0.0)}}
      other: {{specifier: ^8.0.0, version: /@scope/pg@8.0.0(types@2.0.0)}}
packages:
  /@scope/pg@8.0.0(types@1.0.0): {{resolution: {{integrity: sha512-{SHA512}}}, dependencies: {{types: 1.0.0}}}}
  /@scope/pg@8.0.0(types@2.0.0): {{resolution: {{integrity: sha512-{SHA512}}}, dependencies: {{types: 2.0.0}}}}
  /types@1.0.0: {{resolution: {{}}}}
  /types@2.0.0: {{resolution: {{}}}}
"""


def document(text: str | None, made: datetime | None = None) -> dict[str, Any]:
    tree = DictTree(mini())
    part = lock_slice(parse_lockfile(text.encode(), "pnpm-lock.yaml"), FOLDERS) if text else None
    contents = Contents("apps/cms", read_workspace(tree), FOLDERS, part)
    found: dict[str, Any] = json.loads(sbom(CMS, DIGEST, "a" * 64, contents, made))
    return found


def by_ref(found: Mapping[str, Any]) -> dict[str, Any]:
    return {component["bom-ref"]: component for component in found["components"]}


def graph(found: Mapping[str, Any]) -> dict[str, list[str]]:
    return {each["ref"]: each["dependsOn"] for each in found["dependencies"] if "dependsOn" in each}


def test_it_is_about_the_image() -> None:
    found = document(LOCKFILE)
    assert (found["bomFormat"], found["specVersion"]) == ("CycloneDX", "1.6")
    image = found["metadata"]["component"]
    assert (image["type"], image["name"], image["version"]) == ("container", "registry.example/mini/cms", DIGEST)
    assert image["hashes"] == [{"alg": "SHA-256", "content": "d" * 64}]


def test_packages_and_workspace_packages_are_components() -> None:
    components = by_ref(document(V9))
    assert components["workspace:apps/cms"]["type"] == "application"
    assert components["workspace:packages/db"]["name"] == "@mini/db"
    pg = components["@scope/pg@8.0.0"]
    assert (pg["group"], pg["name"], pg["version"]) == ("@scope", "pg", "8.0.0")
    assert pg["purl"] == "pkg:npm/%40scope/pg@8.0.0"


def test_a_hash_is_hexadecimal_and_of_the_right_length() -> None:
    components = by_ref(document(V9))
    assert components["@scope/pg@8.0.0"]["hashes"] == [
        {"alg": "SHA-1", "content": (b"1" * 20).hex()},
        {"alg": "SHA-512", "content": bytes(range(64)).hex()},
    ]
    assert "hashes" not in components["types@1.0.0"]


def test_what_is_fetched_from_elsewhere_says_so() -> None:
    components = by_ref(document(V9))
    forked = components["forked@https://host.example/forked/tar.gz/abc"]
    assert (forked["name"], forked["version"]) == ("forked", "1.2.3")
    assert forked["purl"].startswith("pkg:npm/forked@1.2.3?download_url=https://host.example/forked")
    assert "vcs_url=git%2Bssh://host.example/c%40abc" in components["cloned@git+ssh://host.example/c#abc"]["purl"]


def test_the_graph_follows_links_and_snapshots() -> None:
    edges = graph(document(V9))
    assert edges["image"] == ["workspace:.", "workspace:apps/cms", "workspace:packages/db"]
    assert edges["workspace:apps/cms"] == ["workspace:packages/db"]
    assert edges["@scope/pg@8.0.0"] == ["types@1.0.0"]
    assert "@scope/pg@8.0.0" in edges["workspace:packages/db"]


def test_the_older_format_has_a_component_for_each_set_of_peers() -> None:
    found = document(V6)
    variants = ["/@scope/pg@8.0.0(types@1.0.0)", "/@scope/pg@8.0.0(types@2.0.0)"]
    assert {by_ref(found)[ref]["purl"] for ref in variants} == {"pkg:npm/%40scope/pg@8.0.0"}
    assert [graph(found)[ref] for ref in variants] == [["/types@1.0.0"], ["/types@2.0.0"]]


@pytest.mark.parametrize("text", [LOCKFILE, V9, V6, None])
def test_every_reference_is_a_component(text: str | None) -> None:
    found = document(text)
    known = {"image", *by_ref(found)}
    assert {ref for needs in graph(found).values() for ref in needs} | {*graph(found)} <= known


def test_it_is_the_same_every_time_and_has_a_date_only_if_given() -> None:
    assert document(V9) == document(V9)
    assert "timestamp" not in document(V9)["metadata"]
    dated = document(V9, datetime(2026, 1, 1, tzinfo=UTC))
    assert dated["metadata"]["timestamp"].startswith("2026-01-01T00:00:00")
    assert dated["serialNumber"] == document(V6)["serialNumber"]


def test_without_a_lockfile_there_are_the_workspace_packages() -> None:
    assert set(by_ref(document(None))) == {"workspace:.", "workspace:apps/cms", "workspace:packages/db"}


@pytest.mark.parametrize(
    ("version", "key", "block", "expected"),
    [
        ("5.4", "/@scope/a_b/1.0.0_@babel+core@7.0.0", "", ("@scope/a_b", "1.0.0")),
        ("5.4", "/pg/8.0.0", "", ("pg", "8.0.0")),
        ("6.0", "/pg@8.0.0(a@1.0.0)(b@2.0.0)", "", ("pg", "8.0.0")),
        ("9.0", "@scope/pg@8.0.0", "", ("@scope/pg", "8.0.0")),
        ("6.0", "host.example/owner/repo/abc", "name: pg, version: 1.0.0", ("pg", "1.0.0")),
    ],
)
def test_a_key_has_a_name_and_a_version(version: str, key: str, block: str, expected: tuple[str, str]) -> None:
    text = f"lockfileVersion: '{version}'\npackages:\n  '{key}': {{{block}}}\n"
    assert package_of(parse_lockfile(text.encode(), "pnpm-lock.yaml"), key) == expected
