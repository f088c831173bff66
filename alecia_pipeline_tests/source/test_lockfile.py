import pytest

from alecia_pipeline.errors import UsageError
from alecia_pipeline.source.lockfile import LockedDependency, parse_lockfile

V9 = b"""\
lockfileVersion: '9.0'
settings: {autoInstallPeers: true}
overrides: {ms: 2.1.3}
catalogs: {default: {zod: {specifier: ^3, version: 3.1.0}}}
packageExtensionsChecksum: 123
patchedDependencies: {a@1.0.0: {hash: abc, path: patches/a.patch}}
importers:
  .: {}
  apps/web:
    dependencies: {a: {specifier: ^1, version: 1.0.0(b@2.0.0)}}
    devDependencies: {b: {specifier: ^2, version: 2.0.0}}
    optionalDependencies: {a: {specifier: ^9, version: 9.0.0}, c: {specifier: 'link:../c', version: 'link:../c'}}
packages:
  a@1.0.0: {resolution: {integrity: sha512-x}}
snapshots:
  a@1.0.0(b@2.0.0): {dependencies: {b: 2.0.0}}
  b@2.0.0:
"""

V6 = b"""\
lockfileVersion: '6.0'
dependencies:
  a: {specifier: ^1, version: 1.0.0}
packages:
  /a@1.0.0: {resolution: {integrity: sha512-x}, dev: false}
"""

V5 = b"""\
lockfileVersion: 5.4
importers:
  apps/web:
    specifiers: {a: ^1}
    dependencies: {a: 1.0.0_b@2.0.0}
packages:
  /a/1.0.0_b@2.0.0: {resolution: {integrity: sha512-x}}
"""


def test_version_9() -> None:
    lockfile = parse_lockfile(V9, "pnpm-lock.yaml")
    assert (lockfile.version, lockfile.major) == ("9.0", 9)
    assert lockfile.settings == {"autoInstallPeers": True}
    assert lockfile.overrides == {"ms": "2.1.3"}
    assert lockfile.catalogs["default"]["zod"]["version"] == "3.1.0"
    assert lockfile.package_extensions_checksum == "123"
    assert lockfile.patched_dependencies["a@1.0.0"]["hash"] == "abc"
    web = lockfile.importers["apps/web"]
    assert web.dependencies == {"a": LockedDependency("^1", "1.0.0(b@2.0.0)")}
    assert web.all()["a"].version == "1.0.0(b@2.0.0)"
    assert set(web.all()) == {"a", "b", "c"}
    assert lockfile.importers["."].all() == {}
    assert lockfile.snapshots["b@2.0.0"] == {}


def test_the_same_bytes_are_parsed_once() -> None:
    assert parse_lockfile(V9, "pnpm-lock.yaml") is parse_lockfile(bytes(bytearray(V9)), "pnpm-lock.yaml")


def test_version_6_of_one_package() -> None:
    lockfile = parse_lockfile(V6, "pnpm-lock.yaml")
    assert lockfile.importers["."].dependencies == {"a": LockedDependency("^1", "1.0.0")}
    assert lockfile.snapshots is lockfile.packages
    assert lockfile.package_extensions_checksum is None


def test_version_5_keeps_specifiers_apart() -> None:
    lockfile = parse_lockfile(V5, "pnpm-lock.yaml")
    assert lockfile.importers["apps/web"].dependencies == {"a": LockedDependency("^1", "1.0.0_b@2.0.0")}


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "unknown lockfile version"),
        (b"lockfileVersion: '4.0'", "unknown lockfile version"),
        (b"lockfileVersion: x", "unknown lockfile version"),
        (b"- a", "must be a mapping"),
        (
            b"lockfileVersion: '9.0'\nimporters: {a: {dependencies: {b: {specifier: x}}}}",
            "lacks a specifier or a version",
        ),
        (b"lockfileVersion: 5.4\nimporters: {a: {dependencies: {b: '1'}}}", r"b\.specifier must be a string"),
        (
            b"lockfileVersion: '9.0'\nimporters: {a: {dependencies: [b]}}",
            r"importers\.a\.dependencies must be a mapping",
        ),
        (b"lockfileVersion: '9.0'\npackages: {a: 1}", r"packages\.a must be a mapping"),
        (b"<<<<<<< HEAD\n", "is not valid YAML|must be a mapping"),
    ],
)
def test_a_bad_lockfile_is_one_clear_error(data: bytes, what: str) -> None:
    with pytest.raises(UsageError, match=what) as caught:
        parse_lockfile(data, "pnpm-lock.yaml")
    assert (caught.value.where or "").startswith("pnpm-lock.yaml")
    assert caught.value.fix
